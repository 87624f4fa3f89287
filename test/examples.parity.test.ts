/** Examples with a `twin.py`: both programs print the same results. */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { findPython } from './support/parity/python';

const root = path.resolve(__dirname, '..');
const folder = path.join(root, 'examples');
const names = fs.readdirSync(folder).filter((name) => fs.existsSync(path.join(folder, name, 'twin.py')));

/** The lines that `result` of examples/support/check.ts prints, and the twin with the same words. */
function resultsOf(program: string, ...args: string[]): [name: string, value: number][] {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return [...stdout.matchAll(/^ {2}= {4}(.+): (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]);
}

/** Training amplifies what is rounded otherwise on another processor. */
function expectClose(ours: [name: string, value: number][], theirs: [name: string, value: number][]): void {
  expect(ours.length).toBeGreaterThan(1);
  expect(ours.map(([name]) => name)).toEqual(theirs.map(([name]) => name));
  for (const [i, [, value]] of theirs.entries()) expect(Math.abs(ours[i][1] / value - 1)).toBeLessThan(1e-6);
}

test.each(names)(
  '%s',
  (name) => {
    const ours = resultsOf(process.execPath, path.join(root, 'scripts', 'example.mjs'), name);
    const theirs = resultsOf(findPython(), path.join(folder, name, 'twin.py'));
    expectClose(ours, theirs);
  },
  120_000,
);

test('cnn-from-python, with files that Python writes now', () => {
  const [program, made] = [
    path.join(folder, 'cnn-from-python'),
    fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-cnn-')),
  ];
  try {
    const theirs = resultsOf(findPython(), path.join(program, 'twin.py'), made);
    const jiti = path.join(root, 'node_modules', 'jiti', 'lib', 'jiti-cli.mjs');
    const ours = resultsOf(process.execPath, jiti, path.join(program, 'main.ts'), made);
    expect(fs.readdirSync(made).sort()).toEqual(['cnn.pt2', 'cnn.safetensors']);
    expectClose(ours, theirs);
  } finally {
    fs.rmSync(made, { recursive: true });
  }
}, 120_000);
