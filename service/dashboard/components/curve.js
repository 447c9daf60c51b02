// ECharts draws the lines; legend, reading and summary are elements around it, for keyboards and for those who do not see it.
import { echarts } from "nicegui-echart";
import { csv, figure, json, place, save, summary } from "curve_text";
import { toRaw } from "vue";

const PAINT_MS = 100; // at most ten pictures a second, however fast points come
const MARKERS = 12; // of a line in view
// Apart for the colour-blind, each at least 3 to 1 against the paper of its theme.
const LIGHT = ["#0072b2", "#c04a00", "#007a56", "#a8447f", "#806200", "#5b4fbf", "#1b2430", "#8c3a2b"];
const DARK = ["#56b4e9", "#ff9d4d", "#2fc79a", "#e79ac6", "#f0e442", "#a99cff", "#e6eaf0", "#d8a17a"];
const SHAPES = ["M5 0A5 5 0 1 1 5 10A5 5 0 1 1 5 0Z", "M.6.6H9.4V9.4H.6Z", "M5 .4L10 9.6H0Z", "M5 0L10 5L5 10L0 5Z"];
const DASHED = [7, 4];
const LEVELS = [[2, 3], [9, 3, 2, 3], [4, 2]];

/** The index of the last point at or before x, -1 before the first. */
function at(points, x) {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export default {
  template: `
    <section class="rs-curve" :aria-label="label">
      <h3>{{ label }}</h3>
      <div class="rs-curve-head">
        <ul class="rs-curve-legend" aria-label="Lines">
          <li v-for="line in legend" :key="line.id">
            <button type="button" :aria-pressed="String(line.shown)" :title="line.name" @click="toggle(line.id)">
              <svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">
                <path d="M0 5H28" fill="none" stroke-width="2" :stroke="line.colour" :stroke-dasharray="line.dash.join(' ')" />
                <path v-if="line.shape" :d="line.shape" transform="translate(9 0)" stroke-width="1.5"
                  :stroke="line.colour" :fill="line.fill" />
              </svg>
              <span class="rs-curve-name">{{ line.name }}</span>
              <span class="rs-curve-last">{{ line.last }}</span>
            </button>
          </li>
        </ul>
        <div class="rs-curve-tools" role="group" aria-label="Zoom and files">
          <button type="button" aria-label="Zoom in" :disabled="empty" @click="zoom(0.5)">+</button>
          <button type="button" aria-label="Zoom out" :disabled="!zoomed" @click="zoom(2)">−</button>
          <button type="button" :disabled="!zoomed" @click="look(null)">Whole range</button>
          <button type="button" :disabled="empty" @click="file('csv')">CSV</button>
          <button type="button" :disabled="empty" @click="file('json')">JSON</button>
        </div>
      </div>
      <div class="rs-curve-axis" aria-hidden="true">{{ y }}</div>
      <div class="rs-curve-plot">
        <div ref="box" class="rs-curve-box" tabindex="0" role="application" aria-roledescription="chart" :aria-label="label"
          :aria-describedby="$attrs.id + '-said'" @keydown="key" @blur="reading = null" @wheel.capture.passive="wheel"></div>
        <p v-if="empty" class="rs-curve-empty">{{ legend.some((line) => line.points) ? "All lines are hidden: choose one above."
          : "Nothing to draw yet. Points appear here as they are measured." }}</p>
        <div v-if="reading" class="rs-curve-cursor" aria-hidden="true" :style="{ left: reading.left + 'px' }"></div>
        <div role="status">
          <div v-if="reading" class="rs-curve-reading" :class="{ 'rs-curve-turned': reading.turned }" :style="{ left: reading.left + 'px' }">
            <div class="rs-curve-at">{{ x }} {{ reading.at }}</div>
            <div v-for="row in reading.rows" :key="row.id" class="rs-curve-row">
              <i :style="{ background: row.colour }" aria-hidden="true"></i><span>{{ row.name }}</span><b>{{ row.value }}</b>
            </div>
          </div>
        </div>
      </div>
      <div class="rs-curve-foot" aria-hidden="true">
        <span class="rs-curve-hint">Click, then turn the wheel to zoom; drag to move; ← → read, + − 0 zoom</span><span>{{ x }}</span>
      </div>
      <p class="rs-unseen" :id="$attrs.id + '-said'">{{ summary }}</p>
    </section>`,
  props: { label: String, x: String, y: String, lines: Array, levels: Array, revision: Number },
  data: () => ({ legend: [], summary: "", empty: true, zoomed: false, reading: null }),
  watch: { lines: "take", levels: "take" },
  created() {
    this.hidden = new Set();
    this.view = null; // the range of x that is looked at, null for all
    this.take();
  },
  mounted() {
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.$refs.box);
    this.themes = new MutationObserver(() => this.later());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  },
  beforeUnmount() {
    clearTimeout(this.timer);
    this.sizes.disconnect();
    this.themes.disconnect();
    this.chart?.dispose();
    this.chart = null;
  },
  methods: {
    /** Lengthens a line by points beyond its last; those of a revision that is no longer shown belong to nothing. */
    append(revision, fresh) {
      if (revision !== this.revision) return;
      const lines = new Map(this.drawn.map((line) => [line.key, line]));
      for (const [key, points] of fresh) {
        const line = lines.get(key);
        for (const point of points) if (point[0] > (line.points.at(-1)?.[0] ?? -Infinity)) line.points.push(point);
      }
      this.later();
    },
    /** Takes in what it is to show; the same once more, which the server sends as it was at first, keeps what was appended. */
    take() {
      const before = new Map(this.taken === this.revision ? this.drawn.map((line) => [line.key, line.points]) : []);
      this.taken = this.revision;
      const beyond = ({ key, points }) => (before.get(key) ?? []).filter(([x]) => x > (points.at(-1)?.[0] ?? -Infinity));
      const lines = toRaw(this.lines).map((line, i) => ({
        ...line, id: `line ${line.key}`, points: [...line.points, ...beyond(line)], dash: line.dashed ? DASHED : [], colour: i % LIGHT.length,
        shape: SHAPES[(i + (i >> 3)) % SHAPES.length], filled: i % LIGHT.length < SHAPES.length,
      }));
      const levels = toRaw(this.levels).map((level, i) => ({
        ...level, id: `level ${i}`, level: true, points: [], band: [], dash: LEVELS[i % LEVELS.length],
      }));
      this.drawn = [...lines, ...levels];
      this.later();
    },
    later() {
      this.timer ??= setTimeout(() => this.paint(), Math.max(0, (this.painted ?? 0) + PAINT_MS - performance.now()));
    },
    fit() {
      const { clientWidth, clientHeight } = this.$refs.box;
      if (!clientWidth || !clientHeight) return; // a hidden tab; there will be a call when it is shown
      this.reading = null;
      if (this.chart) return this.chart.resize();
      this.chart = echarts.init(this.$refs.box);
      this.chart.on("datazoom", ({ batch: [{ start, end }] }) => {
        const [low, high] = this.span();
        const x = (share) => low + ((high - low) * share) / 100;
        this.look(start <= 0 && end >= 100 ? null : [x(start), x(end)]);
      });
      this.chart.getZr().on("mousemove", ({ offsetX }) => this.readNear(this.chart.convertFromPixel({ xAxisIndex: 0 }, offsetX)));
      this.chart.getZr().on("globalout", () => (this.reading = null));
      this.later();
    },
    shown() {
      return this.drawn.filter((line) => !this.hidden.has(line.id) && (line.level || line.points.length));
    },
    span() {
      const ends = this.shown().flatMap(({ points }) => (points.length ? [points[0][0], points.at(-1)[0]] : []));
      const [low, high] = ends.length ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
      return low < high ? [low, high] : [low, low + 1];
    },
    tones() {
      const style = getComputedStyle(this.$el ?? document.body);
      const dark = document.body.classList.contains("body--dark");
      const tone = (name, light, other) => style.getPropertyValue(name).trim() || (dark ? other : light);
      const ink = tone("--ink", "#1b2430", "#e6eaf0");
      const paper = tone("--raised", "#ffffff", "#1b212a");
      const colour = (line) => (line.level ? ink : (dark ? DARK : LIGHT)[line.colour]);
      return { quiet: tone("--quiet", "#556170", "#a3afbd"), rule: tone("--line", "#d5dae1", "#343d4a"), paper, colour };
    },
    describe({ colour, paper }) {
      this.legend = this.drawn.map((line) => ({
        id: line.id, name: line.name, shown: !this.hidden.has(line.id), colour: colour(line), dash: line.dash, shape: line.shape,
        fill: line.filled ? colour(line) : paper, last: figure(line.level ? line.value : line.points.at(-1)?.[1] ?? NaN),
        points: line.level ? 1 : line.points.length,
      }));
      const lines = this.shown();
      this.empty = !lines.length;
      this.summary = summary(this, lines);
    },
    paint() {
      this.timer = null;
      this.painted = performance.now();
      const tones = this.tones();
      this.describe(tones);
      this.zoomed = this.view !== null;
      if (!this.chart) return;
      const [min, max] = this.span();
      const label = { color: tones.quiet, formatter: place, hideOverlap: true, margin: 10, show: !this.empty };
      const range = this.view ? { startValue: this.view[0], endValue: this.view[1] } : { start: 0, end: 100 };
      this.chart.setOption({
        animation: false, // it moves as the search does and never for show
        grid: { left: 4, right: 20, top: 8, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
        xAxis: { type: "value", min, max, axisLabel: { ...label, showMinLabel: !this.view, showMaxLabel: !this.view },
          axisLine: { onZero: false, lineStyle: { color: tones.quiet } }, axisTick: { show: false }, splitLine: { show: false } },
        yAxis: { type: "value", scale: true, axisLabel: label, axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: tones.rule } } },
        dataZoom: [{ id: "x", type: "inside", filterMode: "none", preventDefaultMouseMove: false, ...range }],
        series: this.shown().flatMap((line) => this.series(line, tones, [min, max])),
      }, { replaceMerge: ["series"] });
      if (this.reading) this.read(this.reading.x);
    },
    series(line, tones, span) {
      const color = tones.colour(line);
      const common = { silent: true, emphasis: { disabled: true }, cursor: "default" };
      const points = line.level ? span.map((x) => [x, line.value]) : line.points;
      const band = line.level ? span.map((x) => [x, line.low, line.high]) : line.band;
      const edges = band.filter(([, low, high]) => low !== null && high !== null);
      const all = [{ ...common, id: line.id, type: "line", data: points, showSymbol: false, z: 3,
        lineStyle: { color, width: line.level ? 1.5 : 2, type: line.dash.length ? line.dash : "solid" } }];
      if (edges.length > 1) {
        all.push({ ...common, id: `${line.id} band`, type: "custom", clip: true, z: 2, data: edges, encode: { x: 0, y: [1, 2] },
          renderItem: ({ dataIndexInside }, api) => {
            const edge = (side) => edges.map((row) => api.coord([row[0], row[side]]));
            return dataIndexInside ? null
              : { type: "polygon", shape: { points: [...edge(2), ...edge(1).reverse()] }, style: { fill: color, opacity: 0.16 } };
          } });
      }
      if (line.shape) {
        const [first, last] = this.view ? this.view.map((x) => at(points, x)) : [0, points.length - 1];
        const every = 2 ** Math.max(0, Math.ceil(Math.log2((last - first + 1) / MARKERS))); // doubles, so that markers stay put
        all.push({ ...common, id: `${line.id} markers`, type: "scatter", z: 4, symbol: `path://${line.shape}`, symbolSize: 8,
          data: points.filter((_, i) => i % every === 0 || i === points.length - 1),
          itemStyle: { opacity: 1, color: line.filled ? color : tones.paper, borderColor: color, borderWidth: 1.5 } });
      }
      return all;
    },
    toggle(id) {
      if (!this.hidden.delete(id)) this.hidden.add(id);
      this.reading = null;
      this.later();
    },
    look(view) {
      const [low, high] = this.span();
      const width = view && Math.min(view[1] - view[0], high - low);
      const start = view && Math.min(Math.max(view[0], low), high - width);
      this.view = view && width < high - low ? [start, start + width] : null;
      this.reading = null;
      this.later();
    },
    zoom(factor) {
      const [low, high] = this.view ?? this.span();
      const [middle, half] = [(low + high) / 2, ((high - low) / 2) * factor];
      this.look([middle - half, middle + half]);
    },
    wheel(event) { // belongs to the page until somebody has chosen the chart
      if (document.activeElement !== this.$refs.box && !event.ctrlKey) event.stopPropagation();
    },
    key(event) {
      const does = { "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), 0: () => this.look(null),
        ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), Escape: () => (this.reading = null) }[event.key];
      if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      does();
    },
    places() {
      const [low, high] = this.view ?? [-Infinity, Infinity];
      const all = new Set(this.shown().flatMap(({ points }) => points.map(([x]) => x)));
      return [...all].filter((x) => low <= x && x <= high).sort((a, b) => a - b);
    },
    step(way) {
      const places = this.places();
      const now = this.reading ? places.indexOf(this.reading.x) : way > 0 ? -1 : places.length;
      this.read(places[Math.min(Math.max(now + way, 0), places.length - 1)]);
    },
    readNear(x) {
      let near;
      for (const { points } of this.shown()) {
        const before = at(points, x);
        for (const point of [points[before], points[before + 1]])
          if (point && !(Math.abs(point[0] - x) >= Math.abs(near - x))) near = point[0];
      }
      this.read(near);
    },
    read(x) {
      if (x === undefined) return (this.reading = null);
      const left = this.chart.convertToPixel({ xAxisIndex: 0 }, x);
      const { colour } = this.tones();
      const rows = this.shown().flatMap((line) => {
        const value = line.level ? line.value : line.points[at(line.points, x)]?.[1];
        return value === undefined ? [] : [{ id: line.id, name: line.name, value: figure(value), colour: colour(line) }];
      });
      this.reading = { x, at: place(x), left, rows, turned: left > this.$refs.box.clientWidth / 2 };
    },
    file(ending) {
      if (ending === "csv") save(this.label, ending, "text/csv", csv(this, this.shown()));
      else save(this.label, ending, "application/json", json(this, this.shown()));
    },
  },
};
