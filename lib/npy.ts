/**
 * `torch.npy`: NumPy's `.npy` files, in and out. `load` and `save` for whole tensors; `NpyReader` and
 * `NpyWriter` for files that are larger than memory.
 */

import { elementCount } from './npy/header';
import { isNpyDtype, itemsizeOf } from './npy/dtypes';
import { NpyReader } from './npy/reader';
import { dataOf, tensorFromData } from './npy/tensors';
import { NpyWriter } from './npy/writer';
import { torchFunctions } from './operators';
import type { Tensor } from './tensor';

export type { NpyData, NpyDtype } from './npy/dtypes';
export type { NpyWriterOptions } from './npy/writer';
export { NpyReader, NpyWriter };

/** Larger arrays go through memory in pieces of this many bytes. */
const PIECE = 64 * 1024 * 1024;

/**
 * Reads an `.npy` file into a CPU tensor, as `torch.from_numpy(numpy.load(path))` does in Python.
 *
 * All numeric dtypes and bool, either byte order. A file in Fortran order gives a tensor with the
 * same strides as in Python.
 *
 * ```ts
 * torch.npy.save('x.npy', torch.tensor([[1, 2], [3, 4]]));
 * torch.npy.load('x.npy').shape; // [2, 2]
 * ```
 *
 * @param path the file
 * @returns a tensor of the file's shape and dtype
 * @throws ValueError when the file is malformed, cut short, or holds what no tensor can hold
 * (objects, strings, dates, structures); the operating system's error when it cannot be opened
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
 * Python. An existing file is replaced in one step, and only when the new one is complete.
 *
 * Any device, any strides (they are written in C order); gradients are not part of a file, so that
 * `detach()` is not needed.
 *
 * @param path the file
 * @param tensor of any dtype that NumPy has: not bfloat16 or complex32
 * @throws TypeError for another dtype; RuntimeError inside a transform, where a tensor has no values
 * to write; the operating system's error when the file cannot be written
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
