// A run's state, and a button for each thing that may be asked of it now.

export default {
  template: `
    <div class="rs-part">
      <div class="rs-row">
        <div class="rs-state" :class="'rs-state-' + state">{{ state.replaceAll("_", " ") }}</div>
        <q-btn v-for="wish in allowed" :key="wish" outline no-caps dense padding="2px 10px" color="primary"
          :label="wish[0].toUpperCase() + wish.slice(1)" @click="$emit('wish', wish)" />
        <a :href="exported" download>Export</a>
      </div>
      <div v-if="reason" class="rs-quiet">{{ reason }}</div>
    </div>`,
  props: { state: String, reason: String, allowed: Array, exported: String },
};
