/** Every program in examples/ runs, from the command that its readers use, and finds its own results right. */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as support from '../examples/support/check';
import * as torch from '../lib';

const root = path.resolve(__dirname, '..');
const folder = path.join(root, 'examples');
const entries = fs.readdirSync(folder, { withFileTypes: true });
/** Every example with its file: a program in the folder, or main.ts in a folder of its own. */
const examples = entries
  .map((entry) =>
    entry.isDirectory()
      ? { name: entry.name, file: `${entry.name}/main.ts` }
      : { name: path.basename(entry.name, '.ts'), file: entry.name },
  )
  .filter(({ file }) => file.endsWith('.ts') && fs.existsSync(path.join(folder, file)));
const names = examples.map(({ name }) => name);
const readme = fs.readFileSync(path.join(folder, 'README.md'), 'utf8');

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts', 'example.mjs'), ...args], {
    cwd: os.tmpdir(),
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

const fails = (message: string) => (): never => {
  throw new Error(message);
};

test.each(names)('%s', (name) => {
  const { status, output } = run(name);
  const checks = output.split('\n').filter((line) => /^ {2}(ok {2}|FAIL) /.test(line));
  expect({ failed: checks.filter((line) => line.includes('FAIL')), status, output }).toEqual({
    failed: [],
    status: 0,
    output,
  });
  expect(checks.length).toBeGreaterThan(0);
});

test('README.md lists exactly these, and what their folders are for', () => {
  const listed = [...readme.matchAll(/^\| \[([\w-]+)\]\(([\w/-]+\.ts)\) \| \S/gm)].map(([, name, file]) => ({
    name,
    file,
  }));
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  expect(listed.toSorted(byName)).toEqual(examples.toSorted(byName));
  // Programs in the other folders would not run here.
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  expect(folders.filter((name) => !names.includes(name) && !readme.includes(`\`${name}/\``))).toEqual([]);
});

test('the command lists them, and knows no others', () => {
  const { status, output } = run();
  expect(status).toBe(0);
  expect([...output.matchAll(/^ {2}([\w-]+) {2,}\S.*\.$/gm)].map((match) => match[1]).toSorted()).toEqual(
    names.toSorted(),
  );
  expect(run('no-such-example')).toMatchObject({ status: 1 });
});

describe('a check', () => {
  const { check, checkThat, checkThrows } = support;

  test.each<[string, () => void, boolean]>([
    ['values that are close', () => check('it', torch.tensor([1, 2]), torch.tensor([1, 2])), true],
    ['no values', () => check('it', torch.ones(0), torch.ones(0)), true],
    ['other values', () => check('it', torch.tensor([1, 2]), torch.tensor([1, 3])), false],
    ['not a number', () => check('it', torch.tensor([NaN]), torch.tensor([1])), false],
    ['a shape that would broadcast', () => check('it', torch.ones(1, 2), torch.ones(2)), false],
    ['another dtype', () => check('it', torch.ones(2), torch.ones([2], { dtype: 'float64' })), false],
    ['nothing thrown', () => checkThrows('it', () => 1, /x/), false],
    ['something else thrown', () => checkThrows('it', fails('y'), /x/), false],
    ['what should be thrown', () => checkThrows('it', fails('x'), /x/), true],
    ['an untruth', () => checkThat('it', false), false],
  ])('of %s', (_, body, holds) => {
    const lines: string[] = [];
    const log = jest.spyOn(console, 'log').mockImplementation((line: string) => {
      lines.push(line);
    });
    const { exitCode } = process;
    process.exitCode = 0;
    try {
      body();
      expect(process.exitCode).toBe(holds ? 0 : 1);
    } finally {
      process.exitCode = exitCode;
      log.mockRestore();
    }
    expect(lines.join('\n')).toMatch(holds ? /^ {2}ok {3}it/ : /^ {2}FAIL it/);
  });
});
