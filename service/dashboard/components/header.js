// What stands above every page, in one element: each link of NiceGUI's own would be one of the server's for every viewer.

export default {
  template: `
    <header class="rs-header">
      <a class="rs-brand" href="/">Rewardsmith</a>
      <nav aria-label="Pages">
        <a v-for="[name, address] in pages" :key="address" :href="address" :aria-current="name === current ? 'page' : null">{{ name }}</a>
      </nav>
      <q-btn flat no-caps dense color="primary" label="Keys" class="rs-keys" @click="$emit('help')" />
      <form v-if="loggedIn" method="post" action="/logout"><button type="submit" class="rs-quiet-button">Log out</button></form>
    </header>`,
  props: { pages: Array, current: String, loggedIn: Boolean },
};
