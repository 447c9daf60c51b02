// Names, and what stands for each: words, or links.

export default {
  template: `
    <dl class="rs-facts">
      <div v-for="[name, said] in told" :key="name">
        <dt>{{ name }}</dt>
        <dd v-if="typeof said === 'string'">{{ said }}</dd>
        <dd v-else class="rs-row"><a v-for="[address, words] in said" :key="address" :href="address">{{ words }}</a>{{ said.length ? "" : "none" }}</dd>
      </div>
    </dl>`,
  props: { told: Array },
};
