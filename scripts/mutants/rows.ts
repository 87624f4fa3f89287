/** The rows of test/behaviours that name tests of ours, and the results of these tests. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { readTables, type Reference } from '../../test/support/behaviours/tables';
import { ROOT } from './mutants';

const TESTS = path.join(ROOT, 'test');

export interface Row {
  /** The class and the name of PyTorch's test: `TestJac.simple`. */
  key: string;
  references: Reference[];
}

/** All rows that name tests. */
export function readRows(): Row[] {
  const folder = path.join(TESTS, 'behaviours');
  const tables = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md');
  return tables.flatMap((name) =>
    readTables(path.join(folder, name)).flatMap((section) =>
      section.rows.flatMap(({ test, covered }) =>
        covered === null ? [] : [{ key: `${section.name}.${test}`, references: covered }],
      ),
    ),
  );
}

const IMPORT = /(?:from|import|require\()\s*'(\.[^']+)'/g;

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)]
    .flatMap(([, name]) => [`${name}.ts`, `${name}/index.ts`, name])
    .map((name) => path.join(path.dirname(file), name))
    .filter((name) => name.startsWith(TESTS) && name.endsWith('.ts') && existsSync(name));
}

function reach(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const name of importsOf(file)) reach(name, found);
  return found;
}

/** For each file below test/, from there on, the test files that import it; a test file is among its own. */
export function testFilesOf(): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const name of readdirSync(TESTS, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.test.ts')) continue;
    for (const file of reach(path.join(TESTS, name))) {
      const key = path.relative(TESTS, file);
      result.set(key, [...(result.get(key) ?? []), name]);
    }
  }
  return result;
}

/** One test of a run. */
export interface Outcome {
  /** The test file, from `test/` on. */
  file: string;
  /** The titles of its groups, and its own. */
  titles: string[];
  status: 'passed' | 'failed' | 'skipped';
}

const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim();

/**
 * Whether a title of a table means this test: it is its own title, or the part of it before a colon, or that of one of its
 * groups, or both together.
 */
export function isNamed(titles: readonly string[], title: string): boolean {
  const wanted = squeeze(title);
  const squeezed = titles.map(squeeze);
  return (
    squeezed.includes(wanted) ||
    squeezed.at(-1)!.replace(' : ', ': ').startsWith(`${wanted}: `) ||
    squeezed.some((_, i) => squeezed.slice(i).join(' ') === wanted)
  );
}

/** Finds the outcomes that a row names. */
export class Results {
  readonly #byFile: Map<string, Outcome[]>;

  constructor(
    outcomes: readonly Outcome[],
    private readonly importers: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#byFile = groupByFile(outcomes);
  }

  of({ file, title }: Reference): Outcome[] {
    const files = this.importers.get(file) ?? [];
    return files.flatMap((name) => (this.#byFile.get(name) ?? []).filter(({ titles }) => isNamed(titles, title)));
  }
}

function groupByFile(outcomes: readonly Outcome[]): Map<string, Outcome[]> {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const group = groups.get(outcome.file);
    if (group === undefined) groups.set(outcome.file, [outcome]);
    else group.push(outcome);
  }
  return groups;
}
