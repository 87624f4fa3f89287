// Folders in the cache, by version, variant and system.

import path from 'node:path';
import { torchVersion } from './project.mjs';

/** @param {{ cache: string, variant: string }} environment */
export function cacheEntry({ cache, variant }) {
  return path.join(cache, 'libtorch', `${torchVersion}+${variant}-${process.platform}-${process.arch}`);
}

/** The folder of a downloaded libtorch. It exists only when the download is complete. @param {{ cache: string, variant: string }} environment */
export function cachedLibtorch(environment) {
  return path.join(cacheEntry(environment), 'torch');
}
