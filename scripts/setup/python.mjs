// Finds a Python: for its torch, for its pip, or to create an environment.

import { run, which } from './commands.mjs';

const names = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.14'];
const minimum = [3, 10];

/**
 * @typedef {object} Python
 * @property {string} path
 * @property {string} version as in `3.11`
 */

/**
 * Every Python 3 that runs, each once; only `wanted` if it is given.
 *
 * @param {string | null} wanted
 * @returns {Promise<{ pythons: Python[], tried: string[] }>}
 */
export async function findPythons(wanted, env = process.env) {
  /** @type {Python[]} */
  const pythons = [];
  const tried = [];
  const seen = new Set();
  for (const name of wanted ? [wanted] : names) {
    const program = which(name, env);
    if (!program) {
      if (wanted || name === 'python3') tried.push(`${name}${wanted ? ' (TORCH_FUNC_PYTHON)' : ' on PATH'}: not there`);
      continue;
    }
    const script = 'import sys; print(sys.version_info[0], sys.version_info[1], sys.executable)';
    const result = await run(program, ['-c', script], { env, timeout: 30_000 });
    const match = /^(\d+) (\d+) (.+)$/m.exec(result.stdout);
    if (!result.ok || !match) {
      // Version managers put programs on PATH that only ask for a version.
      tried.push(`${program}: does not run`);
      continue;
    }
    const [, major, minor, executable] = match;
    if (seen.has(executable)) continue;
    seen.add(executable);
    if (Number(major) !== minimum[0] || Number(minor) < minimum[1]) {
      tried.push(`${program}: Python ${major}.${minor}, ${minimum.join('.')} or newer is needed`);
      continue;
    }
    pythons.push({ path: executable, version: `${major}.${minor}` });
  }
  return { pythons, tried };
}

/**
 * The folder of torch in a Python environment. It is located, not imported: importing takes seconds and may fail for
 * reasons that do not matter here.
 *
 * @param {string | null} wanted
 */
export async function installedTorch(wanted, env = process.env) {
  const { pythons, tried } = await findPythons(wanted, env);
  const script =
    'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")';
  for (const python of pythons) {
    const result = await run(python.path, ['-c', script], { env, timeout: 30_000 });
    const folder = result.stdout.trim();
    if (result.ok && folder) return { folder, tried };
    tried.push(`${python.path}: no torch installed`);
  }
  return { folder: null, tried };
}
