// A Python with PyTorch, numpy, yaml and safetensors, for the parity tests. Nothing else needs it, so the setup continues without one,
// and the tests say what is missing.

import fs from 'node:fs';
import path from 'node:path';
import { run, tail } from './commands.mjs';
import { explainFileError, messageOf } from './failure.mjs';
import { findPip, indexOf } from './pip.mjs';
import { isReferenceVersion, root, torchVersion } from './project.mjs';
import { findPythons } from './python.mjs';
import { readJson, writeJson } from './stamp.mjs';
import { makeEnvironment, pythonOf } from './virtual-environment.mjs';

/** What the last setup found: `{ path, source }`, or `{ path: null, problem }`. */
export const pythonRecord = path.join(root, 'build', 'python.json');

/**
 * @typedef {object} Answer
 * @property {string | null} path
 * @property {string} [source] how it was found
 * @property {string} [problem] why there is none
 * @property {string} [asked] the settings that decide
 */
/** @typedef {import('./environment.mjs').Environment} Environment */

const packages = ['numpy', 'pyyaml', 'safetensors'];

/**
 * @param {import('./report.mjs').Report} report
 * @param {Environment} environment
 * @returns {Promise<Answer>}
 */
export async function preparePython(report, environment) {
  const asked = JSON.stringify([environment.python, environment.cache, torchVersion, packages]);
  const remembered = readJson(pythonRecord);
  if (remembered?.path && remembered.asked === asked && fs.existsSync(remembered.path)) {
    report.line(`Python: ${remembered.path} (${remembered.source})`);
    return remembered;
  }
  /** @type {Answer} */
  let answer;
  try {
    answer = (await named(environment)) ?? (await cached(report, environment));
  } catch (error) {
    answer = { path: null, problem: messageOf(explainFileError(error, environment.cache)) };
  }
  if (answer.path) report.line(`Python: ${answer.path} (${answer.source})`);
  else report.warn(`no Python with PyTorch for the parity tests: ${answer.problem}`);
  writeJson(pythonRecord, { ...answer, asked });
  return answer;
}

/** The user's own, if it has everything. @param {Environment} environment @returns {Promise<Answer | null>} */
async function named({ python }) {
  if (!python) return null;
  const { pythons } = await findPythons(python);
  if (pythons.length === 0 || (await missing(pythons[0].path)) !== null) return null;
  return { path: pythons[0].path, source: 'TORCH_FUNC_PYTHON' };
}

/** What a Python lacks, or null. It imports nothing, because importing torch takes seconds. @param {string} python */
async function missing(python) {
  const script = [
    'import importlib.metadata as m, importlib.util as u',
    "print(next((n for n in ('torch', 'numpy', 'yaml', 'safetensors') if u.find_spec(n) is None), '') or 'torch ' + m.version('torch'))",
  ].join('\n');
  const result = await run(python, ['-c', script], { timeout: 60_000 });
  const answer = result.stdout.trim();
  if (!result.ok) return tail(result.stderr, 1) || 'it does not run';
  const version = /^torch (.+)$/.exec(answer)?.[1];
  if (version === undefined) return `no ${answer}`;
  return isReferenceVersion(version) ? null : `torch ${version}`;
}

/**
 * The one in the cache, created if necessary.
 *
 * @param {import('./report.mjs').Report} report
 * @param {Environment} environment
 * @returns {Promise<Answer>}
 */
async function cached(report, environment) {
  const { pip, tried } = await findPip(environment.python);
  if (!pip) return { path: null, problem: tried.join('; ') };
  const folder = path.join(
    environment.cache,
    'python',
    `${torchVersion}-python${pip.python.version}-${process.platform}-${process.arch}`,
  );
  const problem = await makeEnvironment(report, pip, folder, {
    what: 'Python',
    packages: [`torch ${torchVersion}`, ...packages],
    install: (python, onProgress) => install(pip, python, onProgress),
  });
  if (problem !== null) return { path: null, problem };
  // An environment of an earlier checkout may lack packages that were added since.
  if ((await missing(pythonOf(folder))) !== null) {
    const result = await pip.install(pythonOf(folder), packages);
    if (!result.ok) return { path: null, problem: `pip install ${packages.join(' ')}: ${tail(result.stderr, 3)}` };
  }
  return { path: pythonOf(folder), source: 'virtual environment in the cache' };
}

/**
 * @param {import('./pip.mjs').Pip} pip
 * @param {string} python
 * @param {import('./report.mjs').Progress} onProgress
 * @returns {Promise<string | null>} what went wrong
 */
async function install(pip, python, onProgress) {
  const cpu = process.platform === 'linux' ? `torch==${torchVersion}+cpu` : `torch==${torchVersion}`;
  // PyPI's wheel for Linux brings gigabytes of CUDA, so the one for the CPU is tried first.
  const tries = [
    [cpu, ...packages],
    [cpu, ...packages, '--extra-index-url', indexOf('cpu')],
    [`torch==${torchVersion}`, ...packages],
  ];
  let result;
  for (const args of tries) {
    result = await pip.install(python, args, onProgress);
    if (result.ok) break;
  }
  if (!result?.ok) return `pip install torch==${torchVersion}: ${tail(result?.stderr ?? '', 3)}`;
  const lacking = await missing(python);
  return lacking === null ? null : `the environment is incomplete: ${lacking}`;
}
