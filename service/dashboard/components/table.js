// Records as rows of a table; what a cell says is text and never more.
import Downloads from "downloads";

const UNKNOWN = "–"; // as wording.py has it

export default {
  template: `
    <section class="rs-table">
      <div class="rs-table-head"><h3 v-if="titled">{{ label }}</h3>
        <downloads :label="label" :endings="endings" @save="$emit('save', $event)" /></div>
      <div v-if="!rows.length" class="rs-table-empty"><slot name="empty">none</slot></div>
      <div v-else ref="frame" class="rs-table-frame" :tabindex="wide ? 0 : null" role="region" :aria-label="label">
        <table>
          <thead><tr><th v-for="[name, kind] in columns" :key="name" scope="col" :class="'rs-table-' + kind">{{ name }}</th></tr></thead>
          <tbody>
            <tr v-for="([address, cells], place) in rows" :key="address ?? place" :data-listed="address === null ? null : ''">
              <td v-for="([text, words], at) in cells" :key="at" :class="'rs-table-' + columns[at][1]">
                <a v-if="columns[at][1] === 'link'" :href="address">{{ text }}</a>
                <span v-else-if="columns[at][1] === 'state'" class="rs-state" :class="'rs-state-' + text">{{ text.replaceAll("_", " ") }}</span>
                <template v-else-if="columns[at][1] === 'course'"><svg v-if="text" class="rs-spark" viewBox="0 0 96 24" role="img"
                  :aria-label="words"><polyline :points="text" /></svg></template>
                <template v-else-if="text === '${UNKNOWN}'"><span aria-hidden="true">{{ text }}</span><span class="rs-unseen">unknown</span></template>
                <template v-else>{{ text }}</template>
              </td>
            </tr>
          </tbody>
        </table>
      </div>
    </section>`,
  components: { Downloads },
  props: { label: String, titled: Boolean, columns: Array, rows: Array, endings: Array },
  emits: ["save"],
  data: () => ({ wide: false }),
  mounted() {
    this.sizes = new ResizeObserver(() => this.measure());
    this.sizes.observe(this.$el);
  },
  updated() {
    this.measure();
  },
  beforeUnmount() {
    this.sizes.disconnect();
  },
  methods: {
    measure() { // what does not fit is scrolled, and keys must reach it
      const { scrollWidth = 0, clientWidth = 0 } = this.$refs.frame ?? {};
      this.wide = scrollWidth > clientWidth;
    },
  },
};
