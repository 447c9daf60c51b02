// What happened, as lines of text. Whoever has scrolled up keeps what they read; at the end one stays at the end.
import Downloads from "downloads";

export default {
  components: { Downloads },
  props: { rows: Array, label: String, most: Number, endings: Array },
  emits: ["save"],
  template: `
    <div class="rs-card">
      <downloads :label="label" :endings="endings" @save="$emit('save', $event)"><h2>{{ label }}</h2></downloads>
      <div ref="box" class="rs-log" role="log" :aria-label="label" tabindex="0">
        <div v-for="row in shown" :key="row[0]">{{ row[1] }}</div>
        <p v-if="!shown.length" class="rs-log-empty">Nothing has happened yet. What does appears here.</p>
      </div>
    </div>`,
  data() {
    return { shown: Object.freeze([...this.rows]) };
  },
  mounted() {
    this.toEnd();
  },
  methods: {
    /** Adds lines; those that are shown already, after a connection was cut, are left out. */
    append(rows) {
      const last = this.shown.at(-1)?.[0] ?? 0;
      const { scrollTop, scrollHeight, clientHeight } = this.$refs.box;
      const atEnd = scrollTop + clientHeight >= scrollHeight - 24;
      this.shown = Object.freeze([...this.shown, ...rows.filter(([number]) => number > last)].slice(-this.most));
      if (atEnd) this.$nextTick(this.toEnd);
    },
    toEnd() {
      this.$refs.box.scrollTop = this.$refs.box.scrollHeight;
    },
  },
};
