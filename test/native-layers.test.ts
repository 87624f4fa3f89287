/** The floors of native/: what may include what. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { NATIVE_FLOORS } from './support/floors';

const ROOT = path.join(__dirname, '..', 'native');

const MAX_LINES = 450;

const files = fs
  .readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(h|hpp|cpp)$/.test(file))
  .map((file) => file.split(path.sep).join('/'))
  .sort();

const sources = new Map(files.map((file) => [file, fs.readFileSync(path.join(ROOT, file), 'utf8')]));

function includesOf(file: string): string[] {
  return [...sources.get(file)!.matchAll(/^#include "([^"]+)"/gm)].map(([, included]) => included);
}

function floorOf(file: string): number {
  return NATIVE_FLOORS.findIndex((prefixes) => prefixes.some((prefix) => file.startsWith(prefix)));
}

/** The files of a cycle of includes that `file` is reached from again, or null. */
function cycleThrough(file: string, trail: readonly string[] = []): string[] | null {
  if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
  for (const included of includesOf(file)) {
    const cycle = cycleThrough(included, [...trail, file]);
    if (cycle !== null) return cycle;
  }
  return null;
}

describe('native/', () => {
  test('every file has a floor', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => floorOf(file) < 0)).toEqual([]);
  });

  test('every entry of a floor has files', () => {
    const entries = NATIVE_FLOORS.flat();
    expect(entries.filter((entry) => !files.some((file) => file.startsWith(entry)))).toEqual([]);
  });

  test('includes name files of native/ by their path from there', () => {
    const missing = files.flatMap((file) => includesOf(file).filter((included) => !sources.has(included)));
    expect(missing).toEqual([]);
  });

  test('no file includes one of a higher floor', () => {
    const upward = files.flatMap((file) =>
      includesOf(file)
        .filter((included) => floorOf(included) > floorOf(file))
        .map((included) => `${file} includes ${included}`),
    );
    expect(upward).toEqual([]);
  });

  test('no includes form a cycle', () => {
    expect(files.map((file) => cycleThrough(file)).filter((cycle) => cycle !== null)).toEqual([]);
  });

  test(`no file has more than ${MAX_LINES} lines`, () => {
    const long = files.filter((file) => sources.get(file)!.split('\n').length - 1 > MAX_LINES);
    expect(long).toEqual([]);
  });

  test('every file lies in a folder', () => {
    expect(files.filter((file) => !file.includes('/'))).toEqual([]);
  });

  // In a file that is not compiled with OpenMP it would run on the calling thread alone.
  test('at::parallel_for is called in the file that is compiled with OpenMP', () => {
    const calling = files.filter((file) => /at::parallel_for\(/.test(sources.get(file)!));
    expect(calling).toEqual(['compile/machine/parallel.cpp']);
  });

  test('every source file begins with what it is for', () => {
    expect(files.filter((file) => file.endsWith('.cpp') && !sources.get(file)!.startsWith('// '))).toEqual([]);
  });
});
