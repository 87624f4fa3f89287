/** `torch.npz`: reads and writes NumPy's `.npz` files, ZIP files of `.npy` files. */

import { checkOptions, isPlainObject } from '../arguments';
import { describeType, shortened } from '../describe';
import { ValueError } from '../errors';
import { at, stepsReading } from '../files/failure';
import { type AsyncFileOptions, type Steps, promiseOf, runNow, withoutSignal } from '../files/steps';
import { type Take, bytesOfTaken, takeItself, takeSnapshot } from '../files/tensor-bytes';
import { native } from '../native';
import { isNpyDtype } from '../npy/dtypes';
import { type NpyHeader, byteLength, formatHeader, readHeader } from '../npy/header';
import { tensorOfStored } from '../npy/tensors';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { type ZipEntry, ZipReader, entryText } from '../zip/reader';
import { ZipWriter } from '../zip/writer';

const SUFFIX = '.npy';

/** Compressed arrays of this size in total are read without asking, whatever the size of the file is. */
const FREE_EXPANSION = 64 * 1024 * 1024;

const LOAD_OPTIONS = ['names', 'maxExpandedBytes'] as const;

/** Values start at a multiple of this many bytes, if the header of the array does too. */
const ALIGNMENT = 64;

/** Options of {@link load}. */
export interface NpzLoadOptions {
  /** The arrays to read; all by default. */
  names?: readonly string[];
  /**
   * The most bytes that compressed arrays may take in total; by default twice the size of the file, and at least 64 MiB.
   * It protects against files that expand to more than the memory.
   */
  maxExpandedBytes?: number;
}

/** Options of {@link save}. */
export interface NpzSaveOptions {
  /** Whether to compress the arrays, as `numpy.savez_compressed` does; false by default. */
  compress?: boolean;
}

/**
 * Reads the arrays of an `.npz` file into CPU tensors, as `numpy.load(file)` does in Python. Stored and compressed
 * arrays, every dtype and both byte orders of {@link npy.load}.
 *
 * @param file the file
 * @returns the tensors by name. If the file has a name twice, or is damaged, that is an error: checksums are compared.
 * @throws ValueError that names the file and the array if the file is malformed, an array has a dtype that PyTorch lacks
 * (leave it out with `names`), or the file lacks a name; the operating system's error if the file
 * cannot be opened
 * @example
 * ```ts
 * torch.npz.save('data.npz', { x: torch.ones(2), y: torch.tensor([1, 2, 3]) });
 * torch.npz.load('data.npz').y; // [1, 2, 3]
 * Object.keys(torch.npz.load('data.npz', { names: ['x'] })); // ['x']
 * ```
 */
export function load(file: string, options: NpzLoadOptions = {}): Record<string, Tensor> {
  return runNow(loading(file, checkOptions('npz.load', options, LOAD_OPTIONS)));
}

export namespace load {
  /**
   * {@link load} off the event loop.
   *
   * @param file the file
   * @param options those of {@link load}, and `signal`: an AbortSignal that ends the read
   * @returns a Promise of what {@link load} returns; it is rejected with the errors of {@link load}
   * @example
   * ```ts
   * torch.npz.save('data.npz', { x: torch.ones(2) });
   * const { x } = await torch.npz.load.async('data.npz');
   * x; // [1, 1]
   * ```
   */
  export const async = (file: string, options?: NpzLoadOptions & AsyncFileOptions): Promise<Record<string, Tensor>> =>
    promiseOf('npz.load.async', options, () =>
      loading(file, withoutSignal<NpzLoadOptions>('npz.load.async', options, LOAD_OPTIONS)),
    );
}

function* loading(file: string, options: NpzLoadOptions): Steps<Record<string, Tensor>> {
  using archive = ZipReader.open(file);
  return yield* stepsReading(file, reading(archive, options));
}

function* reading(archive: ZipReader, { names, maxExpandedBytes }: NpzLoadOptions): Steps<Record<string, Tensor>> {
  const entries = [...arrays(archive)].filter(([name]) => names?.includes(name) ?? true);
  const missing = names?.find((name) => !entries.some(([found]) => found === name));
  if (missing !== undefined) throw new ValueError(`it has no array '${shortened(missing)}'`);
  checkExpansion(
    entries.map(([, entry]) => entry),
    maxExpandedBytes ?? Math.max(FREE_EXPANSION, 2 * archive.file.size),
  );
  const tensors: [string, Tensor][] = [];
  for (const [name, entry] of entries) {
    using bytes = yield* archive.read(entry);
    tensors.push([name, scope(() => arrayOf(bytes, entry))]);
  }
  return Object.fromEntries(tensors);
}

/**
 * Writes tensors into an `.npz` file, as `numpy.savez(file, **arrays)` does in Python. An existing file is replaced
 * atomically, when the new one is complete. The tensors may be on any device, have any strides and require gradients.
 *
 * @param file the file; no suffix is added
 * @param arrays the tensors by name, of the dtypes that {@link npy.save} supports
 * @throws TypeError for another value or dtype; RuntimeError inside a transform, where a tensor has no values; the
 * operating system's error if the file cannot be written
 */
export function save(file: string, arrays: Readonly<Record<string, Tensor>>, options: NpzSaveOptions = {}): void {
  runNow(saving(file, arrays, checkOptions('npz.save', options, ['compress']), takeItself));
}

export namespace save {
  /**
   * {@link save} off the event loop. It writes what the tensors hold at the call. The file appears when it is complete; if
   * that fails or the signal aborts, nothing is left behind.
   *
   * @param file the file; no suffix is added
   * @param arrays as for {@link save}
   * @param options those of {@link save}, and `signal`: an AbortSignal that ends the write
   * @returns a Promise that resolves when the file is complete; it is rejected with the errors of {@link save}
   * @example
   * ```ts
   * await torch.npz.save.async('data.npz', { x: torch.ones(2) }, { compress: true });
   * torch.npz.load('data.npz').x; // [1, 1]
   * ```
   */
  export const async = (
    file: string,
    arrays: Readonly<Record<string, Tensor>>,
    options?: NpzSaveOptions & AsyncFileOptions,
  ): Promise<void> =>
    promiseOf('npz.save.async', options, () =>
      saving(file, arrays, withoutSignal<NpzSaveOptions>('npz.save.async', options, ['compress']), takeSnapshot),
    );
}

function saving(
  file: string,
  arrays: Readonly<Record<string, Tensor>>,
  { compress = false }: NpzSaveOptions,
  take: Take,
): Steps<void> {
  if (!isPlainObject(arrays)) {
    throw new TypeError(`npz.save(): argument 'arrays' must be an object of tensors, not ${describeType(arrays)}`);
  }
  const headers = Object.entries(arrays).map(([name, tensor]) => [name, tensor, headerOf(name, tensor)] as const);
  const taken = headers.map(
    ([name, tensor, header]) => [name, formatHeader(header), take(native.storedValue(tensor))] as const,
  );
  return writing(file, taken, compress);
}

function* writing(
  file: string,
  arrays: readonly (readonly [name: string, header: Buffer, taken: () => Tensor])[],
  deflates: boolean,
): Steps<void> {
  using archive = ZipWriter.create(file, { alignment: ALIGNMENT });
  for (const [name, header, taken] of arrays) {
    using bytes = bytesOfTaken(taken);
    yield* archive.adding(name + SUFFIX, [header, bytes], { deflates });
  }
  yield* archive.finishing();
}

function headerOf(name: string, tensor: unknown): NpyHeader {
  if (!native.isTensor(tensor)) {
    throw new TypeError(`npz.save(): array '${shortened(name)}' must be a Tensor, not ${describeType(tensor)}`);
  }
  const { dtype, shape } = tensor;
  if (!isNpyDtype(dtype)) {
    throw new TypeError(
      `npz.save(): NumPy has no counterpart of ${dtype}, the dtype of array '${shortened(name)}'; convert the tensor first, with x.to('float32')`,
    );
  }
  return { dtype, shape, fortranOrder: false };
}

/** The entries by the names of their arrays, without the suffix. */
function* arrays(archive: ZipReader): Generator<[string, ZipEntry]> {
  for (const [name, entry] of archive.entries) {
    if (!name.endsWith(SUFFIX))
      throw new ValueError(`${entryText(name)} is not an array: its name does not end in .npy`);
    yield [name.slice(0, -SUFFIX.length), entry];
  }
}

function checkExpansion(entries: readonly ZipEntry[], limit: number): void {
  const size = entries.reduce((sum, entry) => sum + (entry.isDeflated ? entry.size : 0), 0);
  if (size <= limit) return;
  throw new ValueError(
    `its compressed arrays expand to ${size} bytes, more than the limit of ${limit}; if you trust the file, ` +
      `pass maxExpandedBytes: ${size}`,
  );
}

function arrayOf(bytes: Tensor, entry: ZipEntry): Tensor {
  return at(entryText(entry.name), () => {
    const header = readHeader((position, length) => {
      using part = bytes.narrow(0, position, length);
      return Buffer.from((native.data(part) as Uint8Array).buffer);
    }, entry.size);
    const end = header.dataStart + byteLength(header);
    if (end !== entry.size) throw new ValueError(`the array ends at byte ${end} of ${entry.size}`);
    return tensorOfStored(native.sliceBytes(bytes, header.dataStart, byteLength(header)), header, header.dataStart);
  });
}
