/** Helpers for Markdown reports. */

/** Escapes text for a table cell. */
export const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** The first difference of a case, and the number of further ones. */
export function firstLine(why: string): string {
  const lines = why.split('\n');
  return lines.length === 1 ? why : `${lines[0]} (and ${lines.length - 1} more)`;
}

/** Rounds numbers to digits that do not depend on the processor. */
export function rounded(text: string): string {
  return text.replace(/\d+\.\d{6,}(e[+-]?\d+)?/g, (number) => String(Number(Number(number).toPrecision(6))));
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
