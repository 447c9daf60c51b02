// What stands around every page, in one element: each part of NiceGUI's own would be one of the server's for every viewer.
import { listen } from "header_keys";

const COLOURS = "rewardsmith_colours"; // a cookie; nothing of anybody's is in it
const YEAR = 31536000; // seconds
const DARK = { dark: true, light: false }; // else as the system has it
const NEXT = { "": "dark", dark: "light", light: "" };

function remembered() {
  const cookie = document.cookie.split("; ").find((one) => one.startsWith(`${COLOURS}=`));
  const colours = cookie?.slice(COLOURS.length + 1);
  return colours in NEXT ? colours : "";
}

export default {
  template: `
    <div class="rs-part">
      <a class="nicegui-skip-link" :href="'#' + content" @click.prevent="skip">To the page's content</a>
      <header class="rs-header">
        <a class="rs-brand" href="/">Rewardsmith</a>
        <nav aria-label="Pages">
          <a v-for="[name, address] in pages" :key="address" :href="address" :aria-current="name === current ? 'page' : null">{{ name }}</a>
        </nav>
        <q-btn flat no-caps dense color="primary" label="Keys" class="rs-keys" @click="telling = true" />
        <form v-if="loggedIn" method="post" action="/logout"><button type="submit" class="rs-quiet-button">Log out</button></form>
        <div v-show="notice" role="status" class="rs-notice">{{ notice }}</div>
      </header>
      <q-dialog v-model="telling" aria-label="Keys">
        <q-card class="nicegui-card">
          <h2>Keys</h2>
          <dl class="rs-list"><template v-for="[key, does] in keys"><dt>{{ key }}</dt><dd>{{ does }}</dd></template></dl>
          <q-btn flat no-caps color="primary" label="Close" @click="telling = false" />
        </q-card>
      </q-dialog>
    </div>`,
  props: { pages: Array, current: String, keys: Array, loggedIn: Boolean, content: String, notice: String },
  data: () => ({ colours: remembered(), telling: false }),
  mounted() {
    this.unlisten = listen({ colours: this.otherColours, help: () => (this.telling = true) });
    setDark(DARK[this.colours] ?? null);
  },
  beforeUnmount() {
    this.unlisten();
  },
  methods: {
    otherColours() {
      this.colours = NEXT[this.colours];
      document.cookie = `${COLOURS}=${this.colours}; path=/; max-age=${YEAR}; samesite=strict`;
      setDark(DARK[this.colours] ?? null);
    },
    skip() {
      const content = document.getElementById(this.content);
      content.setAttribute("tabindex", "-1");
      content.focus();
    },
  },
};
