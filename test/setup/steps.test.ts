// How each step knows whether it has anything to do, and what it says while it works.

import path from 'node:path';
import { isInstalled } from '../../scripts/setup/npm.mjs';
import { Report } from '../../scripts/setup/report.mjs';
import { digest } from '../../scripts/setup/stamp.mjs';
import { temporaryFolder, writeFiles } from '../support/setup/folder';

describe('npm’s packages', () => {
  const lock = (packages: Record<string, object>) => JSON.stringify({ lockfileVersion: 3, packages });
  const wanted = {
    '': { name: 'torch-func' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b-darwin': { version: '1.0.0', optional: true },
  };

  test.each<[string, object | null, boolean]>([
    ['none', null, false],
    ['the right ones, less those of other systems', { 'node_modules/a': { version: '1.0.0' } }, true],
    ['another version', { 'node_modules/a': { version: '1.0.1' } }, false],
    ['one too few', {}, false],
  ])('%s', (_name, present, expected) => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'package-lock.json': lock(wanted) });
    if (present) writeFiles(folder, { 'node_modules/.package-lock.json': lock(present as Record<string, object>) });
    expect(isInstalled(folder)).toBe(expected);
  });
});

test('a digest depends on file names, contents and values only', () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'src/a.cpp': '1', 'src/b/c.cpp': '2', 'other.txt': '3' });
  const of = (values: unknown[] = []) => digest(folder, ['src', 'missing'], { values });
  const first = of();
  writeFiles(folder, { 'other.txt': 'changed', 'src/a.cpp': '1' });
  expect(of()).toBe(first);
  expect(of(['x'])).not.toBe(first);
  writeFiles(folder, { 'src/a.cpp': 'changed' });
  const second = of();
  expect(second).not.toBe(first);
  writeFiles(folder, { 'src/d.cpp': '' });
  expect(of()).not.toBe(second);
  expect(digest(folder, ['src'], { accept: (name: string) => path.basename(name) !== 'd.cpp' })).toHaveLength(64);
});

describe('the report of the setup', () => {
  const made = (isTTY: boolean, quiet = false) => {
    const written: string[] = [];
    const stream = { isTTY, columns: 30, write: (text: string) => written.push(text) };
    return { report: new Report({ stream, quiet }), text: () => written.join('') };
  };

  test('has plain lines in a pipe, and one for each fifth of a long download', () => {
    const { report, text } = made(false);
    report.line('step');
    const progress = report.bytes('downloading');
    for (let done = 0; done <= 100; done++) progress(done * 1e6, 100e6);
    expect(text()).toBe(['step', ...[20, 40, 60, 80].map((n) => `  downloading: ${n}.0 of 100 MB`), ''].join('\n'));
  });

  test('overwrites one line on a terminal, no wider than the terminal', () => {
    const { report, text } = made(true);
    report.progress('x'.repeat(50));
    report.line('done');
    expect(text()).toBe(`\r${'x'.repeat(26)}...\r${' '.repeat(29)}\rdone\n`);
  });

  test('prints only warnings if quiet', () => {
    const { report, text } = made(true, true);
    report.line('step');
    report.progress('half');
    report.warn('no sum');
    expect(text()).toBe('torch-func: no sum\n');
  });
});
