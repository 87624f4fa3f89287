// Python environments of packages that the benchmark compares with. Each peer has its own, created when it is asked for.

import path from 'node:path';
import { run, tail } from './commands.mjs';
import { explainFileError, messageOf } from './failure.mjs';
import { findPip } from './pip.mjs';
import { findPythons } from './python.mjs';
import { makeEnvironment, pythonOf } from './virtual-environment.mjs';

/** @typedef {{ path: string, problem?: undefined } | { path: null, problem: string }} Answer */

/** What pip installs, by the name of the module. */
export const peerVersions = { jax: '0.10.2', casadi: '3.7.2' };

/**
 * A Python with the module and NumPy: the user's own if it has both, otherwise one in the cache.
 *
 * @param {import('./report.mjs').Report} report
 * @param {Pick<import('./environment.mjs').Environment, 'python' | 'cache'>} environment
 * @param {keyof typeof peerVersions} module
 * @returns {Promise<Answer>}
 */
export async function preparePeer(report, { python, cache }, module) {
  try {
    const own = python ? (await findPythons(python)).pythons[0] : undefined;
    if (own && (await has(own.path, module))) return { path: own.path };
    const { pip, tried } = await findPip(python);
    if (!pip) return { path: null, problem: tried.join('; ') };
    const version = peerVersions[module];
    const name = `${module}-${version}-python${pip.python.version}-${process.platform}-${process.arch}`;
    const folder = path.join(cache, 'python', name);
    const problem = await makeEnvironment(report, pip, folder, {
      what: module,
      packages: [`${module} ${version}`, 'numpy'],
      install: async (target, onProgress) => {
        const result = await pip.install(target, [`${module}==${version}`, 'numpy'], onProgress);
        return result.ok ? null : `pip install ${module}==${version}: ${tail(result.stderr, 1)}`;
      },
    });
    return problem === null ? { path: pythonOf(folder) } : { path: null, problem };
  } catch (error) {
    return { path: null, problem: messageOf(explainFileError(error, cache)) };
  }
}

/** @param {string} python @param {string} module */
async function has(python, module) {
  const script = `import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ('${module}', 'numpy'))))`;
  return (await run(python, ['-c', script], { timeout: 60_000 })).ok;
}
