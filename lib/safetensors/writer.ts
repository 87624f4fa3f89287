/** Writes a `.safetensors` file. */

import { isPlainObject } from '../arguments';
import { describeType, nameText } from '../describe';
import type { Dtype } from '../dtype';
import { RuntimeError } from '../errors';
import { AtomicFile } from '../files/atomic-file';
import { IS_LITTLE_ENDIAN, itemsizeOf } from '../files/element-layout';
import { type AsyncFileOptions, type Steps, promiseOf, runNow, withoutSignal } from '../files/steps';
import { type Take, bytesOfTaken, takeItself, takeSnapshot, toMemoryLayout } from '../files/tensor-bytes';
import { native } from '../native';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { formatHeader, isStorable } from './header';

/**
 * Writes tensors into a `.safetensors` file, byte by byte as `safetensors.torch.save_file` does in Python. An existing
 * file is replaced atomically, when the new one is complete. The tensors may be on any device, have any strides and
 * require gradients.
 *
 * @param tensors the tensors by name, for example a state dict
 * @param file the file
 * @param metadata strings by name, for example `{ format: 'pt' }`
 * @throws TypeError for another value, or a dtype that the format lacks (complex32, complex128); RuntimeError, as in
 * Python, if two tensors share memory, which the format cannot express, and inside a transform, where a tensor has no
 * values; the operating system's error if the file cannot be written
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 3);
 * torch.safetensors.saveFile(net.stateDict(), 'linear.safetensors');
 * Object.keys(torch.safetensors.loadFile('linear.safetensors')); // ['bias', 'weight']
 * ```
 */
export function saveFile(
  tensors: Readonly<Record<string, Tensor>>,
  file: string,
  metadata: Readonly<Record<string, string>> = {},
): void {
  runNow(saving(tensors, file, metadata, takeItself));
}

export namespace saveFile {
  /**
   * {@link saveFile} off the event loop. It writes what the tensors hold at the call. The file appears when it is complete;
   * if that fails or the signal aborts, nothing is left behind.
   *
   * @param tensors as for {@link saveFile}
   * @param file the file
   * @param metadata strings by name
   * @param options `signal`: an AbortSignal that ends the write
   * @returns a Promise that resolves when the file is complete; it is rejected with the errors of {@link saveFile}
   * @example
   * ```ts
   * const net = new torch.nn.Linear(2, 3);
   * await torch.safetensors.saveFile.async(net.stateDict(), 'linear.safetensors', { format: 'pt' });
   * ```
   */
  export const async = (
    tensors: Readonly<Record<string, Tensor>>,
    file: string,
    metadata: Readonly<Record<string, string>> = {},
    options?: AsyncFileOptions,
  ): Promise<void> =>
    promiseOf('safetensors.saveFile.async', options, () => {
      withoutSignal('safetensors.saveFile.async', options, []);
      return saving(tensors, file, metadata, takeSnapshot);
    });
}

function saving(
  tensors: Readonly<Record<string, Tensor>>,
  file: string,
  metadata: Readonly<Record<string, string>>,
  take: Take,
): Steps<void> {
  const checked = checkTensors(tensors);
  checkMetadata(metadata);
  checkSharing(checked);
  const { bytes, names } = formatHeader(checked, metadata);
  const values = names.map((name) => {
    const tensor = checked.get(name) as Tensor;
    return { dtype: tensor.dtype, taken: take(native.storedValue(tensor)) };
  });
  return writing(file, bytes, values);
}

function* writing(
  path: string,
  header: Buffer,
  values: readonly { readonly dtype: Dtype; readonly taken: () => Tensor }[],
): Steps<void> {
  using file = AtomicFile.create(path);
  yield* file.write(0, header);
  let position = header.length;
  for (const { dtype, taken } of values) {
    // Byte orders are swapped in the same way in both directions.
    using bytes = scope(() => toMemoryLayout(bytesOfTaken(taken), dtype, !IS_LITTLE_ENDIAN, 0));
    position = yield* file.writeTensor(position, bytes);
  }
  yield* file.committing();
}

function checkTensors(tensors: unknown): Map<string, Tensor> {
  if (!isPlainObject(tensors)) {
    throw new TypeError(
      `safetensors.saveFile(): argument 'tensors' must be an object of tensors, not ${describeType(tensors)}`,
    );
  }
  const checked = new Map<string, Tensor>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const complain = (problem: string): never => {
      throw new TypeError(`safetensors.saveFile(): tensor ${nameText(name)} ${problem}`);
    };
    if (name === '__metadata__' || !isText(name)) complain('has a name that the format does not allow');
    if (!native.isTensor(tensor)) return complain(`is not a Tensor but ${describeType(tensor)}`);
    if (tensor.layout !== 'strided') complain(`has the layout ${tensor.layout}; convert it with x.toDense()`);
    if (!isStorable(tensor.dtype)) complain(`has the dtype ${tensor.dtype}, which the format lacks`);
    checked.set(name, tensor);
  }
  return checked;
}

function checkMetadata(metadata: unknown): void {
  if (isPlainObject(metadata) && Object.entries(metadata).flat().every(isText)) return;
  throw new TypeError("safetensors.saveFile(): argument 'metadata' must be an object of strings");
}

/** Whether a value is a string that UTF-8 can express: without half of a surrogate pair. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value);
}

/** Refuses tensors that share memory: the file would hold it twice, and they would not share it after loading. */
function checkSharing(tensors: ReadonlyMap<string, Tensor>): void {
  // Each region keeps its tensor: the id of freed memory may be used again.
  const regions = new Map<number, { name: string; value: Tensor; start: number; end: number }[]>();
  for (const [name, tensor] of tensors) {
    const value = native.storedValue(tensor);
    if (value.numel() === 0) continue;
    const { id } = native.storageOf(value);
    const [strides, itemsize] = [value.stride() as number[], itemsizeOf(value.dtype)];
    const first = value.storageOffset();
    const last = value.shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis], first);
    const region = { name, value, start: first * itemsize, end: (last + 1) * itemsize };
    const others = regions.get(id) ?? [];
    const other = others.find(({ start, end }) => start < region.end && region.start < end);
    if (other !== undefined) {
      throw new RuntimeError(
        `Some tensors share memory, this will lead to duplicate memory on disk and potential differences when loading them again: ` +
          `${nameText(other.name)} and ${nameText(name)}. Leave one of them out, or save a copy, x.clone(); torch.save keeps them shared.`,
      );
    }
    regions.set(id, [...others, region]);
  }
}
