/** `tensordot`, `chainMatmul` and `cdist`. */

import { checkOptions, readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { AssertionError, RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import type { Size } from '../types';

/** The number of dimensions that {@link tensordot} sums over, or the dimensions of each operand. */
export type TensordotDims = number | readonly [Size, Size] | Tensor;

/** The options of {@link tensordot}. */
export interface TensordotOptions {
  /** The summed dimensions; 2 by default: the last two of `a` and the first two of `b`. */
  dims?: TensordotDims;
  out?: Tensor | null;
}

function contracted(count: number): [number[], number[]] {
  return [Array.from({ length: count }, (_, i) => i - count), Array.from({ length: count }, (_, i) => i)];
}

function dimsFromTensor(dims: Tensor): [number[], number[]] {
  if (dims.numel() <= 1) {
    const count = Math.trunc(Number(native.peek(dims)));
    if (count < 0) throw new RuntimeError(`tensordot expects dims >= 0, but got dims=${dims.toString()}`);
    return contracted(count);
  }
  if (dims.shape[0] !== 2) {
    throw new AssertionError(`dims tensor must have size 2 in first dimension, got ${dims.shape[0]}`);
  }
  return dims.toArray() as [number[], number[]];
}

/**
 * The contraction of two tensors over the given dimensions; `torch.tensordot`. The result has the
 * remaining dimensions of `a`, then those of `b`.
 *
 * @param dims - The number of dimensions (the last of `a`, the first of `b`), or a pair of lists.
 * @throws RuntimeError if `dims` is negative, too large, or refers to dimensions of different sizes.
 * @example
 * ```ts
 * const a = torch.ones([3, 4, 5]);
 * const b = torch.ones([4, 3, 2]);
 * torch.tensordot(a, b, [[1, 0], [0, 1]]).shape; // [5, 2]
 * ```
 */
export function tensordot(
  a: Tensor,
  b: Tensor,
  ...rest: Optional<[dims: TensordotDims, out: Tensor | null], TensordotOptions>
): Tensor {
  const { dims = 2, out } = readOptions<TensordotOptions>('tensordot', rest, ['dims', 'out'], [], 2);
  let pair: readonly [Size, Size];
  if (native.isTensor(dims)) {
    pair = dimsFromTensor(dims);
  } else if (Array.isArray(dims)) {
    if (dims.length !== 2) {
      throw new ValueError(
        dims.length < 2
          ? `not enough values to unpack (expected 2, got ${dims.length})`
          : 'too many values to unpack (expected 2)',
      );
    }
    pair = dims as readonly [Size, Size];
  } else if (typeof dims === 'number' && Number.isInteger(dims)) {
    if (dims < 0) throw new RuntimeError(`tensordot expects dims >= 0, but got dims=${dims}`);
    if (dims > Math.min(a.dim(), b.dim())) {
      throw new RuntimeError(`tensordot expects dims < ndim_a or ndim_b, but got dims=${dims}`);
    }
    pair = contracted(dims);
  } else {
    throw new RuntimeError(
      `tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists, but got dims=${String(dims)}`,
    );
  }
  return torchFunctions.tensordot(a, b, pair[0], pair[1], { out });
}

/**
 * The product of matrices in the cheapest order; `torch.chain_matmul`. Deprecated: use
 * `torch.linalg.multiDot([a, b, c])`.
 *
 * @throws RuntimeError without matrices, or for shapes that do not match.
 * @example
 * ```ts
 * torch.chainMatmul(torch.ones([2, 3]), torch.ones([3, 4]), torch.ones([4, 5])).shape; // [2, 5]
 * ```
 */
export function chainMatmul(...matrices: Tensor[] | [...Tensor[], { out?: Tensor | null }]): Tensor {
  const last = matrices.at(-1);
  const hasOptions = last !== undefined && !native.isTensor(last);
  const { out } = hasOptions ? checkOptions<{ out?: Tensor | null }>('chainMatmul', last, ['out']) : {};
  return torchFunctions.chainMatmul((hasOptions ? matrices.slice(0, -1) : matrices) as Tensor[], { out });
}

/** Whether {@link cdist} uses a matrix product for p = 2. */
export type CdistMode =
  'use_mm_for_euclid_dist_if_necessary' | 'use_mm_for_euclid_dist' | 'donot_use_mm_for_euclid_dist';

const CDIST_MODES: Record<CdistMode, number | null> = {
  use_mm_for_euclid_dist_if_necessary: null,
  use_mm_for_euclid_dist: 1,
  donot_use_mm_for_euclid_dist: 2,
};

/** The options of {@link cdist}. */
export interface CdistOptions {
  /** The order of the norm, from 0 to Infinity; 2 by default. */
  p?: number;
  /** When to use a matrix product; by default for more than 25 vectors. */
  computeMode?: CdistMode;
}

/**
 * The p-norm distances between the vectors of `x1` (shape [..., P, M]) and those of `x2` (shape
 * [..., R, M]), of shape [..., P, R]; `torch.cdist`.
 *
 * @throws ValueError for an unknown `computeMode`, RuntimeError for shapes or dtypes that do not match.
 * @example
 * ```ts
 * torch.cdist(torch.tensor([[0, 0]]), torch.tensor([[3, 4], [1, 0]])).toArray(); // [[5, 1]]
 * ```
 */
export function cdist(
  x1: Tensor,
  x2: Tensor,
  ...rest: Optional<[p: number, computeMode: CdistMode], CdistOptions>
): Tensor {
  const { p = 2, computeMode = 'use_mm_for_euclid_dist_if_necessary' } = readOptions<CdistOptions>(
    'cdist',
    rest,
    ['p', 'computeMode'],
    [],
    2,
  );
  if (!Object.hasOwn(CDIST_MODES, computeMode)) {
    throw new ValueError(`${String(computeMode)} is not a valid value for compute_mode`);
  }
  return torchFunctions.cdist(x1, x2, p, CDIST_MODES[computeMode]);
}
