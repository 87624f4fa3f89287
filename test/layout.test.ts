/** The path of a test file decides its project (jest.config.cjs): what a file imports must fit the project that it is in. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';

const needsPython = path.join(__dirname, 'support', 'parity', 'python.ts');
const startsProcesses = [
  'node:child_process',
  'node:worker_threads',
  path.join(__dirname, '..', 'scripts', 'mutants', 'jest.ts'),
];

/** The project of a test file, from its path below `test/`. */
function projectOf(file: string): string {
  if (/^parity\/|parity\.test\.ts$/.test(file)) return 'parity';
  return /process\.test\.ts$/.test(file) ? 'process' : 'unit';
}

/** The modules that a file of `test/` imports; types are not imported. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const names = [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)'|^import '([^']+)'/gm)];
  return names.map(([, from, bare]) => from ?? bare);
}

function resolve(file: string, name: string): string {
  const target = path.resolve(path.dirname(file), name);
  const candidates = [target, `${target}.ts`, path.join(target, 'index.ts')];
  return candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile()) ?? target;
}

/** What a file imports, directly or through other files of `test/`. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  for (const name of importsOf(file)) {
    const target = name.startsWith('.') ? resolve(file, name) : name;
    if (seen.has(target)) continue;
    seen.add(target);
    if (target.startsWith(__dirname + path.sep)) reach(target, seen);
  }
  return seen;
}

const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .sort();

test.each(files)('%s', (file) => {
  const reached = reach(path.join(__dirname, file));
  const wanted = reached.has(needsPython)
    ? 'parity'
    : startsProcesses.some((name) => reached.has(name))
      ? 'process'
      : 'unit';
  // What lies in test/parity/ tests the parity run itself, with or without Python.
  if (!file.startsWith('parity/')) expect({ file, project: projectOf(file) }).toEqual({ file, project: wanted });
});

test('helpers lie in test/support/', () => {
  const elsewhere = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /(^|\/)(support|helpers?)(\.ts$|\/)/.test(name) && !name.startsWith('support/'),
  );
  expect(elsewhere).toEqual([]);
});
