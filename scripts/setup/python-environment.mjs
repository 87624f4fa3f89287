// A Python with PyTorch, numpy and yaml: what the parity tests compare with. Nothing else needs
// it, so that a set-up goes on without one, and the tests say what they miss.

import fs from 'node:fs';
import path from 'node:path';
import { run, tail } from './commands.mjs';
import { explainFileError } from './failure.mjs';
import { withLock } from './lock.mjs';
import { findPip, indexOf } from './pip.mjs';
import { isSupportedVersion, root, torchVersion } from './project.mjs';
import { findPythons } from './python.mjs';
import { since } from './report.mjs';
import { readJson, writeJson } from './stamp.mjs';

/** What the last set-up found: `{ path, source }`, or `{ path: null, problem }`. */
export const pythonRecord = path.join(root, 'build', 'python.json');

const packages = ['numpy', 'pyyaml'];

/**
 * @param {import('./report.mjs').Report} report
 * @param {ReturnType<import('./environment.mjs').readEnvironment>} environment
 * @returns {Promise<{ path: string | null, source?: string, problem?: string, asked?: string }>}
 */
export async function preparePython(report, environment) {
  const asked = JSON.stringify([environment.python, environment.cache, torchVersion]);
  const remembered = readJson(pythonRecord);
  if (remembered?.path && remembered.asked === asked && fs.existsSync(remembered.path)) {
    report.line(`Python: ${remembered.path} (${remembered.source})`);
    return remembered;
  }
  let answer;
  try {
    answer = (await named(environment)) ?? (await made(report, environment));
  } catch (error) {
    answer = { path: null, problem: explainFileError(error, environment.cache).message };
  }
  if (answer.path) report.line(`Python: ${answer.path} (${answer.source})`);
  else report.warn(`no Python with PyTorch for the parity tests: ${answer.problem}`);
  writeJson(pythonRecord, { ...answer, asked });
  return answer;
}

/** The user's own, if it has everything. */
async function named({ python }) {
  if (!python) return null;
  const { pythons } = await findPythons(python);
  if (pythons.length === 0 || (await missing(pythons[0].path)) !== null) return null;
  return { path: pythons[0].path, source: 'TORCH_FUNC_PYTHON' };
}

/** What a Python lacks, or null. Nothing is imported: that would take seconds. @param {string} python */
async function missing(python) {
  const script = [
    'import importlib.metadata as m, importlib.util as u',
    "print(next((n for n in ('torch', 'numpy', 'yaml') if u.find_spec(n) is None), '') or 'torch ' + m.version('torch'))",
  ].join('\n');
  const result = await run(python, ['-c', script], { timeout: 60_000 });
  const answer = result.stdout.trim();
  if (!result.ok) return tail(result.stderr, 1) || 'it does not run';
  const version = /^torch (.+)$/.exec(answer)?.[1];
  if (version === undefined) return `no ${answer}`;
  return isSupportedVersion(version.split('+')[0]) ? null : `torch ${version}`;
}

/** One in the cache, made if there is none. */
async function made(report, environment) {
  const { pip, tried } = await findPip(environment.python);
  if (!pip) return { path: null, problem: tried.join('; ') };
  const folder = path.join(
    environment.cache,
    'python',
    `${torchVersion}-python${pip.python.version}-${process.platform}-${process.arch}`,
  );
  const python = path.join(folder, 'bin', 'python');
  const answer = { path: python, source: 'virtual environment in the cache' };
  if (isComplete(folder)) return answer;
  return withLock(
    `${folder}.lock`,
    async () => {
      if (isComplete(folder)) return answer;
      const problem = await make(report, pip, folder, python);
      return problem === null ? answer : { path: null, problem };
    },
    { onWait: (owner) => report.line(`Python: waiting for ${owner}, which is making the environment`) },
  );
}

/** A virtual environment cannot be renamed, so a mark that is written last says that it is whole. @param {string} folder */
function isComplete(folder) {
  return fs.existsSync(path.join(folder, 'complete.json'));
}

/** @returns {Promise<string | null>} what went wrong */
async function make(report, pip, folder, python) {
  const from = performance.now();
  report.line(`Python: making an environment with torch ${torchVersion}, ${packages.join(' and ')}`);
  fs.rmSync(folder, { recursive: true, force: true });
  // pip installs from outside (--python), so that Debian's python3-venv is not needed.
  const venv = await run(pip.python.path, ['-m', 'venv', '--without-pip', folder]);
  if (!venv.ok) return `python -m venv: ${tail(venv.stdout + venv.stderr, 3)}`;
  const onProgress = report.bytes('fetching');
  const cpu = process.platform === 'linux' ? `torch==${torchVersion}+cpu` : `torch==${torchVersion}`;
  // PyPI's wheel for Linux brings gigabytes of CUDA; the one for the CPU is asked for first.
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
  report.clear();
  if (!result?.ok) return `pip install torch==${torchVersion}: ${tail(result?.stderr ?? '', 3)}`;
  const lacking = await missing(python);
  if (lacking !== null) return `the environment is incomplete: ${lacking}`;
  writeJson(path.join(folder, 'complete.json'), { torch: torchVersion, packages });
  report.line(`Python: environment made (${since(from)})`);
  return null;
}
