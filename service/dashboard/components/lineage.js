// Candidates as cards: in columns, one for each iteration, or as a tree with lines from parents to children.
import Downloads from "downloads";
import { toRaw } from "vue";

const MOST = 4; // are compared at once
const HIDEABLE = ["rejected", "screened_out"];
const ARROWS = { 1: ["▲", "better than its parent by"], 0: ["＝", "as its parent"], "-1": ["▼", "worse than its parent by"] };

/** A row of lineage.py with names; frozen, so that Vue looks at the list alone and a card of before stays the same card. */
function cardOf(row, base) {
  const [id, iteration, slot, state, fitness, figure, success, origin, parents, way, change, address] = row;
  return Object.freeze({ said: JSON.stringify(row), id, iteration, slot, state, fitness, figure, success, origin, parents, way,
    change, name: `${iteration}-${slot}`, address: address ?? base + id });
}

const bySlot = (a, b) => a.slot - b.slot;
const byFitness = (a, b) => (b.fitness ?? -Infinity) - (a.fitness ?? -Infinity) || bySlot(a, b);

/** Children stand where their parents stand, so that few lines cross. */
function byParents(places) {
  const height = (card) => {
    const known = card.parents.map((id) => places.get(id)).filter((place) => place !== undefined);
    return known.length ? known.reduce((sum, place) => sum + place, 0) / known.length : Infinity;
  };
  return (a, b) => height(a) - height(b) || bySlot(a, b);
}

export default {
  template: `
    <div>
      <downloads :label="label" :endings="endings" @save="$emit('save', $event)"><h2>{{ label }}</h2></downloads>
      <section class="rs-lineage" :aria-label="label" @keydown="key">
        <div class="rs-lineage-bar">
          <div role="group" aria-label="View" class="rs-lineage-views">
            <button v-for="one in ['columns', 'tree']" :key="one" type="button" :aria-pressed="String(view === one)"
              @click="view = one">{{ one === "tree" ? "Tree" : "Columns" }}</button>
          </div>
          <label v-if="view === 'columns'">Order <select v-model="order">
            <option value="slot">by slot</option><option value="fitness">fittest first</option></select></label>
          <label><input type="checkbox" v-model="hiding" /> Hide rejected and screened out ({{ hideable }})</label>
          <span class="rs-lineage-keys" aria-hidden="true">j k move · c compare · Enter opens</span>
        </div>
        <p v-if="!list.length" class="rs-lineage-empty">No candidate yet. The first ones appear here as they are written.</p>
        <div v-if="list.length" class="rs-lineage-bar">
          <button type="button" class="rs-lineage-go" :disabled="marked.length < 2" @click="$emit('compare', [...marked])">
            Compare {{ marked.length || "" }}</button>
          <button v-if="marked.length" type="button" @click="marked = []">Clear</button>
          <span role="status" class="rs-lineage-marked">{{ markedInWords }}</span>
          <span v-if="before || after" class="rs-lineage-sides">
            <button type="button" :disabled="!before" @click="sideways(-1)">← Earlier</button>
            <button type="button" :disabled="!after" @click="sideways(1)">Later →</button>
          </span>
        </div>
        <div v-if="list.length" class="rs-lineage-frame" :class="{ 'rs-lineage-before': before, 'rs-lineage-after': after }">
          <div ref="scroller" class="rs-lineage-scroller" tabindex="0" role="group" aria-label="Iterations" @scroll.passive="look">
            <div ref="columns" class="rs-lineage-columns" :class="'rs-lineage-' + view">
              <svg v-if="view === 'tree'" class="rs-lineage-edges" aria-hidden="true">
                <path v-for="edge in edges" :key="edge.id" :d="edge.d" :class="edge.kind" />
              </svg>
              <section v-for="column in columns" :key="column.number" class="rs-lineage-column">
                <h3>Iteration {{ column.number }}<span class="rs-unseen">{{ " · " }}</span><span>{{ column.said }}</span></h3>
                <ul>
                  <li v-for="card in column.cards" :key="card.id" :data-card="card.id" data-listed class="rs-lineage-card"
                    v-memo="[card, winner === card.id, onPath.has(card.id), marked.includes(card.id), full, names.get(card.id), unit]"
                    :class="{ 'rs-lineage-path': onPath.has(card.id), 'rs-lineage-marked-card': marked.includes(card.id) }">
                    <div class="rs-lineage-top">
                      <a :href="card.address" class="rs-lineage-link" :aria-label="'Candidate ' + card.name">{{ card.name }}</a>
                      <span class="rs-state" :class="'rs-state-' + card.state">{{ card.state.replaceAll("_", " ") }}</span>
                    </div>
                    <div v-if="card.fitness !== null" class="rs-lineage-fitness">
                      <span class="rs-unseen">fitness</span><b>{{ card.figure }}</b>
                      <span v-if="unit" class="rs-lineage-unit">{{ unit }}</span>
                      <span v-if="card.way !== null" class="rs-lineage-change" :class="'rs-lineage-way' + card.way">
                        <span aria-hidden="true">{{ arrow(card)[0] }}</span><span class="rs-unseen">{{ arrow(card)[1] }}</span>
                        {{ card.way ? card.change : "" }}</span>
                    </div>
                    <div class="rs-lineage-more">{{ [card.success && card.success + " success", card.origin].filter(Boolean).join(" · ")
                      }}<template v-if="names.get(card.id)">{{ " " }}<span>from {{ names.get(card.id) }}</span></template></div>
                    <div class="rs-lineage-under">
                      <label><input type="checkbox" :checked="marked.includes(card.id)" :disabled="full && !marked.includes(card.id)"
                        :aria-label="'compare ' + card.name" @change="mark(card.id)" /> compare</label>
                      <span v-if="winner === card.id" class="rs-lineage-sign">★ best</span>
                      <span v-else-if="onPath.has(card.id)" class="rs-lineage-sign">◆ best path</span>
                    </div>
                  </li>
                  <li v-if="!column.cards.length" class="rs-lineage-empty">All {{ column.all }} are hidden.</li>
                </ul>
              </section>
            </div>
          </div>
        </div>
      </section>
    </div>`,
  components: { Downloads },
  props: { label: String, cards: Array, path: Array, best: String, unit: String, base: String, arranged: Array, endings: Array },
  emits: ["compare", "arrange", "save"],
  data() {
    const [view, order] = this.arranged;
    return { list: [], bestPath: [], winner: null, view, order, hiding: false, marked: [], edges: [], before: false, after: false };
  },
  computed: {
    columns() {
      const columns = new Map();
      for (const card of this.list) columns.set(card.iteration, [...(columns.get(card.iteration) ?? []), card]);
      const places = new Map(); // of each card within its column
      const order = this.view === "tree" ? byParents(places) : this.order === "fitness" ? byFitness : bySlot;
      return [...columns].sort(([a], [b]) => a - b).map(([number, all]) => {
        const cards = all.filter((card) => !this.hiding || !HIDEABLE.includes(card.state)).sort(order);
        cards.forEach((card, i) => places.set(card.id, i));
        return { number, cards, all: all.length, said: this.said(all) };
      });
    },
    onPath() {
      return new Set(this.bestPath);
    },
    names() {
      const names = new Map(this.list.map((card) => [card.id, card.name]));
      return new Map(this.list.map((card) => [card.id, card.parents.map((id) => names.get(id)).filter(Boolean).join(" and ")]));
    },
    hideable() {
      return this.list.filter((card) => HIDEABLE.includes(card.state)).length;
    },
    full() {
      return this.marked.length >= MOST;
    },
    markedInWords() {
      const names = this.list.filter((card) => this.marked.includes(card.id)).map((card) => card.name);
      if (!names.length) return "Mark two to four candidates to compare them.";
      if (names.length === 1) return `${names[0]} is marked: mark another.`;
      return `${names.join(", ")} are marked${this.full ? ", which are as many as can be compared" : ""}.`;
    },
  },
  watch: { cards: "take", path: "take", best: "take", columns: { handler: "settle", flush: "post" },
    bestPath: { handler: "settle", flush: "post" }, view: "tell", order: "tell" },
  created() {
    this.take();
  },
  mounted() {
    this.sizes = new ResizeObserver(() => this.settle());
    this.sizes.observe(this.$el);
  },
  beforeUnmount() {
    this.sizes.disconnect();
  },
  methods: {
    /** Takes in rows that are new or have changed, and the path to the best. */
    change(rows, path, best) {
      const cards = new Map(this.list.map((card) => [card.id, card]));
      for (const row of rows) cards.set(row[0], cardOf(row, this.base));
      [this.list, this.bestPath, this.winner] = [[...cards.values()], path, best];
    },
    take() {
      const known = new Map(this.list.map((card) => [card.said, card]));
      this.list = toRaw(this.cards).map((row) => known.get(JSON.stringify(row)) ?? cardOf(row, this.base));
      [this.bestPath, this.winner] = [[...this.path], this.best];
    },
    said(cards) {
      const trained = cards.filter((card) => card.state === "trained").sort(byFitness);
      const best = trained.length ? `best ${trained[0].figure}${this.unit ? ` ${this.unit}` : ""} · ` : "";
      return `${best}${trained.length} of ${cards.length} trained`;
    },
    tell() {
      this.$emit("arrange", [this.view, this.order]);
    },
    mark(id) {
      if (this.marked.includes(id)) this.marked = this.marked.filter((one) => one !== id);
      else if (!this.full) this.marked = [...this.marked, id];
    },
    settle() {
      this.look();
      this.edges = this.view === "tree" && this.$refs.columns ? this.traced() : [];
    },
    look() {
      const { scrollLeft = 0, scrollWidth = 0, clientWidth = 0 } = this.$refs.scroller ?? {};
      this.before = scrollLeft > 1;
      this.after = scrollLeft + clientWidth < scrollWidth - 1;
    },
    traced() {
      const boxes = new Map([...this.$refs.columns.querySelectorAll("[data-card]")].map((box) => [box.dataset.card, box]));
      const edges = this.list.flatMap((card) => card.parents.map((parent, i) => {
        const [from, to] = [boxes.get(parent), boxes.get(card.id)];
        if (!from || !to) return null; // hidden
        const [x, y] = [from.offsetLeft + from.offsetWidth, from.offsetTop + from.offsetHeight / 2];
        const [u, v] = [to.offsetLeft, to.offsetTop + to.offsetHeight / 2];
        const bend = Math.max(16, Math.abs(u - x) / 2);
        const at = this.bestPath.indexOf(card.id);
        const kind = at > 0 && this.bestPath[at - 1] === parent ? "rs-lineage-main" : i ? "rs-lineage-second" : "";
        return { id: `${i} ${parent} ${card.id}`, d: `M${x} ${y}C${x + bend} ${y} ${u - bend} ${v} ${u} ${v}`, kind };
      }));
      return edges.filter(Boolean).sort((a, b) => (a.kind === "rs-lineage-main") - (b.kind === "rs-lineage-main"));
    },
    sideways(way) {
      const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
      this.$refs.scroller.scrollBy({ left: way * 0.8 * this.$refs.scroller.clientWidth, behavior });
    },
    key(event) {
      const { target, key } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || target.matches("select, textarea, input:not([type=checkbox])")) return;
      const card = target.closest("[data-card]");
      if (!card) return;
      const cards = [...this.$el.querySelectorAll("[data-card]")];
      if (key === "c") this.mark(card.dataset.card);
      else if (key === "ArrowDown" || key === "ArrowUp") this.go(cards[cards.indexOf(card) + (key === "ArrowDown" ? 1 : -1)]);
      else if (key === "ArrowLeft" || key === "ArrowRight") this.go(this.beside(card, key === "ArrowRight" ? 1 : -1));
      else return;
      event.preventDefault();
    },
    beside(card, way) {
      const column = this.columns.findIndex(({ cards }) => cards.some(({ id }) => id === card.dataset.card));
      const row = this.columns[column].cards.findIndex(({ id }) => id === card.dataset.card);
      let other = column + way;
      while (this.columns[other]?.cards.length === 0) other += way;
      const id = this.columns[other]?.cards[Math.min(row, this.columns[other].cards.length - 1)].id;
      return [...this.$el.querySelectorAll("[data-card]")].find((one) => one.dataset.card === id);
    },
    go(card) {
      card?.querySelector("a").focus({ preventScroll: true });
      card?.scrollIntoView({ block: "nearest", inline: "nearest" });
    },
    arrow(card) {
      return ARROWS[card.way];
    },
  },
};
