#!/usr/bin/env node
// Style checks in every language. `npm run lint` checks, `npm run format` fixes, the pre-commit hook checks what is staged.
//
//   --fix         fix what can be fixed
//   --staged      only the files that are staged for a commit
//   --all-tools   fail if clang-format and ruff cannot be installed, as in CI; otherwise they are skipped

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment } from './setup/environment.mjs';
import { root } from './setup/project.mjs';
import { Report } from './setup/report.mjs';
import { prepareTools } from './style/tools.mjs';

const { values: options } = parseArgs({
  options: { fix: { type: 'boolean' }, staged: { type: 'boolean' }, 'all-tools': { type: 'boolean' } },
});

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string[]} command
 * @property {string[]} check arguments that only check
 * @property {string[]} fix arguments that fix
 * @property {(file: string) => boolean} accepts the files it is for
 * @property {() => string[]} everything its arguments for the whole project
 */

const cpp = (/** @type {string} */ file) => /^native\/(?!shim\/).*\.(h|cpp)$/.test(file);
const python = (/** @type {string} */ file) => file.endsWith('.py');

/** Files that have not changed are not checked again. @param {string} name */
const cache = (name) => ['--cache', '--cache-strategy', 'content', '--cache-location', path.join('build', name)];

/** @type {Tool[]} */
const nodeTools = [
  {
    name: 'ESLint',
    command: [process.execPath, 'node_modules/eslint/bin/eslint.js', '--no-warn-ignored', ...cache('eslint.json')],
    check: [],
    fix: ['--fix'],
    accepts: (file) => /\.[cm]?[jt]s$/.test(file),
    everything: () => ['.'],
  },
  {
    name: 'Prettier',
    command: [
      ...[process.execPath, 'node_modules/prettier/bin/prettier.cjs', '--ignore-unknown', '--log-level', 'warn'],
      ...cache('prettier'),
    ],
    check: ['--check'],
    fix: ['--write'],
    accepts: () => true,
    everything: () => ['.'],
  },
];

/** @param {string} programs @returns {Tool[]} */
const pythonTools = (programs) => [
  {
    name: 'clang-format',
    // Without a .clang-format nothing is formatted; the default would be another style.
    command: [path.join(programs, 'clang-format'), '--style=file', '--fallback-style=none'],
    check: ['--dry-run', '--Werror'],
    fix: ['-i'],
    accepts: cpp,
    everything: () =>
      fs
        .readdirSync(path.join(root, 'native'), { recursive: true, encoding: 'utf8' })
        .map((file) => path.posix.join('native', file))
        .filter(cpp),
  },
  {
    name: 'ruff check',
    command: [path.join(programs, 'ruff'), 'check', '--quiet'],
    check: [],
    fix: ['--fix'],
    accepts: python,
    everything: () => ['.'],
  },
  {
    name: 'ruff format',
    command: [path.join(programs, 'ruff'), 'format', '--quiet'],
    check: ['--diff'],
    fix: [],
    accepts: python,
    everything: () => ['.'],
  },
];

/** @param {string[]} args */
function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.split('\0').filter(Boolean);
}

/** The files of the next commit. */
function stagedFiles() {
  const staged = git('diff', '--cached', '--name-only', '--diff-filter=ACMR', '-z');
  const changed = new Set(git('diff', '--name-only', '-z'));
  for (const file of staged.filter((name) => changed.has(name)))
    console.error(`${file}: not all of its changes are staged; the file is checked as it is in the folder`);
  return staged;
}

/** @param {Tool} tool @param {string[] | null} staged @returns {boolean} whether all is well */
function apply({ name, command: [program, ...first], check, fix, accepts, everything }, staged) {
  const files = staged?.filter(accepts) ?? everything();
  if (files.length === 0) return true;
  const args = [...first, ...(options.fix ? fix : check), ...files];
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return true;
  console.error(`${name}: ${error?.message ?? 'failed'}`);
  return false;
}

const staged = options.staged ? stagedFiles() : null;
const tools = [...nodeTools];
let skipped = false;
if (staged === null || staged.some((file) => cpp(file) || python(file))) {
  const prepared = await prepareTools(new Report(), readEnvironment());
  if ('programs' in prepared) tools.push(...pythonTools(prepared.programs));
  else {
    skipped = true;
    console.error(
      `clang-format and ruff ${options['all-tools'] ? 'are missing' : 'were skipped'}: ${prepared.problem}`,
    );
  }
}
const failed = tools.filter((tool) => !apply(tool, staged));
if (failed.length > 0 && !options.fix) console.error('`npm run format` fixes what can be fixed.');
process.exitCode = failed.length > 0 || (skipped && options['all-tools']) ? 1 : 0;
