// The page's colours, for what is drawn where CSS does not reach.

const FALLBACK = {
  quiet: "#556170",
  paper: "#f6f7f9",
  raised: "#ffffff",
  line: "#d5dae1",
  accent: "#0b5cad",
};

/** The colours as they now are at an element, by name. */
export function coloursOf(element) {
  const style = getComputedStyle(element);
  const colour = ([name, fallback]) => [name, style.getPropertyValue(`--${name}`).trim() || fallback];
  return Object.fromEntries(Object.entries(FALLBACK).map(colour));
}
