// Folders and archives of a few bytes that look like libtorch to the setup.

import { type ZipEntry, makeZip } from './zip-writer';
import { writeFiles } from './folder';

const machines: Record<string, number> = { x64: 62, arm64: 183 };

/** The head of a shared library for this system, or for another processor. */
export function library(arch: string = process.arch): Buffer {
  const head = Buffer.alloc(64);
  if (process.platform === 'darwin') {
    head.writeUInt32LE(0xfeedfacf, 0);
    head.writeUInt32LE(arch === 'x64' ? 0x01000007 : 0x0100000c, 4);
    return head;
  }
  head.write('\x7fELF', 0, 'latin1');
  head.writeUInt16LE(machines[arch]!, 18);
  return head;
}

const suffix = process.platform === 'darwin' ? 'dylib' : 'so';

export function libtorchFiles({ version = '2.13.0', arch = process.arch as string } = {}): Record<
  string,
  string | Buffer
> {
  const [major, minor, patch] = version.split('.');
  return {
    'include/torch/headeronly/version.h': `#define TORCH_VERSION_MAJOR ${major}\n#define TORCH_VERSION_MINOR ${minor}\n#define TORCH_VERSION_PATCH ${patch}\n`,
    'include/ATen/ATen.h': '#pragma once\n',
    [`lib/libtorch_cpu.${suffix}`]: library(arch),
    [`lib/libc10.${suffix}`]: library(arch),
  };
}

export function writeLibtorch(folder: string, options?: Parameters<typeof libtorchFiles>[0]): string {
  writeFiles(folder, libtorchFiles(options));
  return folder;
}

export function libtorchArchive(options?: Parameters<typeof libtorchFiles>[0], more: ZipEntry[] = []): Buffer {
  const entries = Object.entries(libtorchFiles(options)).map(([name, data]) => ({ name: `libtorch/${name}`, data }));
  return makeZip([...entries, { name: 'libtorch/bin/test_api', data: 'not wanted' }, ...more]);
}
