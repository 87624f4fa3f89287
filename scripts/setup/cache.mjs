// Where fetched things are kept, by version, variant and system.

import path from 'node:path';
import { torchVersion } from './project.mjs';

/** @param {{ cache: string, variant: string }} environment */
export function cacheEntry({ cache, variant }) {
  return path.join(cache, 'libtorch', `${torchVersion}+${variant}-${process.platform}-${process.arch}`);
}

/** The folder of a fetched libtorch that is complete; it exists only then. @param {{ cache: string, variant: string }} environment */
export function cachedLibtorch(environment) {
  return path.join(cacheEntry(environment), 'torch');
}
