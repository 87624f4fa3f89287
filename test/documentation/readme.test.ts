/** What README.md shows: its examples compile, run, and give what they say; its commands work. */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import { markdownBlocks, root } from './support/blocks';
import { checkBlocks, makeProject } from './support/check-blocks';

const text = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
const blocks = markdownBlocks('README.md');
const examples = blocks.filter(({ language }) => language === 'ts');

describe('the examples', () => {
  let failures: (string | null)[] = [];
  beforeAll(() => {
    failures = checkBlocks(examples);
  }, 120_000);

  test('are all that there are', () => {
    expect(examples.length).toBeGreaterThan(8);
    expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(['sh', 'ts']);
  });

  test.each(examples.map((block, i) => ({ name: `${block.file}:${block.line}`, i })))('$name', ({ i }) => {
    expect(failures[i]).toBeNull();
  });
});

describe('the commands', () => {
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.split('\n'));
  const program = path.join(root, 'dist', 'cli', 'main.js');
  let project = '';

  beforeAll(() => {
    project = makeProject();
    for (const { code } of examples) {
      // An example that begins with the name of a file is that file.
      const name = /^\/\/ ([\w-]+\.ts)\b/.exec(code)?.[1];
      if (name !== undefined) fs.writeFileSync(path.join(project, name), code);
    }
    const make = "require('torch-func').npy.save('states.npy', require('torch-func').rand(5, 2))";
    execFileSync(process.execPath, ['-e', make], { cwd: project });
  });
  afterAll(() => {
    fs.rmSync(project, { recursive: true, force: true });
  });

  const commands = lines.filter((line) => line.startsWith('npx torch-func '));

  test.each([...new Set(commands)])('%s', (line) => {
    const args = line.split(/\s+/).slice(2);
    execFileSync(process.execPath, [program, ...args], { cwd: project, stdio: 'pipe' });
    const output = args.indexOf('--output');
    if (output >= 0) expect(fs.existsSync(path.join(project, args[output + 1]))).toBe(true);
  });

  test('name scripts that there are, and these name programs that there are', () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...text.matchAll(/\bnpm run ([\w:]+)/g)].map((match) => match[1]);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    const programs = Object.values(scripts).flatMap((script) => [...script.matchAll(/\bnode (\S+)/g)]);
    expect(programs.map(([, file]) => file).filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([]);
  });
});

test('the environment variables are those of the set-up', () => {
  const help = execFileSync(process.execPath, [path.join(root, 'scripts', 'setup.mjs'), '--help'], {
    encoding: 'utf8',
  });
  const documented = help
    .slice(help.indexOf('Environment variables:'))
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/));
  const table = [...text.matchAll(/^\| (`[A-Z].*?`) +\| (.*?) +\|$/gm)].map(([, names, meaning]) => [
    names.replaceAll('`', ''),
    meaning,
  ]);
  expect(table).toEqual(documented);
});

test('the numbers of overloads are those of docs/operators.md', () => {
  const report = fs.readFileSync(path.join(root, 'docs', 'operators.md'), 'utf8');
  const count = (row: string): number => Number(new RegExp(`^\\| ${row} +\\| +(\\d+) \\|$`, 'm').exec(report)?.[1]);
  const named = count('By name, with generated types') + count('By name, written by hand');
  const others = [count('Through `torch.ops.aten` only'), count('Not at all: .*?')];
  const numbers = /of the ([\d,]+) overloads[^,]+, ([\d,]+) have a name here, (\d+) [^,]+, and (\d+)/.exec(
    text.replace(/\s+/g, ' '),
  );
  expect(numbers?.slice(1).map((number) => Number(number.replace(',', '')))).toEqual([count('All'), named, ...others]);
});

test('what is said not to work yet is not there', () => {
  const section = text.slice(text.indexOf('## What does not work yet'), text.indexOf('## More'));
  const lists = [...section.matchAll(/^- `(torch[.\w]*)`: ((?:`\w+`(?:,\s+)?)+)/gm)];
  expect(lists.map((list) => list[1])).toEqual(['torch.autograd', 'torch.nn', 'torch']);
  const present = lists.flatMap(([, where, names]) => {
    const namespace = where
      .split('.')
      .slice(1)
      .reduce<any>((value, key) => value[key], torch);
    return [...names.matchAll(/\w+/g)].map(([name]) => name).filter((name) => name in namespace);
  });
  expect(present).toEqual([]);
});

test('the links lead somewhere', () => {
  const targets = [...text.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]);
  expect(targets.length).toBeGreaterThan(3);
  expect(targets.filter((target) => !fs.existsSync(path.join(root, target)))).toEqual([]);
});
