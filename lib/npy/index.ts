/**
 * `torch.npy`: reads and writes NumPy's `.npy` files. `load` and `save` for whole tensors; `NpyReader` and
 * `NpyWriter` for files that are larger than memory.
 */

import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { isNpyDtype, itemsizeOf } from './dtypes';
import { elementCount } from './header';
import { NpyReader } from './reader';
import { dataOf, tensorFromData } from './tensors';
import { NpyWriter } from './writer';

export type { NpyData, NpyDtype } from './dtypes';
export type { NpyWriterOptions } from './writer';
export { NpyReader, NpyWriter };

/** The size of the pieces in which larger arrays are copied, in bytes. */
const PIECE = 64 * 1024 * 1024;

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
  using reader = NpyReader.open(path);
  const { dtype, shape, fortranOrder } = reader;
  const stored = fortranOrder ? [...shape].reverse() : shape;
  const count = elementCount(shape);
  const piece = PIECE / itemsizeOf(dtype);
  let tensor: Tensor;
  if (count <= piece) {
    tensor = tensorFromData(reader.readStored(0, count), dtype, stored);
  } else {
    const flat = torchFunctions.empty([count], { dtype });
    for (let start = 0; start < count; start += piece) {
      const length = Math.min(piece, count - start);
      using values = tensorFromData(reader.readStored(start, length), dtype, [length]);
      using target = flat.narrow(0, start, length);
      target.copy_(values);
    }
    tensor = flat.reshape(stored);
  }
  return fortranOrder ? tensor.permute(shape.map((_, axis) => shape.length - 1 - axis)) : tensor;
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
  const { dtype, shape } = tensor;
  if (!isNpyDtype(dtype)) {
    throw new TypeError(
      `npy.save(): NumPy has no counterpart of ${dtype}; convert the tensor first, with x.to('float32')`,
    );
  }
  using writer = NpyWriter.create(path, { dtype, shape });
  const plain = tensor.detach().cpu();
  const count = elementCount(shape);
  const piece = PIECE / itemsizeOf(dtype);
  if (count <= piece) {
    writer.write(dataOf(plain));
  } else {
    const flat = plain.reshape([-1]);
    for (let start = 0; start < count; start += piece) {
      using values = flat.narrow(0, start, Math.min(piece, count - start));
      writer.write(dataOf(values));
    }
  }
  writer.finish();
}
