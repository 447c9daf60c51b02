// Keys of the whole page. Whoever types into a field means the field.

const FIELDS = "input, textarea, select, [contenteditable]";

export default {
  template: "<span hidden></span>",
  mounted() {
    this.pressed = (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(FIELDS)) return;
      const search = event.key === "/" && document.querySelector("input[type=search]");
      if (search) {
        event.preventDefault(); // or the field would begin with a slash
        search.focus();
      }
      if (event.key === "d") this.$emit("colours");
      if (event.key === "?") this.$emit("help");
    };
    document.addEventListener("keydown", this.pressed);
  },
  beforeUnmount() {
    document.removeEventListener("keydown", this.pressed);
  },
};
