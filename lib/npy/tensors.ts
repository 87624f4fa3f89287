/** Between the values of `.npy` files and tensors. */

import { toMemoryLayout, tensorOver } from '../files/tensor-bytes';
import type { Tensor } from '../tensor';
import type { ParsedNpyHeader } from './header';

/**
 * A tensor over the bytes of an array, a flat uint8 tensor that starts at `position` of aligned memory. A file in
 * Fortran order gives a tensor with the same strides as in Python.
 */
export function tensorOfStored(bytes: Tensor, header: ParsedNpyHeader, position: number): Tensor {
  const { dtype, fortranOrder, shape, swapped } = header;
  // In NumPy every byte but 0 is True; a bool tensor must hold 0 or 1.
  const isPlain = dtype !== 'bool' || bytes.numel() === 0 || bytes.max().item() <= 1;
  const stored = toMemoryLayout(isPlain ? bytes : bytes.ne(0).view('uint8'), dtype, swapped, position);
  const tensor = tensorOver(stored, dtype, fortranOrder ? [...shape].reverse() : shape);
  return fortranOrder ? tensor.permute(shape.map((_, axis) => shape.length - 1 - axis)) : tensor;
}
