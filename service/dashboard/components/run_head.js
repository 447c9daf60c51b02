// A run's task and state, and a button for each thing that may be asked of it now.

export default {
  template: `
    <div class="rs-row rs-spread">
      <h1>{{ task }}</h1>
      <div class="rs-row">
        <div class="rs-state" :class="'rs-state-' + state">{{ state.replaceAll("_", " ") }}</div>
        <q-btn v-for="wish in allowed" :key="wish" outline no-caps dense padding="2px 10px" color="primary"
          :label="wish[0].toUpperCase() + wish.slice(1)" @click="$emit('wish', wish)" />
        <a :href="exported" download>Export</a>
      </div>
      <div v-if="reason" class="rs-quiet">{{ reason }}</div>
    </div>`,
  props: { task: String, state: String, reason: String, allowed: Array, exported: String },
  emits: ["wish"],
};
