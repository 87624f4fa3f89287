/** `torch.load`. */

import { checkOptions } from '../arguments';
import { ValueError } from '../errors';
import { at, stepsReading } from '../files/failure';
import { type AsyncFileOptions, type Steps, promiseOf, runNow, withoutSignal } from '../files/steps';
import { readPickle } from '../pickle/reader';
import { PyGlobal, PySequence, describePython } from '../pickle/values';
import { ZipReader, entryText } from '../zip/reader';
import { toJavaScript } from './from-python';
import { GLOBALS, PyStorageClass } from './globals';
import { type MapLocation, deviceChooser } from './map-location';
import { type StorageOptions, StorageReader, type StoredStorage } from './storages';

/** The versions of the archive format that exist; PyTorch writes 3. */
const [MIN_VERSION, MAX_VERSION] = [1, 10];

const LOAD_OPTIONS = ['mapLocation', 'mmap'] as const;

/** Options of {@link load}. */
export interface LoadOptions {
  /**
   * Where to put tensors: a device for all of them; an object with devices by the device that a tensor was on when it was
   * saved, such as `{ 'cuda:0': 'cpu' }`; or a function from that device, as a string. By default where they were.
   */
  mapLocation?: MapLocation | null;
  /** Whether to map the tensors from the file: they are read when they are used. False by default. */
  mmap?: boolean;
}

/**
 * Reads a file of `torch.save`, of Python's or of ours; `torch.load` with `weights_only=True`. Nothing in the file is
 * executed: anything but tensors, containers, numbers, strings, dtypes and devices is refused by its name.
 *
 * | Python | JavaScript |
 * | --- | --- |
 * | `dict` with strings as keys | plain object |
 * | `OrderedDict` | plain object, which {@link save} writes as `OrderedDict` again |
 * | other `dict` | `Map` |
 * | `list`; `tuple`, `torch.Size` | array; frozen array |
 * | `set` | `Set` |
 * | `int` | number, or bigint if a number cannot represent it |
 * | `float`, `bool`, `str`, `None` | number, boolean, string, null |
 * | `complex`, `bytes`, `bytearray` | `Complex`, `Uint8Array` |
 * | `Tensor`, `Parameter`, `torch.device` | the same |
 * | `torch.dtype`, `torch.layout` | string |
 *
 * Tensors that share memory in the file share it afterwards. Keys of a plain object that look like indices come first.
 *
 * @param file the file, in the zip format that PyTorch has written since version 1.6
 * @throws ValueError that names the file and the place if it is malformed or contains anything else; RuntimeError for
 * tensors of a device that is not available; the operating system's error if it cannot be opened
 * @example
 * ```ts
 * torch.save({ step: 3, w: torch.ones(2) }, 'checkpoint.pt');
 * const checkpoint = torch.load<{ step: number; w: torch.Tensor }>('checkpoint.pt', { mapLocation: 'cpu' });
 * checkpoint.step; // 3
 * checkpoint.w; // [1, 1]
 * ```
 */
export function load<T = unknown>(file: string, options: LoadOptions = {}): T {
  return runNow(loading(file, storageOptions(checkOptions('load', options, LOAD_OPTIONS)), false)) as T;
}

export namespace load {
  /**
   * {@link load} off the event loop. The values of the file that are not tensors are made on it, at the end, and so are the
   * copies to other devices. With `mmap` the tensors are read when they are used.
   *
   * @param file the file
   * @param options those of {@link load}, and `signal`: an AbortSignal that ends the read
   * @returns a Promise of what {@link load} returns; it is rejected with the errors of {@link load}
   * @example
   * ```ts
   * torch.save({ w: torch.ones(2) }, 'checkpoint.pt');
   * const { w } = await torch.load.async<{ w: torch.Tensor }>('checkpoint.pt');
   * w; // [1, 1]
   * ```
   */
  export const async = <T = unknown>(file: string, options?: LoadOptions & AsyncFileOptions): Promise<T> =>
    promiseOf('load.async', options, () => {
      const storages = storageOptions(withoutSignal<LoadOptions>('load.async', options, LOAD_OPTIONS));
      return loading(file, storages, true) as Steps<T>;
    });
}

function storageOptions({ mapLocation, mmap = false }: LoadOptions): StorageOptions {
  return { mmap, deviceOf: deviceChooser('load', mapLocation) };
}

function* loading(file: string, options: StorageOptions, preloads: boolean): Steps<unknown> {
  using archive = ZipReader.open(file);
  return yield* stepsReading(file, reading(archive, options, preloads));
}

function* reading(archive: ZipReader, options: StorageOptions, preloads: boolean): Steps<unknown> {
  const folder = folderOf(archive);
  checkVersion(archive, folder);
  const storages = new StorageReader(archive, folder, byteOrderOf(archive, folder), options);
  try {
    const pickle = readSmall(archive, `${folder}data.pkl`);
    if (preloads) yield* storages.preload();
    const persistent = (id: unknown): StoredStorage => storageOf(id, storages);
    return at(entryText(`${folder}data.pkl`), () => toJavaScript(readPickle(pickle, { globals: GLOBALS, persistent })));
  } finally {
    storages.dispose();
  }
}

/** The folder in the archive that everything lies in, with a slash. */
function folderOf(archive: ZipReader): string {
  const [first] = archive.entries.keys();
  const folder = /^[^/]+\//.exec(first ?? '')?.[0];
  if (folder !== undefined && archive.entries.has(`${folder}constants.pkl`)) {
    throw new ValueError('it is a TorchScript program; expected a file of torch.save');
  }
  if (folder !== undefined && archive.entries.has(`${folder}data.pkl`)) return folder;
  throw new ValueError('it is a ZIP file, but not one of torch.save: it has no data.pkl');
}

function readSmall(archive: ZipReader, name: string): Buffer {
  const entry = archive.entries.get(name);
  if (entry === undefined) throw new ValueError(`there is no ${entryText(name)}`);
  if (entry.isDeflated) throw new ValueError(`${entryText(name)} is compressed; torch.save stores entries as they are`);
  return archive.file.read(entry.start, entry.size);
}

function checkVersion(archive: ZipReader, folder: string): void {
  const entry = archive.entries.has(`${folder}version`) ? `${folder}version` : `${folder}.data/version`;
  const text = readSmall(archive, entry).subarray(0, 20).toString('latin1').trim();
  const version = /^\d+$/.test(text) ? Number(text) : NaN;
  if (version >= MIN_VERSION && version <= MAX_VERSION) return;
  throw new ValueError(`${entryText(entry)}: the version of the format is ${JSON.stringify(text)}; expected 1 to 10`);
}

function byteOrderOf(archive: ZipReader, folder: string): 'little' | 'big' {
  const name = `${folder}byteorder`;
  // Files without it were written on little-endian machines, or in the byte order of an unknown one.
  if (!archive.entries.has(name)) return 'little';
  const order = readSmall(archive, name).subarray(0, 20).toString('latin1');
  if (order === 'little' || order === 'big') return order;
  throw new ValueError(`${entryText(name)}: the byte order is ${JSON.stringify(order)}; expected little or big`);
}

/** The storage of a persistent id: `('storage', class, key, location, number of elements)`. */
export function storageOf(id: unknown, storages: StorageReader): StoredStorage {
  const items = id instanceof PySequence ? id.items : [];
  const [what, type, key, location, count] = items;
  const found = type instanceof PyGlobal ? type.value : undefined;
  if (items.length !== 5 || what !== 'storage' || !(found instanceof PyStorageClass)) {
    throw new ValueError(`the persistent id is not that of a storage: ${items.map(describePython).join(', ')}`);
  }
  if (typeof key !== 'string' || typeof location !== 'string' || !Number.isSafeInteger(count) || Number(count) < 0) {
    throw new ValueError(`the storage is described by ${items.slice(2).map(describePython).join(', ')}`);
  }
  return storages.get(key, found.dtype, location, Number(count));
}
