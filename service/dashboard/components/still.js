// An environment as it begins: a replay of one frame, drawn once and again where size or colours change.

import { coloursOf } from "replay_colours";
import { Episode, fetchMeshes } from "replay_file";
import { rendererOn, Scene } from "replay_scene";

export default {
  props: { url: String, meshes: String, label: String },
  template: `
    <figure class="rsr rsr-still">
      <div v-show="!missing" ref="view" class="rsr-view">
        <canvas ref="canvas" role="img" :aria-label="label"></canvas>
        <p v-if="!drawn" class="rsr-over rsr-quiet" role="status">The picture is being drawn.</p>
      </div>
      <p v-if="missing" class="rsr-quiet" role="status">No picture: {{ missing }}</p>
    </figure>`,
  data: () => ({ drawn: false, missing: "" }),
  mounted() {
    this.gone = new AbortController();
    this.sizes = new ResizeObserver(this.draw);
    this.sizes.observe(this.$refs.view);
    this.theme = new MutationObserver(this.draw);
    this.theme.observe(document.body, { attributeFilter: ["class"] });
    this.load();
  },
  beforeUnmount() {
    this.gone.abort();
    for (const observer of [this.sizes, this.theme]) observer.disconnect();
    this.scene?.dispose();
  },
  methods: {
    async load() {
      const { signal } = this.gone;
      try {
        const episode = await Episode.fetch(this.url, signal);
        const meshes = await fetchMeshes(this.meshes, episode.header.meshes, signal);
        if (signal.aborted) return;
        const renderer = rendererOn(this.$refs.canvas);
        if (!renderer) throw new Error("this browser has no WebGL to draw it with");
        this.scene = new Scene(renderer, episode, meshes, () => {});
        this.draw();
        this.drawn = true;
      } catch (fault) {
        if (!signal.aborted) this.missing = (fault.detail || fault.message).replace(/\.?$/, ".");
      }
    },

    draw() {
      const { clientWidth, clientHeight } = this.$refs.view ?? {};
      if (!this.scene || !clientWidth || !clientHeight) return;
      this.scene.resize(clientWidth, clientHeight);
      this.scene.look("aslant"); // near enough for the width that it has now
      this.scene.paint(coloursOf(this.$el));
      this.scene.render(false);
    },
  },
};
