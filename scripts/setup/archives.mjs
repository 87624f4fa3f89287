// PyTorch's libtorch archives, for machines without Python: addresses and checksums. Edit this table for a new release.
//
// PyTorch publishes no checksums for these archives. If `sha256` is null, only HTTPS protects the download, and the setup
// says so. TORCH_FUNC_ARCHIVE_SHA256 provides a checksum.

import { SetupFailure } from './failure.mjs';
import { torchVersion } from './project.mjs';

const site = 'https://download.pytorch.org/libtorch';

/** @type {Record<string, { url: string, sha256: string | null }>} */
const archives = {
  'linux-x64 cpu': { url: `${site}/cpu/libtorch-shared-with-deps-${torchVersion}%2Bcpu.zip`, sha256: null },
  'linux-x64 cu126': { url: `${site}/cu126/libtorch-shared-with-deps-${torchVersion}%2Bcu126.zip`, sha256: null },
  'linux-x64 cu129': { url: `${site}/cu129/libtorch-shared-with-deps-${torchVersion}%2Bcu129.zip`, sha256: null },
  'linux-x64 cu130': { url: `${site}/cu130/libtorch-shared-with-deps-${torchVersion}%2Bcu130.zip`, sha256: null },
  'darwin-arm64 cpu': { url: `${site}/cpu/libtorch-macos-arm64-${torchVersion}.zip`, sha256: null },
};

/**
 * @param {import('./environment.mjs').Environment} environment
 * @returns {{ url: string, sha256: string | null }}
 */
export function archiveFor({ variant, archiveUrl, archiveSum }, system = `${process.platform}-${process.arch}`) {
  const entry = archives[`${system} ${variant}`];
  if (archiveUrl) return { url: archiveUrl, sha256: archiveSum };
  if (entry) return { ...entry, sha256: archiveSum ?? entry.sha256 };
  throw new SetupFailure(`PyTorch publishes no libtorch archive for ${system}, variant '${variant}'`, {
    tried: [`known archives: ${Object.keys(archives).join('; ')}`],
    advice: [
      'install Python with pip, so that the setup can take libtorch from the torch wheel',
      'or set LIBTORCH to an existing libtorch',
    ],
  });
}
