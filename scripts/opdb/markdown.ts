/** Helpers for Markdown reports. */

/** Escapes text for a table cell. */
export const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** The first difference of a case, and the number of further ones. */
export function firstLine(why: string): string {
  const lines = why.split('\n');
  return lines.length === 1 ? why : `${lines[0]} (and ${lines.length - 1} more)`;
}

/** Leaves the values of elements out of a difference: their digits depend on the processor. */
export function withoutValues(difference: string): string {
  return difference.replace(/element \d+ is (\S+), (in PyTorch|eagerly) (\S+)/, (_, got, where, wanted) => {
    if (wanted === 'NaN') return `values are NaN ${where}`;
    return got === 'NaN' ? 'values are NaN' : 'values differ';
  });
}

export function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

export function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
