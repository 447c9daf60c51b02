// An episode to look at and, on the same time line, what it was rewarded for.

import { Clock } from "replay_clock";
import { coloursOf } from "replay_colours";
import { Episode, fetchMeshes, ReplayFault } from "replay_file";
import { rendererOn, Scene, VIEWS } from "replay_scene";
import ReplayTracks from "replay_tracks";
import { told } from "replay_words";

const SPEEDS = [0.25, 0.5, 1, 2, 4];

export default {
  components: { ReplayTracks },
  props: { url: String, meshes: String, label: String, group: String },
  template: `
    <section class="rsr" tabindex="0" :aria-label="label" @keydown="pressed" @focusin="zoom(true)" @focusout="zoom(false)">
      <div v-if="state === 'loading'" class="rsr-state" role="status">
        <p>Loading the replay, {{ Math.round(received / 1000) }} kB so far.</p>
        <progress aria-label="Loading the replay"></progress>
      </div>
      <div v-else-if="state === 'fault'" class="rsr-state" role="alert">
        <p><strong>{{ fault.message }}</strong></p>
        <p>{{ fault.detail }}</p>
        <button type="button" @click="load">Try again</button>
      </div>
      <template v-else>
        <div ref="view" class="rsr-view">
          <canvas ref="canvas" role="img" :aria-label="'The robot in ' + episode.header.environment"></canvas>
          <p v-if="picture" class="rsr-over" role="status">{{ picture }}</p>
        </div>
        <div class="rsr-bar">
          <label>Speed
            <select :value="speed" @change="clock.speed = Number($event.target.value)">
              <option v-for="one in speeds" :key="one" :value="one">{{ one }} ×</option>
            </select>
          </label>
          <label>View
            <select v-model="view" @change="look">
              <option v-for="({ name }, key) in views" :key="key" :value="key">{{ name }}</option>
            </select>
          </label>
          <button type="button" @click="look">Reset view</button>
          <label><input type="checkbox" v-model="follow" @change="look"> Follow the robot</label>
        </div>
        <div class="rsr-line">
          <button type="button" class="rsr-play" @click="toggle">{{ playing ? "‖ Pause" : "▶ Play" }}</button>
          <span ref="time" class="rsr-time"></span>
          <input ref="slider" type="range" min="0" :max="episode.seconds" step="any" aria-label="Time in seconds"
            @pointerdown="grab" @pointerup="release" @pointercancel="release" @input="scrub(Number($event.target.value))">
        </div>
        <ReplayTracks ref="tracks" :episode="episode" @grab="grab" @seek="scrub" @release="release" />
        <p class="rsr-told-end">{{ told }}</p>
        <p v-for="note in notes" class="rsr-quiet">{{ note }}</p>
        <p class="rsr-quiet rsr-keys">
          Keys: space plays and stops, ← and → go a step, with Shift a second, Home and End to the ends.
          Drag the picture to turn it; the wheel brings it nearer.
        </p>
      </template>
    </section>`,

  data() {
    return {
      state: "loading",
      received: 0,
      fault: null,
      episode: null,
      picture: "",
      notes: [],
      playing: false,
      speed: 1,
      follow: true,
      view: "aslant",
      speeds: SPEEDS,
      views: VIEWS,
    };
  },

  computed: {
    told() {
      return told(this.episode.header.summary, this.episode.seconds);
    },
  },

  created() {
    this.clock = Clock.of(this.group);
  },

  mounted() {
    this.gone = new AbortController();
    this.seen = true;
    this.clock.enter(this.clockChanged);
    document.addEventListener("visibilitychange", this.redraw, { signal: this.gone.signal });
    this.sight = new IntersectionObserver((looks) => {
      this.seen = looks.at(-1).isIntersecting; // a busy browser tells of several at once, the last of which holds
      this.redraw();
    });
    this.sight.observe(this.$el);
    this.theme = new MutationObserver(this.paint);
    this.theme.observe(document.body, { attributeFilter: ["class"] });
    this.sizes = new ResizeObserver(this.resize);
    this.load();
  },

  beforeUnmount() {
    this.gone.abort();
    for (const observer of [this.sight, this.theme, this.sizes]) observer.disconnect();
    cancelAnimationFrame(this.asked);
    this.clock.leave(this.clockChanged);
    this.scene?.dispose();
  },

  methods: {
    /** Shows that moment, the nearest where the episode has none. */
    seek(seconds) {
      this.clock.seek(seconds);
    },

    /** Plays, or stops where it plays; from the beginning where it stands at the end. */
    toggle() {
      if (this.episode) this.clock.toggle();
    },

    async load() {
      const { signal } = this.gone;
      [this.state, this.received] = ["loading", 0];
      try {
        const episode = await Episode.fetch(this.url, signal, (bytes) => (this.received = bytes));
        const meshes = await this.fetchMeshes(episode, signal);
        [this.episode, this.state] = [episode, "ready"];
        await this.$nextTick();
        if (!signal.aborted) this.begin(meshes);
      } catch (fault) {
        if (signal.aborted) return;
        const known = fault instanceof ReplayFault;
        this.fault = known ? fault : new ReplayFault("The replay cannot be shown.", fault.message);
        this.state = "fault";
      }
    },

    async fetchMeshes(episode, signal) {
      try {
        return await fetchMeshes(this.meshes, episode.header.meshes, signal);
      } catch (fault) {
        if (!(fault instanceof ReplayFault)) throw fault;
        this.notes.push(`What is made of meshes is not drawn: they could not be fetched. ${fault.detail}`);
        return [];
      }
    },

    begin(meshes) {
      this.draw(meshes);
      this.sizes.observe(this.$refs.view);
      this.clock.enter(this.clockChanged, this.episode.seconds);
      this.clockChanged();
    },

    draw(meshes) {
      const { canvas } = this.$refs;
      const renderer = rendererOn(canvas);
      if (!renderer) {
        this.picture = "This browser has no WebGL to draw the robot with. Time line and values are below.";
        return;
      }
      this.scene = new Scene(renderer, this.episode, meshes, this.redraw);
      const { signal } = this.gone;
      canvas.addEventListener("webglcontextlost", () => (this.picture = "The graphics card is busy elsewhere."), { signal });
      canvas.addEventListener("webglcontextrestored", () => ((this.picture = ""), this.redraw()), { signal });
      const { undrawn, square } = this.scene;
      if (this.episode.header.geoms.some(({ kind }) => kind === "plane")) {
        this.notes.push(`A square of the floor is ${square} m wide.`);
      }
      const kinds = [...new Set(undrawn.map(({ kind }) => kind).filter((kind) => kind !== "mesh"))];
      if (kinds.length) this.notes.push(`Not drawn: ${kinds.join(", ")}.`);
      this.paint();
    },

    clockChanged() {
      [this.playing, this.speed] = [this.clock.playing, this.clock.speed];
      this.redraw();
    },

    /** Asks for one frame, where somebody can see it. */
    redraw() {
      if (!this.episode || this.asked || document.hidden || !this.seen) return;
      this.asked = requestAnimationFrame(this.frame);
    },

    /** Shows what is at `now`, which all replays of the page are told alike. */
    frame(now) {
      this.asked = null;
      this.clock.settle();
      const { dt, frames } = this.episode;
      const place = Math.min(this.clock.at(now) / dt, frames - 1);
      this.tell(place);
      this.$refs.tracks.at(place);
      this.scene?.pose(place);
      this.scene?.render(this.clock.playing);
      if (this.clock.playing) this.redraw();
    },

    tell(place) {
      const { dt, frames, seconds } = this.episode;
      const { slider, time } = this.$refs;
      slider.value = place * dt;
      time.textContent = `${(place * dt).toFixed(2)} of ${seconds.toFixed(2)} s`;
      slider.setAttribute("aria-valuetext", `${time.textContent}, step ${Math.round(place)} of ${frames - 1}`);
    },

    /** Holds the clock while somebody drags. */
    grab() {
      this.held = this.clock.playing;
      this.clock.pause();
    },

    release() {
      if (this.held) this.clock.play();
      this.held = false;
    },

    /** Goes to the frame nearest to a time. */
    scrub(seconds) {
      this.clock.seek(this.episode.frameAt(seconds) * this.episode.dt);
    },

    pressed(event) {
      const { key, target, shiftKey } = event;
      if (!this.episode || event.ctrlKey || event.altKey || event.metaKey) return;
      if (target.matches("select, input:not([type=range])")) return;
      if (key === " " && target.matches("button, summary")) return;
      const { dt, seconds } = this.episode;
      const now = Math.min(this.clock.time, seconds);
      const by = shiftKey ? 1 : dt;
      const moves = new Map([["ArrowLeft", now - by], ["ArrowRight", now + by], ["Home", 0], ["End", seconds]]);
      if (key === " ") this.toggle();
      else if (moves.has(key)) this.scrub(moves.get(key));
      else return;
      event.preventDefault();
      event.stopPropagation(); // the page has keys of its own
    },

    look() {
      if (!this.scene) return;
      this.scene.follow = this.follow;
      this.scene.look(this.view);
      this.redraw();
    },

    zoom(zoom) {
      if (this.scene) this.scene.zoom = zoom;
    },

    paint() {
      if (!this.episode) return;
      this.scene?.paint(coloursOf(this.$el));
      this.$refs.tracks?.draw();
      this.redraw();
    },

    resize() {
      const { clientWidth, clientHeight } = this.$refs.view;
      if (!clientWidth || !clientHeight) return;
      this.scene?.resize(clientWidth, clientHeight);
      this.redraw();
    },
  },
};
