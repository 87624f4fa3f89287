// Folders in the cache, by version, variant and system.

import fs from 'node:fs';
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

const writableByAll = 0o002;
const sticky = 0o1000;

/**
 * Who else may replace the libtorch in the cache, and so run code in every program that loads it; null if nobody.
 *
 * @param {{ cache: string, variant: string }} environment
 */
export function exposure(environment, own = process.getuid?.()) {
  if (own === undefined) return null;
  const { cache } = environment;
  const library = path.join(cachedLibtorch(environment), 'lib');
  for (let folder = library; ; folder = path.dirname(folder)) {
    const stat = fs.statSync(folder, { throwIfNoEntry: false });
    if (stat !== undefined) {
      const inside = folder === cache || folder.startsWith(`${cache}${path.sep}`);
      // In a sticky folder, such as /tmp, others cannot replace what is not theirs.
      if ((stat.mode & writableByAll) !== 0 && (inside || (stat.mode & sticky) === 0)) {
        return `everyone may write to ${folder}`;
      }
      if (stat.uid !== own && stat.uid !== 0) return `${folder} belongs to another user (${stat.uid})`;
    }
    if (folder === path.dirname(folder)) return null;
  }
}
