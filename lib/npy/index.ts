/**
 * `torch.npy`: reads and writes NumPy's `.npy` files. `load` and `save` for whole tensors; `NpyReader` and
 * `NpyWriter` for files that are larger than memory.
 */

import { BinaryFile } from '../files/binary-file';
import { readingFile } from '../files/failure';
import { bytesOfValues, piecesOf } from '../files/tensor-bytes';
import type { Tensor } from '../tensor';
import { isNpyDtype } from './dtypes';
import { byteLength, readHeader } from './header';
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
  using file = BinaryFile.open(path);
  return readingFile(path, () => {
    const header = readHeader((position, length) => file.read(position, length), file.size);
    return tensorOfStored(file.tensor(header.dataStart, byteLength(header), { mmap: false }), header, 0);
  });
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
  for (const piece of piecesOf(bytesOfValues(tensor))) writer.write(piece);
  writer.finish();
}
