/**
 * The floors of the code: a file imports only from its own floor and from lower ones, and no two files import each
 * other. Imports of types alone are exempt: they are gone at run time.
 */

import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { FLOORS } from './support/floors';
import { cycles, emptyEntries, importsOf, upwardImports, withoutFloor } from './support/layers';
import type { Floor, Sources } from './support/layers';

const root = path.join(__dirname, '..');

function filesOf(folder: string, extension: RegExp): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join(folder, ...file.split(path.sep)))
    .filter((file) => extension.test(file) && !/(^|\/)(node_modules|__pycache__)\//.test(file));
}

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const sources: Sources = new Map(
  ['lib', 'scripts/mutants', 'scripts/opdb', 'scripts/parity', 'scripts/truth', 'examples']
    .flatMap((folder) => filesOf(folder, /\.ts$/))
    .map((file) => [file, read(file)]),
);

describe('the sources', () => {
  test('every file lies on a floor', () => {
    expect(sources.size).toBeGreaterThan(200);
    expect(withoutFloor(sources, FLOORS)).toEqual([]);
  });

  test('every entry of a floor has files', () => {
    expect(emptyEntries(sources, FLOORS)).toEqual([]);
  });

  test('no file imports from a higher floor', () => {
    expect(upwardImports(sources, FLOORS)).toEqual([]);
  });

  test('no files import each other', () => {
    expect(cycles(sources)).toEqual([]);
  });

  test('no file is longer than 450 lines, except what is generated', () => {
    const files = ['lib', 'scripts', 'test', 'examples'].flatMap((folder) => filesOf(folder, /\.(ts|mts|mjs|cjs|py)$/));
    expect(files.length).toBeGreaterThan(400);
    const lengths = files
      .filter((file) => !file.startsWith('lib/generated/'))
      .map((file) => [file, read(file).trimEnd().split('\n').length] as const);
    expect(lengths.filter(([, length]) => length > 450)).toEqual([]);
  });
});

describe('the check', () => {
  const floors: Floor[] = [
    ['low', 'lib/low/', 'lib/words'],
    ['high', 'lib/high/', 'lib/low/index'],
  ];
  const tree = (files: Record<string, string>): Sources => new Map(Object.entries(files));

  test('reads every form of import, and leaves out types', () => {
    const loaded = `
      import './a'; import b from './b'; import * as c from './c'; import { d, type D } from './d';
      export * from './e'; export * as f from './f'; export { g } from './g';
      const h = await import('./h'); const i = require('./i');`;
    expect(importsOf(loaded)).toEqual('abcdefghi'.split('').map((name) => `./${name}`));
    const types = `
      import type { A } from './a'; import { type B } from './b'; import type C from './c';
      export type { D } from './d'; export { type E } from './e'; export type * from './f'; type G = import('./g').G;`;
    expect(importsOf(types)).toEqual([]);
  });

  test('names an import from a higher floor', () => {
    const files = {
      'lib/low/a.ts':
        "import { b } from '../high/b'; import type { B } from '../high/b'; import { w } from '../words';",
      'lib/high/b.ts': "import { a } from '../low/a';",
      'lib/low/index.ts': "export * from './a'; export * from '../high/b';",
      'lib/words.ts': "export { a } from './low';",
    };
    expect(upwardImports(tree(files), floors)).toEqual([
      "lib/low/a.ts (floor 'low') imports lib/high/b.ts (floor 'high'), which is above it",
      "lib/words.ts (floor 'low') imports lib/low/index.ts (floor 'high'), which is above it",
    ]);
  });

  test('names a cycle', () => {
    const files = {
      'lib/low/a.ts': "import { b } from './b';",
      'lib/low/b.ts': "import { c } from './c'; import type { A } from './a';",
      'lib/low/c.ts': "export * from './a';",
      'lib/low/d.ts': "import { a } from './a';",
    };
    expect(cycles(tree(files))).toEqual(['lib/low/a.ts -> lib/low/b.ts -> lib/low/c.ts -> lib/low/a.ts']);
  });

  test('names a file of a folder that no floor has, and an entry without files', () => {
    const files = tree({ 'lib/low/a.ts': '', 'lib/new/b.ts': '', 'lib/words.ts': '' });
    expect(withoutFloor(files, floors)).toEqual(['lib/new/b.ts']);
    expect(emptyEntries(files, floors)).toEqual(['lib/high/', 'lib/low/index']);
  });
});
