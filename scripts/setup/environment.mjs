// Every environment variable that the set-up and the loader read, documented here and nowhere else
// (`node scripts/setup.mjs --help` prints this table).

import os from 'node:os';
import path from 'node:path';
import { SetupFailure } from './failure.mjs';

export const variables = [
  {
    name: 'LIBTORCH',
    text: 'the folder of a libtorch to use: the one with include/ and lib/ in it (also the torch folder of a Python environment)',
  },
  {
    name: 'LIBTORCH_USE_PYTORCH',
    text: 'set to 1 to use the libtorch of the torch that is installed in a Python environment',
  },
  {
    name: 'TORCH_FUNC_VARIANT',
    text: 'which build of libtorch to fetch: cpu (the default), cu126, cu130, ... as PyTorch names them',
  },
  {
    name: 'TORCH_FUNC_CACHE',
    text: 'the folder that fetched libtorch builds are kept in (default: torch-func in the cache folder of the user)',
  },
  {
    name: 'TORCH_FUNC_PYTHON',
    text: 'the Python to use: for LIBTORCH_USE_PYTORCH, for pip, and for the parity tests if it has torch, numpy and yaml',
  },
  {
    name: 'TORCH_FUNC_ARCHIVE_URL',
    text: 'where to fetch the libtorch archive from when there is no Python, in place of PyTorch’s own address',
  },
  {
    name: 'TORCH_FUNC_ARCHIVE_SHA256',
    text: 'the SHA-256 sum that the libtorch archive must have',
  },
  {
    name: 'TORCH_FUNC_DEBUG',
    text: 'set to 1 to build the addon for a debugger, to address to build it with AddressSanitizer as well',
  },
  {
    name: 'TORCH_FUNC_ADDON',
    text: 'the addon to load (a torch_func.node), in place of the one that this installation has',
  },
  {
    name: 'CXX, CMAKE_BUILD_PARALLEL_LEVEL',
    text: 'the C++ compiler, and how many of it run at once',
  },
  {
    name: 'HTTPS_PROXY, HTTP_PROXY, NO_PROXY',
    text: 'the proxy for fetching that archive (pip and npm read them as well)',
  },
];

/** @typedef {ReturnType<typeof readEnvironment>} Environment */

/**
 * The set-up's view of the environment.
 *
 * @param {NodeJS.ProcessEnv} [env]
 */
export function readEnvironment(env = process.env) {
  const variant = env.TORCH_FUNC_VARIANT || 'cpu';
  if (!/^[a-z]+[0-9.]*$/.test(variant)) {
    throw new SetupFailure(`TORCH_FUNC_VARIANT is '${variant}', which is no name of a PyTorch build`, {
      advice: ['set it to cpu, or to a CUDA build such as cu126 or cu130, or leave it out'],
    });
  }
  const sum = env.TORCH_FUNC_ARCHIVE_SHA256?.toLowerCase() || null;
  if (sum !== null && !/^[0-9a-f]{64}$/.test(sum)) {
    throw new SetupFailure('TORCH_FUNC_ARCHIVE_SHA256 is no SHA-256 sum', {
      advice: ['give its 64 hexadecimal digits'],
    });
  }
  return {
    libtorch: env.LIBTORCH || null,
    usePytorch: isOn(env.LIBTORCH_USE_PYTORCH),
    variant,
    debug: env.TORCH_FUNC_DEBUG === 'address' ? /** @type {const} */ ('address') : isOn(env.TORCH_FUNC_DEBUG),
    cache: path.resolve(env.TORCH_FUNC_CACHE || defaultCache(env)),
    python: env.TORCH_FUNC_PYTHON || null,
    archiveUrl: env.TORCH_FUNC_ARCHIVE_URL || null,
    archiveSum: sum,
  };
}

/** @param {string | undefined} value */
function isOn(value) {
  return value !== undefined && value !== '' && value !== '0' && value.toLowerCase() !== 'false';
}

/** @param {NodeJS.ProcessEnv} env */
function defaultCache(env) {
  if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME)) return path.join(env.XDG_CACHE_HOME, 'torch-func');
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches', 'torch-func');
  return path.join(os.homedir(), '.cache', 'torch-func');
}
