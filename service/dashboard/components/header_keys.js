// Keys of the whole page. Whoever types into a field means the field.

const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const WAYS = { j: 1, k: -1 };

/** To the page beside this one, else to the link of what is listed next: of a row, a card, a column. */
function go(way, from) {
  const beside = document.querySelector(way > 0 ? "a[rel=next]" : "a[rel=prev]");
  if (beside) return beside.click();
  const listed = [...document.querySelectorAll("[data-listed]")];
  const now = listed.indexOf(from.closest("[data-listed]"));
  const next = listed[now < 0 && way < 0 ? listed.length - 1 : now + way];
  next?.querySelector("a").focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/**
 * `/` goes to the page's search, `j` and `k` through what it lists; `d` and `?` are told to `colours` and `help`.
 * Listed is what bears `data-listed`, by its first link; where links are `rel` `next` and `prev`, those are followed instead.
 * Returns what ends it.
 */
export function listen({ colours, help }) {
  const pressed = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(FIELDS)) return;
    const search = event.key === "/" && document.querySelector("input[type=search]");
    if (search) {
      event.preventDefault(); // or the field would begin with a slash
      search.focus();
    }
    if (event.key === "d") colours();
    if (document.querySelector("[role=dialog]")) return; // it has the keys now
    if (event.key === "?") help();
    if (event.key in WAYS) go(WAYS[event.key], event.target);
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}
