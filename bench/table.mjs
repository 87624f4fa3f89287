// Prints a table row by row.

const widths = [56, 9, 12, 10];

const cell = (/** @type {string} */ text, /** @type {number} */ i) =>
  i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]);

/** @param {string[]} cells */
function line(cells) {
  process.stdout.write(`${cells.map(cell).join('')}\n`);
}

/** @param {string} title */
export function heading(title) {
  process.stdout.write('\n');
  line([title, 'limit', 'measured', '']);
}

/** @typedef {{ title: string, limit: number | null, unit: string, measured: number, note?: string, name: string }} Row */

/** Whether the measurement is within its limit; null without a limit. @param {Row} row */
export const verdict = ({ limit, measured }) => (limit === null ? null : measured <= limit);

/** @param {Row} row */
export function writeRow(row) {
  const digits = row.unit === 'MB' ? 0 : 2;
  const unit = row.unit === '' ? '' : ` ${row.unit}`;
  const kept = verdict(row);
  line([
    row.title,
    row.limit === null ? '' : `${row.limit}${unit}`,
    `${row.measured.toFixed(digits)}${unit}`,
    kept === null ? '' : kept ? 'pass' : 'FAIL',
  ]);
  if (row.note !== undefined) process.stdout.write(`  ${row.note}\n`);
}
