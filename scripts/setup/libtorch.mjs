// Finds libtorch. Each place that is tried gives one line.

import fs from 'node:fs';
import { withoutSecrets } from './address.mjs';
import { SetupFailure } from './failure.mjs';
import { fetchLibtorch } from './fetch.mjs';
import { inspectLibtorch } from './inspect.mjs';
import { recordPath, supportedSeries, torchVersion } from './project.mjs';
import { cachedLibtorch, exposure } from './cache.mjs';
import { installedTorch } from './python.mjs';
import { readJson, writeJson } from './stamp.mjs';

/** @typedef {import('./environment.mjs').Environment} Environment */
/** @typedef {(text: string) => void} Say */

/**
 * @param {import('./report.mjs').Report} report
 * @param {Environment} environment
 * @returns {Promise<import('./inspect.mjs').Libtorch>}
 */
export async function findLibtorch(report, environment) {
  const remembered = recall(environment);
  if (remembered) {
    warnOfExposure(report, environment, remembered);
    report.line(`libtorch: ${remembered.version} at ${remembered.path} (${remembered.source})`);
    return remembered;
  }
  /** @type {string[]} */
  const tried = [];
  const say = (/** @type {string} */ text) => {
    tried.push(text);
    report.line(`libtorch: ${text}`);
  };
  const libtorch =
    fromVariable(environment, say) ??
    (await fromPython(environment, say)) ??
    fromCache(environment, say) ??
    (await fetchLibtorch({ report, environment, say, tried }));
  report.line(
    `libtorch: ${libtorch.version} at ${libtorch.path} (${libtorch.source}${libtorch.cuda ? ', with CUDA' : ''})`,
  );
  warnOfExposure(report, environment, libtorch);
  writeJson(recordPath, { libtorch, asked: question(environment) });
  return libtorch;
}

/** @param {import('./report.mjs').Report} report @param {Environment} environment @param {import('./inspect.mjs').Libtorch} libtorch */
function warnOfExposure(report, environment, libtorch) {
  if (libtorch.path !== cachedLibtorch(environment)) return;
  const problem = exposure(environment);
  if (problem === null) return;
  report.warn(
    `${problem}: others on this machine can replace libtorch, whose code runs in your programs. Remove their access (chmod o-w), or set TORCH_FUNC_CACHE to a folder of your own`,
  );
}

/** The settings that decide which libtorch is found. @param {Environment} environment */
function question({ libtorch, usePytorch, variant, cache, python }) {
  return JSON.stringify([libtorch, usePytorch, usePytorch ? python : null, variant, cache, process.arch, torchVersion]);
}

/** The result of the previous setup, if the settings are the same and it is still valid. @param {Environment} environment */
function recall(environment) {
  const record = readJson(recordPath);
  if (!record?.libtorch || record.asked !== question(environment)) return null;
  const found = inspectLibtorch(record.libtorch.path);
  if (!('libtorch' in found) || found.libtorch.path !== record.libtorch.path) return null;
  // Earlier versions recorded the address with its password.
  return { ...found.libtorch, source: withoutSecrets(String(record.libtorch.source)) };
}

/** LIBTORCH is an explicit choice: if it is not usable, nothing replaces it. @param {Environment} environment @param {Say} say */
function fromVariable({ libtorch: folder }, say) {
  if (!folder) {
    say('LIBTORCH is not set');
    return null;
  }
  const found = inspectLibtorch(folder);
  if ('libtorch' in found) return { ...found.libtorch, source: 'LIBTORCH' };
  throw new SetupFailure('LIBTORCH does not name a usable libtorch', {
    tried: [`LIBTORCH=${folder}: ${found.problem}`],
    advice: [
      `set LIBTORCH to the folder of a libtorch ${supportedSeries} for ${process.platform} ${process.arch} (the one with include/ and lib/)`,
      'or unset it, and the setup finds or downloads one',
    ],
  });
}

/** @param {Environment} environment @param {Say} say */
async function fromPython(environment, say) {
  if (!environment.usePytorch) {
    say('LIBTORCH_USE_PYTORCH is not set');
    return null;
  }
  const { folder, tried } = await installedTorch(environment.python);
  const found = folder ? inspectLibtorch(folder) : { problem: 'no Python with torch was found' };
  if ('libtorch' in found) return { ...found.libtorch, source: 'the torch of a Python environment' };
  throw new SetupFailure('LIBTORCH_USE_PYTORCH is set, but no usable torch was found', {
    tried: folder ? [...tried, found.problem] : tried,
    advice: [
      `install it: pip install torch==${torchVersion}`,
      'or set TORCH_FUNC_PYTHON to the Python that has it',
      'or unset LIBTORCH_USE_PYTORCH, and the setup downloads libtorch',
    ],
  });
}

/** @param {Environment} environment @param {Say} say */
function fromCache(environment, say) {
  const folder = cachedLibtorch(environment);
  if (!fs.existsSync(folder)) {
    say(`not in the cache (${folder})`);
    return null;
  }
  const found = inspectLibtorch(folder);
  if ('libtorch' in found) return { ...found.libtorch, source: 'cache' };
  say(`in the cache, but ${found.problem}`);
  return null;
}
