// Python virtual environments in the cache.

import fs from 'node:fs';
import path from 'node:path';
import { run, tail } from './commands.mjs';
import { withLock } from './lock.mjs';
import { since } from './report.mjs';
import { writeJson } from './stamp.mjs';

/** The Python of a virtual environment. @param {string} folder */
export function pythonOf(folder) {
  return path.join(folder, 'bin', 'python');
}

/**
 * Whether an environment is complete. It cannot be renamed into place, so a mark that is written last says so. Its Python is
 * a link, which breaks when the Python it was made with is removed.
 *
 * @param {string} folder
 */
export function isComplete(folder) {
  return fs.existsSync(path.join(folder, 'complete.json')) && fs.existsSync(pythonOf(folder));
}

/**
 * Creates an environment unless it is complete.
 *
 * @param {import('./report.mjs').Report} report
 * @param {import('./pip.mjs').Pip} pip
 * @param {string} folder
 * @param {{ what: string, packages: string[], install: (python: string, onProgress: import('./report.mjs').Progress) => Promise<string | null> }} content
 *   what it is for, what is in it, and how that is installed: `install` returns what went wrong, or null
 * @returns {Promise<string | null>} what went wrong
 */
export async function makeEnvironment(report, pip, folder, { what, packages, install }) {
  if (isComplete(folder)) return null;
  return withLock(
    `${folder}.lock`,
    async () => {
      if (isComplete(folder)) return null;
      const from = performance.now();
      report.line(`${what}: creating an environment with ${packages.join(', ')}`);
      fs.rmSync(folder, { recursive: true, force: true });
      // pip installs from outside (--python), so Debian's python3-venv is not needed.
      const venv = await run(pip.python.path, ['-m', 'venv', '--without-pip', folder]);
      if (!venv.ok) return `python -m venv: ${tail(venv.stdout + venv.stderr, 3)}`;
      const problem = await install(pythonOf(folder), report.bytes('downloading'));
      report.clear();
      if (problem !== null) return problem;
      writeJson(path.join(folder, 'complete.json'), { packages });
      report.line(`${what}: environment created (${since(from)})`);
      return null;
    },
    { onWait: (owner) => report.line(`${what}: waiting for ${owner}, which is creating the environment`) },
  );
}
