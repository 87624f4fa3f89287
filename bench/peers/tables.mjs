// The tables of a comparison, in Markdown.

/** @typedef {import('./measure.mjs').Measured} Measured */
/** @typedef {import('./measure.mjs').Figures} Figures */
/** @typedef {{ name: string, title: string }} Peer */

/** Three digits, and no fraction from 100 on. @param {number} value */
export function format(value) {
  if (value >= 99.95) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

/** @param {string[][]} lines the first one is the heading */
export function markdown(lines) {
  const widths = lines[0].map((_, i) => Math.max(3, ...lines.map((line) => [...line[i]].length)));
  const pad = (/** @type {string} */ text, /** @type {number} */ i) => {
    const space = ' '.repeat(widths[i] - [...text].length);
    return i === 0 ? text + space : space + text;
  };
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [lines[0], rule, ...lines.slice(1)].map((line) => `| ${line.map(pad).join(' | ')} |`).join('\n');
}

/**
 * A table with a column for each peer that has figures or failures.
 *
 * @param {Measured[]} rows
 * @param {Peer[]} peers
 * @param {(figures: Figures) => number | null} figure
 * @param {{ title: string, of: (row: Measured) => number | null }[]} [ratios]
 */
export function table(rows, peers, figure, ratios = []) {
  const shown = peers.filter(({ name }) => rows.some((row) => row.figures[name] || row.failures[name]));
  const cell = (/** @type {Measured} */ row, /** @type {string} */ peer) => {
    const failure = row.failures[peer];
    if (failure) return { slow: failure.reason, error: 'fails', wrong: 'wrong' }[failure.kind];
    const value = row.figures[peer] ? figure(row.figures[peer]) : null;
    return value === null ? '' : format(value);
  };
  const ratio = (/** @type {number | null} */ value) =>
    value === null ? '' : value < 0.1 ? value.toPrecision(2) : value.toFixed(2);
  return markdown([
    ['row', ...shown.map(({ title }) => title), ...ratios.map(({ title }) => title)],
    ...rows.map((row) => [
      row.title,
      ...shown.map(({ name }) => cell(row, name)),
      ...ratios.map(({ of }) => ratio(of(row))),
    ]),
  ]);
}

/** The least time of the fastest of these peers, or null. @param {Measured} row @param {string[]} peers */
function fastest(row, peers) {
  const times = peers.flatMap((peer) => row.figures[peer]?.least ?? []);
  return times.length > 0 ? Math.min(...times) : null;
}

/** @param {string} title @param {string} ours @param {string[]} theirs */
const ratioOf = (title, ours, theirs) => ({
  title,
  of: (/** @type {Measured} */ row) => {
    const [a, b] = [fastest(row, [ours]), fastest(row, theirs)];
    return a === null || b === null ? null : a / b;
  },
});

/** Ratios of least times; those that no row has are left out. @param {Measured[]} rows */
function ratiosIn(rows) {
  const all = [
    ratioOf('eager / torch.func', 'ours', ['torch']),
    ratioOf('compiled / best of torch.compile, JAX', 'ours-compiled', ['torch-compile', 'jax']),
  ];
  return all.filter(({ of }) => rows.some((row) => of(row) !== null));
}

/** @param {Measured[]} rows @param {Peer[]} peers */
export const tables = (rows, peers) => ({
  least: table(rows, peers, ({ least }) => least * 1e6, ratiosIn(rows)),
  median: table(rows, peers, ({ median }) => median * 1e6),
  first: table(rows, peers, ({ first }) => first * 1e3),
  peak: table(rows, peers, ({ peak }) => (peak === null ? null : peak / 1e6)),
});

/** One line for each failure. @param {Measured[]} rows @param {Peer[]} peers */
export const failures = (rows, peers) =>
  rows.flatMap(({ title, failures: reasons }) =>
    peers.flatMap(({ name, title: peer }) => (reasons[name] ? `${peer}, ${title}: ${reasons[name].reason}` : [])),
  );
