// What curve.js says in words, figures and files.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 6 });

/** A place on an axis, thousands apart. */
export function place(value) {
  return (value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential(1) : whole.format(value)).replace("-", "−");
}

/** Three significant digits, as wording.py has them. */
export function figure(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const digits = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  const shown = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString("en-US", shown).replace("-", "−");
}

/** The lines in a sentence each, for those who do not see them. */
export function summary({ label, x, y }, lines) {
  const said = lines.map((line) => {
    if (line.level) return `${line.name}: ${figure(line.value)} throughout`;
    const [at, value] = line.points.at(-1);
    const count = line.points.length;
    return `${line.name}: ${whole.format(count)} ${count === 1 ? "point" : "points"}, last ${figure(value)} at ${place(at)}`;
  });
  const count = lines.filter((line) => !line.level).length;
  return `${label}. ${y} over ${x}, ${count} ${count === 1 ? "line" : "lines"}. ${said.join("; ")}`;
}

/** A cell of text: a spreadsheet must not take it for a formula. */
function cell(said) {
  const tame = /^[=+\-@\t\r]/.test(said) ? `'${said}` : said;
  return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
}

/** A row for each x of a line, with its band there; one row for a level. */
function rowsOf(line) {
  if (line.level) return [[null, line.value, line.low, line.high]];
  const rows = new Map(line.points.map(([x, y]) => [x, [x, y, null, null]]));
  for (const [x, low, high] of line.band) rows.set(x, [x, rows.get(x)?.[1] ?? null, low, high]);
  return [...rows.values()].sort((a, b) => a[0] - b[0]);
}

/** Numbers in full; the y of a level is for every x. */
export function csv({ x, y }, lines) {
  const head = ["line", x, y, "low", "high"].map(cell);
  const rows = lines.flatMap((line) => rowsOf(line).map((row) => [cell(line.name), ...row.map((value) => value ?? "")]));
  return [head, ...rows].map((row) => row.join(",") + "\r\n").join("");
}

/** As they were sent. */
export function json({ label, x, y }, lines) {
  const curves = lines.filter((line) => !line.level).map(({ key, name, points, band }) => ({ key, name, points, band }));
  const levels = lines.filter((line) => line.level).map(({ name, value, low, high }) => ({ name, value, low, high }));
  return JSON.stringify({ label, x, y, lines: curves, levels }, null, 1);
}

/** Hands the browser a file, named after the label. */
export function save(label, ending, type, content) {
  const slug = label.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = `${slug || "curve"}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000); // the browser has it by then
}
