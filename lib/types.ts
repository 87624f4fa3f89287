/** Types that many declarations share. */

import type { DeviceLike } from './device';
import type { Dtype } from './dtype';

export type { DeviceLike, Dtype };

/** Any function of pytrees. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever its arguments are
export type AnyFunction = (...args: any[]) => any;

/** An object with the parts of a complex number, such as `Complex`. */
export interface ComplexLike {
  readonly re: number;
  readonly im: number;
}

/**
 * A number as PyTorch accepts it. Integral numbers and bigints count as Python's `int`, other numbers as `float`.
 */
export type Scalar = number | bigint | boolean | ComplexLike;

/** A shape, or any other list of integers. */
export type Size = readonly number[];

/** The memory layout of a tensor, as in `torch.layout`. */
export type Layout =
  'strided' | 'sparse_coo' | 'sparse_csr' | 'sparse_csc' | 'sparse_bsr' | 'sparse_bsc' | 'jagged' | '_mkldnn';

/** The order of a dense tensor's dimensions in memory, as in `torch.memory_format`. */
export type MemoryFormat = 'contiguous_format' | 'channels_last' | 'channels_last_3d' | 'preserve_format';

/** The options that all factory functions have. */
export interface TensorOptions {
  /** Element type; by default that of the input, or the default dtype. */
  dtype?: Dtype | null;
  layout?: Layout | null;
  /** The device of the tensor; by default that of the input, or the default device. */
  device?: DeviceLike | null;
  /** Whether CPU memory is pinned, for asynchronous copies to a GPU. */
  pinMemory?: boolean | null;
  /** Whether autograd should record operations on the tensor. */
  requiresGrad?: boolean;
}
