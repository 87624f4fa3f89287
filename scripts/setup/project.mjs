// Where this package lies, and which libtorch it is written for.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The release fetched when none is found. */
export const torchVersion = '2.13.0';

/**
 * The release series whose C++ interfaces the addon uses. functorch's are not stable between
 * series, so another one is refused rather than tried.
 */
export const supportedSeries = '2.13';

/** @param {string} version as in `2.13.0+cpu` */
export function isSupportedVersion(version) {
  return version === supportedSeries || version.startsWith(`${supportedSeries}.`);
}

/** Where the addon lies once it is built. */
export const addonPath = path.join(root, 'build', 'Release', 'torch_func.node');

/** What the last set-up found, for `torch-func doctor` and for the next set-up. */
export const recordPath = path.join(root, 'build', 'setup.json');
