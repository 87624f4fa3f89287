/** Mutants: small faults of lib/, each with the rows of test/behaviours whose tests must notice it. */

import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { createJiti } from 'jiti';

export const ROOT = path.join(__dirname, '..', '..');
const FOLDER = path.join(ROOT, 'test', 'behaviours', 'mutants');

/** A change of a file: the text to find, which occurs once, and its replacement. */
export type Edit = readonly [file: string, find: string, replace: string];

/** A fault of lib/, as the files of test/behaviours/mutants define it. */
export interface Fault {
  /** The fault, in words. */
  name: string;
  edits: readonly Edit[];
}

/** By class of PyTorch's tests, the names of tests, separated by spaces. */
type Claims = Readonly<Record<string, string>>;

export interface Mutant extends Fault {
  /** The rows whose tests must fail; empty if kills.json has no entry. */
  kills: Claims;
}

/** The keys of the rows that a mutant claims: `TestJac.simple`. */
export function claimsOf({ kills }: Mutant): string[] {
  return Object.entries(kills).flatMap(([section, tests]) =>
    tests
      .trim()
      .split(/\s+/)
      .map((test) => `${section}.${test}`),
  );
}

/** All mutants of test/behaviours/mutants, with the rows of kills.json. */
export async function readMutants(): Promise<Mutant[]> {
  const jiti = createJiti(__filename);
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  const modules = files.map((name) => jiti.import<{ mutants?: Fault[] }>(path.join(FOLDER, name)));
  const faults = (await Promise.all(modules)).flatMap(({ mutants = [] }) => mutants);
  const kills = readKills();
  return faults.map((fault) => ({ ...fault, kills: kills[fault.name] ?? {} }));
}

/** The rows that each mutant must kill, by the name of the mutant. */
export function readKills(): Record<string, Claims> {
  return readJson('kills.json') as Record<string, Claims>;
}

/** Why no mutant kills a row, by the key of the row. */
export function readReasons(): Record<string, string> {
  return readJson('unkilled.json') as Record<string, string>;
}

const readJson = (name: string): unknown => JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8'));

/** The reason why an edit cannot be made; null if it can. */
function problemOf([file, find, replace]: Edit): string | null {
  let text: string;
  try {
    text = readFileSync(path.join(ROOT, file), 'utf8');
  } catch {
    return `${file} does not exist`;
  }
  const count = text.split(find).length - 1;
  if (count === 0) return `${file} does not contain: ${find}`;
  if (count > 1) return `${file} contains it ${count} times: ${find}`;
  return find === replace ? `${file}: the replacement changes nothing: ${find}` : null;
}

/** What is wrong with the definitions: names, edits, and rows that they claim. */
export function problemsOf(
  mutants: readonly Mutant[],
  kills: Readonly<Record<string, Claims>>,
  rows: ReadonlySet<string>,
): string[] {
  const names = mutants.map(({ name }) => name);
  const unnamed = Object.keys(kills).filter((name) => !names.includes(name));
  const repeated = names.filter((name, i) => names.indexOf(name) !== i).map((name) => `two mutants are named: ${name}`);
  const wrong = mutants.flatMap((mutant) => {
    const claims = claimsOf(mutant);
    const unknown = claims.filter((row) => !rows.has(row)).map((row) => `there is no row with a test: ${row}`);
    const twice = claims.filter((row, i) => claims.indexOf(row) !== i).map((row) => `the row is claimed twice: ${row}`);
    const edits = mutant.edits.map(problemOf).filter((problem) => problem !== null);
    const none = claims.length === 0 ? ['kills.json has no row for it'] : [];
    return [...edits, ...none, ...unknown, ...twice].map((problem) => `${mutant.name}: ${problem}`);
  });
  return [...repeated, ...unnamed.map((name) => `kills.json names a mutant that does not exist: ${name}`), ...wrong];
}
