// Where the package is, and which libtorch it needs.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The release that is downloaded when none is found. The one place that names it (scripts/generate/main.py reads it here). */
export const torchVersion = '2.13.0';

/** The series that the sources build with. functorch's C++ interfaces are not stable, so others are refused. */
const supported = ['2.13', '2.14'];

/** As in `2.13.x or 2.14.x`. */
export const supportedSeries = supported.map((series) => `${series}.x`).join(' or ');

/** @param {string} version as in `2.13.0+cpu` */
export function isSupportedVersion(version) {
  return supported.some((series) => version === series || version.startsWith(`${series}.`));
}

/** Whether a PyTorch gives the results that the tests expect. @param {string} version as in `2.13.0+cpu` */
export function isReferenceVersion(version) {
  const series = torchVersion.split('.').slice(0, 2).join('.');
  return version === series || version.startsWith(`${series}.`);
}

/** @typedef {'address' | 'thread'} Sanitizer */

/** The sanitizers that the addon can be built with: by the value of TORCH_FUNC_DEBUG. @type {readonly Sanitizer[]} */
export const sanitizers = ['address', 'thread'];

/**
 * The folder of a build: one with a sanitizer has its own, so that the usual addon stays.
 *
 * @param {boolean | Sanitizer} debug
 */
export const buildFolder = (debug) => path.join(root, 'build', ...(typeof debug === 'string' ? [debug] : []));

/** The built addon. @param {boolean | Sanitizer} [debug] */
export const addonPath = (debug = false) => path.join(buildFolder(debug), 'Release', 'torch_func.node');

/** What the last setup found, for `torch-func doctor` and for the next setup. */
export const recordPath = path.join(root, 'build', 'setup.json');
