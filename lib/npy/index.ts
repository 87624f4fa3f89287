/**
 * `torch.npy`: reads and writes NumPy's `.npy` files. `load` and `save` for whole tensors; `NpyReader` and
 * `NpyWriter` for files that are larger than memory.
 */

import { BinaryFile } from '../files/binary-file';
import { stepsReading } from '../files/failure';
import { AtomicFile } from '../files/atomic-file';
import { type AsyncFileOptions, type Steps, promiseOf, runNow, withoutSignal } from '../files/steps';
import { type Take, bytesOfTaken, takeItself, takeSnapshot } from '../files/tensor-bytes';
import { native } from '../native';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { isNpyDtype } from './dtypes';
import { byteLength, formatHeader, readHeader } from './header';
import { NpyReader } from './reader';
import { tensorOfStored } from './tensors';
import { NpyWriter } from './writer';

export type { NpyData, NpyDtype } from './dtypes';
export type { NpyWriterOptions } from './writer';
export { NpyReader, NpyWriter };

/**
 * Reads an `.npy` file into a CPU tensor, as `torch.from_numpy(numpy.load(path))` does in Python.
 *
 * Supports all numeric dtypes and bool, in either byte order. A file in Fortran order gives a tensor with
 * the same strides as in Python.
 *
 * ```ts
 * torch.npy.save('x.npy', torch.tensor([[1, 2], [3, 4]]));
 * torch.npy.load('x.npy').shape; // [2, 2]
 * ```
 *
 * @param path the file
 * @returns a tensor of the file's shape and dtype
 * @throws ValueError if the file is malformed or truncated, or has a dtype that PyTorch lacks (objects,
 * strings, dates, structures); the operating system's error if it cannot be opened
 */
export function load(path: string): Tensor {
  return runNow(loading(path));
}

export namespace load {
  /**
   * {@link load} off the event loop.
   *
   * @param path the file
   * @param options `signal`: an AbortSignal that ends the read
   * @returns a Promise of what {@link load} returns; it is rejected with the errors of {@link load}
   * @example
   * ```ts
   * torch.npy.save('x.npy', torch.tensor([1, 2]));
   * await torch.npy.load.async('x.npy'); // [1, 2]
   * ```
   */
  export const async = (path: string, options?: AsyncFileOptions): Promise<Tensor> =>
    promiseOf('npy.load.async', options, () => {
      withoutSignal('npy.load.async', options, []);
      return loading(path);
    });
}

function* loading(path: string): Steps<Tensor> {
  using file = BinaryFile.open(path);
  return yield* stepsReading(path, reading(file));
}

function* reading(file: BinaryFile): Steps<Tensor> {
  const header = readHeader((position, length) => file.read(position, length), file.size);
  using bytes = yield* file.readingTensor(header.dataStart, byteLength(header));
  return scope(() => tensorOfStored(bytes, header, 0));
}

/**
 * Writes a tensor into an `.npy` file, as `numpy.save(path, tensor.detach().cpu().numpy())` does in
 * Python. An existing file is replaced atomically, when the new one is complete.
 *
 * The tensor may be on any device and have any strides; the file is in C order. It may require gradients:
 * `detach()` is not needed.
 *
 * @param path the file
 * @param tensor any dtype that NumPy supports: all but bfloat16 and complex32
 * @throws TypeError for another dtype; RuntimeError inside a transform, where a tensor has no values; the
 * operating system's error if the file cannot be written
 */
export function save(path: string, tensor: Tensor): void {
  runNow(saving(path, tensor, takeItself));
}

export namespace save {
  /**
   * {@link save} off the event loop. It writes what the tensor holds at the call. The file appears when it is complete; if
   * that fails or the signal aborts, nothing is left behind.
   *
   * @param path the file
   * @param tensor as for {@link save}
   * @param options `signal`: an AbortSignal that ends the write
   * @returns a Promise that resolves when the file is complete; it is rejected with the errors of {@link save}
   * @example
   * ```ts
   * const x = torch.ones(2);
   * const saved = torch.npy.save.async('x.npy', x);
   * x.zero_();
   * await saved;
   * torch.npy.load('x.npy'); // [1, 1]
   * ```
   */
  export const async = (path: string, tensor: Tensor, options?: AsyncFileOptions): Promise<void> =>
    promiseOf('npy.save.async', options, () => {
      withoutSignal('npy.save.async', options, []);
      return saving(path, tensor, takeSnapshot);
    });
}

function saving(path: string, tensor: Tensor, take: Take): Steps<void> {
  const { dtype, shape } = tensor;
  if (!isNpyDtype(dtype)) {
    throw new TypeError(
      `npy.save(): NumPy has no counterpart of ${dtype}; convert the tensor first, with x.to('float32')`,
    );
  }
  return writing(path, formatHeader({ dtype, shape, fortranOrder: false }), take(native.storedValue(tensor)));
}

function* writing(path: string, header: Buffer, taken: () => Tensor): Steps<void> {
  using file = AtomicFile.create(path);
  yield* file.write(0, header);
  using bytes = bytesOfTaken(taken);
  yield* file.writeTensor(header.length, bytes);
  yield* file.committing();
}
