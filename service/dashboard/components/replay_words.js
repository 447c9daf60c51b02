// What is told of an episode in words.

/** A number in about four digits; the strings are those of JSON that stand for what is not finite. */
export function figure(value) {
  if (value === undefined) return "–";
  const number = Number(value);
  if (Number.isNaN(number)) return "not a number";
  if (!Number.isFinite(number)) return number > 0 ? "infinite" : "−infinite";
  const size = Math.abs(number);
  const told =
    size !== 0 && (size >= 1e5 || size < 1e-3)
      ? number.toExponential(2)
      : number.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3);
  return told.replaceAll("-", "−");
}

const ENDS = {
  terminated: "then the environment ended it",
  truncated: "to the time limit",
};

/** How the episode ended, and what the run's fitness says of it. */
export function told({ score, success, length, end }, seconds) {
  const verdict = success ? "✓ Success" : "✕ No success";
  const steps = `${length} ${length === 1 ? "step" : "steps"} in ${seconds.toFixed(2)} s`;
  return `${verdict}, score ${figure(score)}. ${steps}, ${ENDS[end] ?? end}.`;
}
