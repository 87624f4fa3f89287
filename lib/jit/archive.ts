/** The archive of a TorchScript program: reads and checks everything that libtorch gets. */

import { Device } from '../device';
import { ValueError } from '../errors';
import { at, stepsAt } from '../files/failure';
import { type Steps } from '../files/steps';
import { decodeUtf8 } from '../files/utf8';
import { native, type JitArchive, type JitPickle } from '../native';
import { StorageReader } from '../serialization/storages';
import type { ZipEntry, ZipReader } from '../zip/reader';
import { checkCode } from './code';
import { checkPickle } from './pickle';

/** The versions of the format that libtorch reads. */
const [MIN_VERSION, MAX_VERSION] = [1, 10];

/** The limit of the code of a program, and of its expansion: a graph takes many times the memory of its source. */
const MAX_CODE = 1 << 26;

const CPU = new Device('cpu');

/** How to read an archive. */
export interface ArchiveOptions {
  /** The device of all tensors; null for where they were. */
  readonly device: Device | null;
  /** Checks the device of a tensor in the file, and returns where it goes. */
  readonly deviceOf: (location: string) => Device;
  readonly extraFiles: Record<string, unknown>;
}

/** What {@link readArchive} has read. */
export interface OpenArchive extends Disposable {
  readonly folder: string;
  readonly archive: JitArchive;
}

/**
 * Reads and checks an archive.
 *
 * @throws ValueError that names the entry and the place.
 */
export function* readArchive(zip: ZipReader, options: ArchiveOptions): Steps<OpenArchive> {
  const folder = folderOf(zip);
  const version = yield* readVersion(zip, folder);
  yield* checkByteOrder(zip, folder);
  const code = yield* readCode(zip, folder);
  const [constants, constantStorages] = yield* readStored(zip, folder, 'constants', options);
  const [data, dataStorages] = yield* readStored(zip, folder, 'data', options);
  yield* readExtraFiles(zip, folder, options.extraFiles);
  return {
    folder,
    archive: { code, constants, data, version, device: options.device?.toString() ?? null },
    [Symbol.dispose]() {
      constantStorages.dispose();
      dataStorages.dispose();
    },
  };
}

function folderOf(zip: ZipReader): string {
  const [first] = zip.entries.keys();
  const folder = /^[^/]+\//.exec(first ?? '')?.[0];
  const has = (name: string): boolean => folder !== undefined && zip.entries.has(folder + name);
  if (has('data.pkl') && has('constants.pkl')) return folder!;
  if (has('data.pkl'))
    throw new ValueError('it has no entry constants.pkl: it is a file of torch.save, not of torch.jit.save');
  throw new ValueError('it is a ZIP file, but not one of torch.jit.save: it has no entry data.pkl');
}

function* read(zip: ZipReader, name: string): Steps<Buffer> {
  const entry = zip.entries.get(name);
  if (entry === undefined) throw new ValueError(`there is no entry '${name}'`);
  return yield* contents(zip, entry);
}

function* contents(zip: ZipReader, entry: ZipEntry): Steps<Buffer> {
  if (entry.size > MAX_CODE)
    throw new ValueError(`entry '${entry.name}' has ${entry.size} bytes; the limit is ${MAX_CODE}`);
  using bytes = yield* zip.read(entry);
  return Buffer.from(native.data(bytes) as Uint8Array);
}

function* readVersion(zip: ZipReader, folder: string): Steps<number> {
  const name = [`${folder}version`, `${folder}.data/version`].find((name) => zip.entries.has(name));
  const text = (yield* read(zip, name ?? `${folder}version`)).subarray(0, 20).toString('latin1').trim();
  const version = /^\d+$/.test(text) ? Number(text) : NaN;
  if (version >= MIN_VERSION && version <= MAX_VERSION) return version;
  throw new ValueError(`entry '${name}': the version of the format is ${JSON.stringify(text)}; expected 1 to 10`);
}

function* checkByteOrder(zip: ZipReader, folder: string): Steps<void> {
  const name = `${folder}byteorder`;
  if (!zip.entries.has(name)) return;
  const order = (yield* read(zip, name)).subarray(0, 20).toString('latin1');
  if (order !== 'little')
    throw new ValueError(`entry '${name}': the byte order is ${JSON.stringify(order)}; expected little`);
}

function* readCode(zip: ZipReader, folder: string): Steps<[path: string, text: string][]> {
  const code: [string, string][] = [];
  let size = 0;
  for (const entry of zip.entries.values()) {
    if (!entry.name.startsWith(`${folder}code/`) || !entry.name.endsWith('.py')) continue;
    if ((size += entry.size) > MAX_CODE)
      throw new ValueError(`entry '${entry.name}': the code has more than ${MAX_CODE} bytes`);
    const bytes = yield* contents(zip, entry);
    const text = at(`entry '${entry.name}'`, () => {
      const text = decodeUtf8(bytes, 'the code');
      checkCode(text);
      return text;
    });
    code.push([entry.name.slice(folder.length), text]);
  }
  return code;
}

/** A pickle and its storages. They are read on the CPU: libtorch moves them. */
function* readStored(
  zip: ZipReader,
  folder: string,
  name: 'constants' | 'data',
  options: ArchiveOptions,
): Steps<[JitPickle, StorageReader]> {
  const bytes = yield* read(zip, `${folder}${name}.pkl`);
  const deviceOf = (location: string): Device => (options.deviceOf(location), CPU);
  const storages = new StorageReader(zip, folder, 'little', { mmap: false, deviceOf }, `${name}/`);
  try {
    at(`entry '${folder}${name}.pkl'`, () => checkPickle(bytes, storages));
    return [{ bytes, storages: storages.bytes() }, storages];
  } catch (error) {
    storages.dispose();
    throw error;
  }
}

function* readExtraFiles(zip: ZipReader, folder: string, files: Record<string, unknown>): Steps<void> {
  for (const name of Object.keys(files)) {
    const entry = zip.entries.get(`${folder}extra/${name}`);
    if (entry !== undefined)
      files[name] = new Uint8Array(yield* stepsAt(`the extra file '${name}'`, contents(zip, entry)));
  }
}
