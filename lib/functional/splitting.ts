/** `torch.split` and `torch.unravel_index`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { describeType, textOf } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { aten } from '../ops';
import { Tensor } from '../tensor';
import type { Size } from '../types';

type SplitArguments = Optional<[dim: number], { dim?: number }>;

/**
 * Splits a tensor along a dimension, into views; `torch.split`.
 *
 * @param splitSizeOrSections - The size of each part (the last may be smaller), or a list of sizes.
 * @throws RuntimeError if the sizes do not add up to the size of the dimension.
 * @example
 * ```ts
 * torch.split(torch.arange(5), 2).map((part) => part.toArray()); // [[0, 1], [2, 3], [4]]
 * torch.split(torch.arange(5), [1, 4]);
 * ```
 */
export function split(tensor: Tensor, splitSizeOrSections: number | Size | Tensor, ...rest: SplitArguments): Tensor[] {
  const { dim = 0 } = readOptions<{ dim?: number }>('split', rest, ['dim'], [], 2);
  const size =
    native.isTensor(splitSizeOrSections) && splitSizeOrSections.numel() === 1
      ? Math.trunc(Number(native.peek(splitSizeOrSections)))
      : splitSizeOrSections;
  if (typeof size === 'number') return aten.split.Tensor(tensor, size, dim) as Tensor[];
  return torchFunctions.splitWithSizes(tensor, size as Size, dim);
}

declare module '../tensor' {
  interface Tensor {
    /** Splits the tensor along a dimension, into views; `Tensor.split`. See `torch.split`. */
    split(splitSize: number | Size | Tensor, ...rest: SplitArguments): Tensor[];
  }
}

Tensor.prototype.split = function (this: Tensor, splitSize: number | Size | Tensor, ...rest: SplitArguments) {
  return split(this, splitSize, ...rest);
};

/**
 * Converts flat indices into a tensor of the given shape to coordinates, one tensor per dimension;
 * `torch.unravel_index`.
 *
 * @throws TypeError for indices with a non-integer dtype or an invalid shape, ValueError for a negative size.
 * @example
 * ```ts
 * const [rows, columns] = torch.unravelIndex(torch.tensor([1n, 5n]), [2, 3]); // [0, 1] and [1, 2]
 * ```
 */
export function unravelIndex(indices: Tensor, shape: number | bigint | readonly (number | bigint)[]): Tensor[] {
  if (indices.isComplex() || indices.isFloatingPoint() || indices.dtype === 'bool') {
    throw new TypeError(`expected 'indices' to be integer dtype, but got torch.${indices.dtype}`);
  }
  const isInteger = (size: unknown) => typeof size === 'bigint' || Number.isInteger(size);
  const sizes: unknown = isInteger(shape) ? [shape] : shape;
  if (!Array.isArray(sizes)) {
    throw new TypeError(`expected 'shape' to be int or sequence of ints, but got ${describeType(shape)}`);
  }
  for (const size of sizes as unknown[]) {
    if (!isInteger(size)) {
      throw new TypeError(
        `expected 'shape' sequence to only contain ints, but got ${describeType(size)} ${textOf(size)}`,
      );
    }
  }
  // Sizes and their products may exceed the safe integers.
  const list = (sizes as (number | bigint)[]).map(BigInt);
  if (list.some((size) => size < 0n)) {
    throw new ValueError(`'shape' cannot have negative values, but got (${list.join(', ')})`);
  }
  const steps = list.map((_, i) => list.slice(i + 1).reduce((product, size) => product * size, 1n));
  const int64 = (values: readonly bigint[]) => native.tensorFromList(values, 'int64', indices.device.toString());
  return indices.unsqueeze(-1).floorDivide(int64(steps)).remainder(int64(list)).unbind(-1);
}
