// A heading where one is wanted, and a button for each kind of file.

export default {
  template: `
    <div class="rs-downloads">
      <h2 v-if="titled">{{ label }}</h2>
      <q-btn v-for="ending in endings" :key="ending" flat dense no-caps color="primary" :label="ending.toUpperCase()"
        :aria-label="label + ' as ' + ending.toUpperCase()" @click="$emit('save', ending)" />
    </div>`,
  props: { label: String, titled: Boolean, endings: Array },
};
