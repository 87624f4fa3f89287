/** The style tools that come as Python wheels. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { Report } from '../../scripts/setup/report.mjs';
import { readEnvironment } from '../../scripts/setup/environment.mjs';
import { root } from '../../scripts/setup/project.mjs';
import { prepareTools } from '../../scripts/style/tools.mjs';
import { temporaryFolder, writeFiles } from '../support/setup/folder';

const prepare = (cache: string, python: string) =>
  prepareTools(
    new Report({ quiet: true }),
    readEnvironment({ TORCH_FUNC_CACHE: cache, TORCH_FUNC_PYTHON: python }),
  ) as Promise<{ programs?: string; problem?: string }>;

test('every style tool has a fixed version', () => {
  const lines = fs
    .readFileSync(path.join(root, 'scripts', 'style', 'requirements.txt'), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => line.split('==')[0])).toEqual(['clang-format', 'ruff']);
  for (const line of lines) expect(line).toMatch(/^[\w-]+==\d+\.\d+\.\d+$/);
});

test('without a Python the style tools are missing, with a reason', async () => {
  const cache = temporaryFolder();
  const { problem, programs } = await prepare(cache, '/missing/python3');
  expect(problem).toBe('/missing/python3 (TORCH_FUNC_PYTHON): not there');
  expect(programs).toBeUndefined();
  expect(fs.existsSync(path.join(cache, 'tools'))).toBe(false);
});

test('style tools that cannot be installed leave no environment that counts as complete', async () => {
  const folder = temporaryFolder();
  // A Python that has pip and can create an environment, but installs nothing.
  writeFiles(folder, {
    python3: [
      '#!/bin/sh',
      'case "$*" in',
      `  *version_info*) echo "3 11 ${folder}/python3" ;;`,
      '  *--version*) echo "pip 25.0 from here" ;;',
      '  *install*) echo "ERROR: no such package" >&2; exit 1 ;;',
      'esac',
    ].join('\n'),
  });
  fs.chmodSync(path.join(folder, 'python3'), 0o755);
  for (let attempt = 0; attempt < 2; attempt++) {
    const { problem, programs } = await prepare(path.join(folder, 'cache'), path.join(folder, 'python3'));
    expect(problem).toBe('pip install -r scripts/style/requirements.txt: ERROR: no such package');
    expect(programs).toBeUndefined();
  }
});
