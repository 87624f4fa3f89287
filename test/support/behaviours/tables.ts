/** Reads the tables of test/behaviours; its README.md documents their form. */

import { readFileSync } from 'node:fs';

export interface Reference {
  /** The file, from `test/` on. */
  file: string;
  title: string;
}

export interface Row {
  /** The name of PyTorch's test. */
  test: string;
  /** Our tests, or null for a row without a test; `reason` says why. */
  covered: Reference[] | null;
  reason: string;
}

export interface Section {
  /** The class of PyTorch's tests. */
  name: string;
  /** The number of tests in the heading. */
  count: number;
  rows: Row[];
}

const HEADING = /^## (\S+) \((\d+)\)$/;
const REFERENCE = /^(?:`([^`]+)`: )?(.+)$/;
const ABSENT = 'not here: ';

function readReferences(cell: string, where: string): Reference[] {
  let file = '';
  return cell.split('<br>').map((text) => {
    const match = REFERENCE.exec(text.trim());
    file = match?.[1] ?? file;
    if (match === null || file === '') throw new Error(`${where}: '${text}' is not a file and a title`);
    return { file, title: match[2] };
  });
}

function readRow(line: string, where: string): Row {
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.replaceAll('\\|', '|').trim());
  const name = /^`(\w+)`$/.exec(cells[1]);
  if (cells.length !== 4 || name === null) throw new Error(`${where}: not a row of two cells: ${line}`);
  const absent = cells[2].startsWith(ABSENT);
  return {
    test: name[1],
    covered: absent ? null : readReferences(cells[2], where),
    reason: absent ? cells[2].slice(ABSENT.length) : '',
  };
}

/** The sections of a table file. */
export function readTables(path: string): Section[] {
  const sections: Section[] = [];
  for (const [i, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const where = `${path}:${i + 1}`;
    if (line.startsWith('## ')) {
      const heading = HEADING.exec(line);
      if (heading === null) throw new Error(`${where}: not a class and its number of tests: ${line}`);
      sections.push({ name: heading[1], count: Number(heading[2]), rows: [] });
    } else if (line.startsWith('| `')) {
      const section = sections.at(-1);
      if (section === undefined) throw new Error(`${where}: a row before the first heading`);
      section.rows.push(readRow(line, where));
    }
  }
  return sections;
}
