/** Types that many declarations share. */

import type { DeviceLike } from './device';
import type { Dtype } from './dtype';

export type { DeviceLike, Dtype };

/** Any function of pytrees. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever its arguments are
export type AnyFunction = (...args: any[]) => any;

/** Anything with the parts of a complex number; `Complex` is one. */
export interface ComplexLike {
  readonly re: number;
  readonly im: number;
}

/**
 * A number where PyTorch takes one. Integral numbers and bigints count as Python's `int`, other
 * numbers as `float`.
 */
export type Scalar = number | bigint | boolean | ComplexLike;

/** A shape, or any other list of integers. */
export type Size = readonly number[];

/** How a tensor's elements are laid out, as in `torch.layout`. */
export type Layout =
  'strided' | 'sparse_coo' | 'sparse_csr' | 'sparse_csc' | 'sparse_bsr' | 'sparse_bsc' | 'jagged' | '_mkldnn';

/** The order of a dense tensor's dimensions in memory, as in `torch.memory_format`. */
export type MemoryFormat = 'contiguous_format' | 'channels_last' | 'channels_last_3d' | 'preserve_format';

/** The options that functions making a tensor have in common. */
export interface TensorOptions {
  /** Element type; by default that of the input, or the default dtype. */
  dtype?: Dtype | null;
  layout?: Layout | null;
  /** Where the tensor is made; by default the device of the input, or the default device. */
  device?: DeviceLike | null;
  /** Whether CPU memory is pinned, for asynchronous copies to a GPU. */
  pinMemory?: boolean | null;
  /** Whether autograd should record operations on the tensor. */
  requiresGrad?: boolean;
}
