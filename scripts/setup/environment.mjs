// Every environment variable that the setup and the loader read. `node scripts/setup.mjs --help` prints this table.

import os from 'node:os';
import path from 'node:path';
import { SetupFailure } from './failure.mjs';
import { sanitizers } from './project.mjs';

export const variables = [
  {
    name: 'LIBTORCH',
    text: 'the libtorch to use: the folder with include/ and lib/ (the torch folder of a Python environment is one)',
  },
  {
    name: 'LIBTORCH_USE_PYTORCH',
    text: 'set to 1 to use the libtorch inside an installed Python torch package',
  },
  {
    name: 'TORCH_FUNC_VARIANT',
    text: 'the build of libtorch to download, by PyTorch’s name: cpu (the default), cu126, cu130, ...',
  },
  {
    name: 'TORCH_FUNC_CACHE',
    text: 'the folder for downloads and Python environments (default: torch-func in the user’s cache folder)',
  },
  {
    name: 'TORCH_FUNC_PYTHON',
    text: 'the Python for LIBTORCH_USE_PYTORCH, for pip, and for the parity tests if it has torch, numpy, yaml and safetensors',
  },
  {
    name: 'TORCH_FUNC_ARCHIVE_URL',
    text: 'the address of the libtorch archive for machines without Python, in place of PyTorch’s',
  },
  {
    name: 'TORCH_FUNC_ARCHIVE_SHA256',
    text: 'the SHA-256 checksum of that archive',
  },
  {
    name: 'TORCH_FUNC_DEBUG',
    text: 'set to 1 for debugging information in the addon, to address or thread for sanitizers as well',
  },
  {
    name: 'TORCH_FUNC_ADDON',
    text: 'the addon to load (a torch_func.node), in place of the installed one',
  },
  {
    name: 'CXX, CMAKE_BUILD_PARALLEL_LEVEL',
    text: 'the C++ compiler, and the number of parallel compile jobs',
  },
  {
    name: 'HTTPS_PROXY, HTTP_PROXY, NO_PROXY',
    text: 'the proxy for downloads (pip and npm read these too)',
  },
];

/** @typedef {ReturnType<typeof readEnvironment>} Environment */

/**
 * The setup's view of the environment.
 *
 * @param {NodeJS.ProcessEnv} [env]
 */
export function readEnvironment(env = process.env) {
  const variant = env.TORCH_FUNC_VARIANT || 'cpu';
  if (!/^[a-z]+[0-9.]*$/.test(variant)) {
    throw new SetupFailure(`TORCH_FUNC_VARIANT is '${variant}', which does not name a PyTorch build`, {
      advice: ['set it to cpu, or to a CUDA build such as cu126 or cu130, or unset it'],
    });
  }
  const sum = env.TORCH_FUNC_ARCHIVE_SHA256?.toLowerCase() || null;
  if (sum !== null && !/^[0-9a-f]{64}$/.test(sum)) {
    throw new SetupFailure('TORCH_FUNC_ARCHIVE_SHA256 is not a SHA-256 checksum', {
      advice: ['set it to 64 hexadecimal digits'],
    });
  }
  return {
    libtorch: env.LIBTORCH || null,
    usePytorch: isOn(env.LIBTORCH_USE_PYTORCH),
    variant,
    debug: sanitizers.find((name) => name === env.TORCH_FUNC_DEBUG) ?? isOn(env.TORCH_FUNC_DEBUG),
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
