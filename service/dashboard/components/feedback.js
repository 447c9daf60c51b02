// What people said, and a place to say more. Words are text and never more.

export default {
  template: `
    <div class="rs-card">
      <h2>What should change</h2>
      <div :class="waits ? 'rs-notice' : 'rs-quiet'">{{ hint }}</div>
      <ul class="rs-said">
        <li v-for="([words, about], place) in said" :key="place">
          <p class="rs-said-words">{{ words }}</p>
          <p class="rs-quiet rs-small">{{ about }}</p>
        </li>
      </ul>
      <div v-if="open" class="rs-stack">
        <q-input v-model="draft" type="textarea" label="Words for the designer" autogrow outlined />
        <q-btn outline no-caps color="primary" label="Send" class="rs-start" @click="$emit('send', draft)" />
      </div>
    </div>`,
  props: { said: Array, hint: String, waits: Boolean, open: Boolean },
  data: () => ({ draft: "" }),
  methods: {
    clear() {
      this.draft = "";
    },
  },
};
