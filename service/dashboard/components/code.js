// Lines of code as text: every piece goes through Vue's interpolation, which knows no HTML.

export default {
  template: `
    <pre class="rs-code" tabindex="0" role="region" :aria-label="label"><code><span
      v-for="([kind, pieces], place) in lines" :key="place" class="rs-code-line" :class="kind && 'rs-code-' + kind"
      ><span v-if="numbered" class="rs-code-number" aria-hidden="true">{{ place + 1 }}</span><span
      v-for="([what, text], at) in pieces" :key="at" :class="what && 'rs-code-' + what">{{ text }}</span>{{ "\\n" }}</span></code></pre>
  `,
  props: { label: String, lines: Array, numbered: Boolean },
};
