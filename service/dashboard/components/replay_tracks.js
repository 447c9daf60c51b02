// Rewards and variables over the time of an episode: one lane for each line, and one cursor over all of them.

import { coloursOf } from "replay_colours";
import { figure } from "replay_words";

export const INSET = 8; // half the thumb of a slider, so that thumb and cursor stand below each other
const MOST_AT_FIRST = 4;
const COMPONENTS_AT_FIRST = 3;
const SEARCHED = 12;
const GROUPS = [
  { kind: "component", title: "Reward components" },
  { kind: "reward", title: "Reward" },
  { kind: "variable", title: "Variables" },
];

/** Some components, the total, and then variables. */
function atFirst(tracks) {
  const components = tracks.filter(({ kind }) => kind === "component").slice(0, COMPONENTS_AT_FIRST);
  const others = tracks.filter(({ kind }) => kind !== "component");
  return [...components, ...others].slice(0, MOST_AT_FIRST).map(({ key }) => key);
}

export default {
  props: { episode: Object },
  emits: ["grab", "seek", "release"],
  template: `
    <div>
      <div ref="lanes" class="rsr-lanes" @pointerdown="down" @pointermove="move" @pointerup="up" @pointercancel="up">
        <div v-for="(track, index) in shown" :key="track.key" class="rsr-lane">
          <div class="rsr-told">
            <span class="rsr-name" :title="track.name">{{ track.name }}</span>
            <span class="rsr-value"></span>
            <span class="rsr-range"><span class="rsr-kind">{{ kind(track) }}, </span>{{ ranges[index].told }}</span>
          </div>
          <canvas role="img" :aria-label="track.name + ' over time, ' + ranges[index].told"></canvas>
        </div>
        <div v-show="shown.length" ref="cursor" class="rsr-cursor"></div>
      </div>
      <p v-if="!shown.length" class="rsr-quiet">No line is chosen.</p>
      <details class="rsr-choose">
        <summary>Lines: {{ shown.length }} of {{ episode.tracks.length }}</summary>
        <label v-if="episode.tracks.length > searched" class="rsr-search">
          Find <input type="search" v-model.trim="sought">
        </label>
        <fieldset v-for="group in found" :key="group.kind">
          <legend>{{ group.title }}</legend>
          <label v-for="track in group.tracks" :key="track.key">
            <input type="checkbox" :value="track.key" v-model="chosen"> <span>{{ track.name }}</span>
          </label>
        </fieldset>
        <p v-if="!found.length" class="rsr-quiet">No line is called so.</p>
      </details>
    </div>`,

  data() {
    return { chosen: atFirst(this.episode.tracks), sought: "", searched: SEARCHED };
  },

  computed: {
    shown() {
      return this.episode.tracks.filter(({ key }) => this.chosen.includes(key));
    },
    ranges() {
      return this.shown.map((track) => rangeOf(track, this.episode.frames));
    },
    found() {
      const sought = this.sought.toLowerCase();
      return GROUPS.map(({ kind, title }) => ({
        kind,
        title,
        tracks: this.episode.tracks.filter((track) => track.kind === kind && track.name.toLowerCase().includes(sought)),
      })).filter(({ tracks }) => tracks.length);
    },
  },

  watch: {
    shown: { handler: "draw", flush: "post" },
  },

  mounted() {
    this.place = 0;
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.$refs.lanes);
    this.draw();
  },

  beforeUnmount() {
    this.sizes.disconnect();
  },

  methods: {
    kind({ kind }) {
      return kind === "variable" ? "variable" : "reward";
    },

    /** Draws all lines: when they are chosen, and when their size or the page's colours change. */
    draw() {
      const lanes = this.$refs.lanes.querySelectorAll(".rsr-lane");
      const colours = coloursOf(this.$el);
      this.drawn = this.shown.map((track, index) => {
        const canvas = lanes[index].querySelector("canvas");
        drawLane(canvas, track, this.ranges[index], this.episode.frames, colours);
        return { track, canvas, value: lanes[index].querySelector(".rsr-value") };
      });
      this.left = this.drawn[0]?.canvas.offsetLeft;
      this.width = this.drawn[0]?.canvas.clientWidth;
      this.valued = null;
      this.at(this.place);
    },

    /** Moves the cursor to a place between frames, and tells the values of the nearest. */
    at(place) {
      this.place = place;
      if (!this.drawn.length) return;
      const share = place / Math.max(this.episode.frames - 1, 1);
      const x = this.left + INSET + share * (this.width - 2 * INSET);
      this.$refs.cursor.style.transform = `translateX(${x}px)`;
      const nearest = Math.round(place);
      if (nearest === this.valued) return;
      this.valued = nearest;
      for (const { track, value } of this.drawn) value.textContent = figure(track.at(nearest));
    },

    down(event) {
      if (event.button !== 0 || event.target.tagName !== "CANVAS") return;
      this.$refs.lanes.setPointerCapture(event.pointerId);
      this.$emit("grab");
      this.seek(event);
    },

    move(event) {
      if (this.$refs.lanes.hasPointerCapture(event.pointerId)) this.seek(event);
    },

    up(event) {
      if (this.$refs.lanes.hasPointerCapture(event.pointerId)) this.$emit("release");
    },

    seek(event) {
      const { left, width } = this.drawn[0].canvas.getBoundingClientRect();
      this.$emit("seek", ((event.clientX - left - INSET) / (width - 2 * INSET)) * this.episode.seconds);
    },
  },
};

function rangeOf(track, frames) {
  let [low, high] = [Infinity, -Infinity];
  for (let frame = 0; frame < frames; frame++) {
    const value = track.at(frame);
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return { low: 0, high: 0, told: "never a number" };
  return { low, high, told: low === high ? `always ${figure(low)}` : `${figure(low)} to ${figure(high)}` };
}

function drawLane(canvas, track, { low, high }, frames, { line, accent }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  const context = canvas.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  const span = high - low || 1;
  const y = (value) => (high === low ? height / 2 : 3 + ((high - value) / span) * (height - 6));
  if (low <= 0 && high >= 0) {
    context.strokeStyle = line;
    context.beginPath();
    context.moveTo(INSET, y(0));
    context.lineTo(width - INSET, y(0));
    context.stroke();
  }
  context.strokeStyle = accent;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.beginPath();
  let broken = true;
  for (let frame = 0; frame < frames; frame++) {
    const value = track.at(frame);
    if (Number.isFinite(value)) {
      const x = INSET + (frame / Math.max(frames - 1, 1)) * (width - 2 * INSET);
      if (broken) context.moveTo(x, y(value));
      else context.lineTo(x, y(value));
    }
    broken = !Number.isFinite(value);
  }
  context.stroke();
}
