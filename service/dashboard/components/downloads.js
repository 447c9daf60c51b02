// A button for each kind of file, at the right of what is put beside them.

export default {
  template: `
    <div class="rs-downloads">
      <slot></slot>
      <q-btn v-for="ending in endings" :key="ending" flat dense no-caps color="primary" :label="ending.toUpperCase()"
        :aria-label="label + ' as ' + ending.toUpperCase()" @click="$emit('save', ending)" />
    </div>`,
  props: { label: String, endings: Array },
  emits: ["save"],
};
