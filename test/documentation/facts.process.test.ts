/** What the pages say of the sources: environment variables, numbers, what is missing, and where files are. */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import { root } from '../support/documentation/blocks';
import { readPage } from '../support/documentation/markdown';
import { FLOORS, NATIVE_FLOORS } from '../support/floors';

const oneLine = (file: string): string => readPage(file).replace(/\s+/g, ' ');
const numbersIn = (text: string, pattern: RegExp): number[] =>
  (pattern.exec(text)?.slice(1) ?? []).map((number) => Number(number.replaceAll(',', '')));

test('the environment variables of docs/install.md are those of the setup', () => {
  const help = execFileSync(process.execPath, [path.join(root, 'scripts', 'setup.mjs'), '--help'], {
    encoding: 'utf8',
  });
  const documented = help
    .slice(help.indexOf('Environment variables:'))
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/));
  const table = [...readPage('docs/install.md').matchAll(/^\| (`[A-Z].*?`) +\| (.*?) +\|$/gm)].map(
    ([, names, meaning]) => [names.replaceAll('`', ''), meaning],
  );
  expect(table).toEqual(documented);
});

test('the numbers of overloads are those of docs/operators.md', () => {
  const report = readPage('docs/operators.md');
  const count = (row: string): number => Number(new RegExp(`^\\| ${row} +\\| +(\\d+) \\|$`, 'm').exec(report)?.[1]);
  const all = count('All');
  const named = count('By name, with generated types') + count('By name, written by hand');
  const [raw, none] = [count('Through `torch.ops.aten` only'), count('Not at all: .*?')];
  expect(all).toBe(named + raw + none);
  expect(
    numbersIn(oneLine('docs/status.md'), /of the ([\d,]+) overloads[^,]+, ([\d,]+) have [^,]+, (\d+) [^,]+, and (\d+)/),
  ).toEqual([all, named, raw, none]);
  expect(
    numbersIn(
      oneLine('README.md'),
      /([\d,]+) of PyTorch's ([\d,]+) operator overloads [^;]+; (\d+) more are available/,
    ),
  ).toEqual([named, all, raw]);
});

test('the number of PyTorch’s autograd tests is that of the table of behaviours', () => {
  const [listed] = numbersIn(readPage('test/behaviours/autograd.md'), /^## TestAutograd \((\d+)\)$/m);
  expect(numbersIn(oneLine('test/behaviours/autograd.md'), /this table lists (\d+):/)).toEqual([listed]);
  expect(numbersIn(oneLine('docs/status.md'), /autograd\.md\) names (\d+) with/)).toEqual([listed]);
});

test('the numbers of parity cases are those of docs/parity.md', () => {
  const [equal, all, percent, corrected, others] = numbersIn(
    oneLine('docs/parity.md'),
    /\*\*(\d+) of (\d+) cases are equal \(([\d.]+) %\)\. Results are right in (\d+) more cases, [^;]+; (\d+) differ/,
  );
  expect(equal + corrected + others).toBe(all);
  const cases = /([\d,]+) of ([\d,]+) cases (?:of PyTorch's operator database )?\(([\d.]+) %\)/;
  expect(numbersIn(oneLine('docs/status.md'), cases)).toEqual([equal, all, percent]);
  expect(numbersIn(oneLine('README.md'), cases)).toEqual([equal, all, percent]);
  expect(numbersIn(oneLine('README.md'), /In ([\d,]+) more cases PyTorch is wrong or fails/)).toEqual([corrected]);
  expect(numbersIn(oneLine('docs/status.md'), /; in ([\d,]+) more, PyTorch is wrong or fails/)).toEqual([corrected]);
});

test('the numbers of comparisons are those of docs/truth.md', () => {
  const report = oneLine('docs/truth.md');
  const [all] = numbersIn(report, /: (\d+) comparisons on/);
  const outcomes = numbersIn(
    report,
    /\*\*(\d+) comparisons are right, (\d+) are refused [^,]+, (\d+) are not comparable, (\d+) are silently wrong/,
  );
  expect(outcomes.reduce((sum, count) => sum + count, 0)).toBe(all);
  const [, refused, excluded, wrong] = outcomes;
  expect(wrong).toBe(0);
  const claim = /none of ([\d,]+) comparisons is silently wrong, (?:and )?([\d,]+) are refused with an error/i;
  expect(numbersIn(oneLine('README.md'), claim)).toEqual([all, refused]);
  expect(numbersIn(oneLine('docs/status.md'), claim)).toEqual([all, refused]);
  expect(numbersIn(oneLine('docs/status.md'), /and ([\d,]+) are not comparable/)).toEqual([excluded]);
});

test('docs/status.md names every function of torch.func', () => {
  const text = readPage('docs/status.md');
  const works = text.slice(0, text.indexOf('## What does not work yet'));
  const missing = Object.keys(torch.func).filter((name) => !works.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});

test('what docs/status.md calls missing does not exist', () => {
  const text = readPage('docs/status.md');
  const section = text.slice(text.indexOf('## What does not work yet'));
  const lists = [...section.matchAll(/^- `(torch[.\w]*)`: ((?:`\w+`(?:,\s+)?)+)/gm)];
  expect(lists.map((list) => list[1])).toEqual(['torch.autograd', 'torch.nn', 'torch.jit', 'torch']);
  const present = lists.flatMap(([, where, names]) => {
    const namespace = where
      .split('.')
      .slice(1)
      .reduce<any>((value, key) => value[key], torch);
    // Classes of torch.nn that only say what to use are not enumerable.
    return [...names.matchAll(/\w+/g)].map(([name]) => name).filter((name) => Object.keys(namespace).includes(name));
  });
  expect(present).toEqual([]);
});

describe('CONTRIBUTING.md', () => {
  const folders = /^(?:lib|native|scripts|test|bench|examples|docs|\.ci|\.github|\.githooks)\//;
  const spans = [...readPage('CONTRIBUTING.md').matchAll(/`([^`\s]+)`/g)].map((match) => match[1]);
  // A path may end in a placeholder: `lib/func/<name>.ts` says that the folder exists.
  const paths = spans.filter((span) => folders.test(span)).map((span) => span.replace(/[^/]*[<*].*$/, ''));

  test('names many files', () => {
    expect(paths.length).toBeGreaterThan(40);
  });

  test.each([...new Set(paths)])('%s exists', (file) => {
    expect(fs.existsSync(path.join(root, file))).toBe(true);
  });

  /** The cells of the table whose first heading is given, row by row. */
  const tableOf = (heading: string): string[][] => {
    const table = new RegExp(`^\\| ${heading} \\|.*\\n.*\\n((?:\\|.*\\n)+)`, 'm').exec(readPage('CONTRIBUTING.md'))![1];
    return [...table.matchAll(/^\| (.*) \|$/gm)].map(([, row]) => row.split(' | '));
  };
  const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code);

  test('lists the floors and what lies on each, from the top down', () => {
    const listed = tableOf('floor').map(([name, files]) => [
      name,
      ...codeIn(files).map((file) => file.replace('.ts', '')),
    ]);
    expect(listed).toEqual(FLOORS.toReversed());
  });

  test('lists the floors of native/, from the top down', () => {
    const listed = tableOf('native floor').map(([files]) => codeIn(files));
    const entries = listed.map((files) => files.map((file) => file.replace(/^native\/|\*$/g, '')));
    expect(entries).toEqual(NATIVE_FLOORS.toReversed());
  });

  test('refers to notes that the code contains', () => {
    const notes = [...readPage('CONTRIBUTING.md').matchAll(/Note \[[^\]]+\]/g)].map(([note]) => note);
    const code = fs
      .readdirSync(path.join(root, 'native'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(cpp|h)$/.test(file))
      .map((file) => readPage(`native/${file}`))
      .join('\n');
    expect(notes.length).toBeGreaterThanOrEqual(5);
    expect(notes.filter((note) => !code.includes(`// ${note}\n`))).toEqual([]);
  });
});
