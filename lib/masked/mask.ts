/** Masks, and the values that replace masked-out elements. */

import type { Dtype } from '../dtype';
import { IndexError, NotImplementedError, RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { sameShape } from '../shapes';
import type { Tensor } from '../tensor';
import { iinfo } from '../type-info';
import type { Size } from '../types';

/** The options of every function of `torch.masked`. */
export interface MaskOptions {
  /** The dtype of the result; by default the input's dtype. */
  dtype?: Dtype | null;
  /** True for selected elements; broadcast to the input. By default all elements are selected. */
  mask?: Tensor | null;
}

/** The options of the reductions. */
export interface MaskedReductionOptions extends MaskOptions {
  /** Whether to keep reduced dimensions with size 1. */
  keepdim?: boolean | null;
}

/** Operations whose identity element replaces masked-out elements. */
export type Masked = 'sum' | 'prod' | 'amax' | 'amin' | 'logsumexp' | 'logaddexp' | 'norm' | 'median';

/** Throws a ValueError unless the tensor is strided, the only supported layout. */
export function checkStrided(name: string, input: Tensor): void {
  if (input.layout !== 'strided') {
    throw new ValueError(`masked ${name} expects strided tensor (got torch.${input.layout} tensor)`);
  }
}

/** The dimensions to reduce, ascending and non-negative; all dimensions for null or an empty list. */
export function canonicalDims(dim: number | Size | null | undefined, ndim: number): number[] {
  if (dim == null || (Array.isArray(dim) && dim.length === 0)) return Array.from({ length: ndim }, (_, i) => i);
  const count = Math.max(ndim, 1);
  const given = typeof dim === 'number' ? [dim] : (dim as Size);
  const dims: number[] = [];
  for (const d of given) {
    if (dims.includes(d)) throw new RuntimeError(`dim=${d} appears multiple times in the list of dims`);
    if (!Number.isInteger(d) || d >= count || d < -count) {
      throw new IndexError(
        `Dimension out of range (expected to be in range of [${-count}, ${count - 1}], but got ${d})`,
      );
    }
    dims.push(d < 0 ? d + count : d);
  }
  return dims.sort((a, b) => a - b);
}

/** The mask as a bool tensor of the input's shape. */
export function inputMask(input: Tensor, mask: Tensor): Tensor {
  if (mask.dim() > input.dim()) {
    throw new IndexError('_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)');
  }
  const dense = mask.layout === 'strided' ? mask : mask.toDense();
  return (sameShape(dense.shape, input.shape) ? dense : dense.broadcastTo(input.shape)).to('bool');
}

/** The largest or smallest value of the dtype, the identity of a minimum or maximum. */
function extreme(name: string, input: Tensor, isLargest: boolean): number | bigint {
  if (input.isFloatingPoint()) return isLargest ? Infinity : -Infinity;
  if (input.isSigned() || input.dtype === 'uint8') {
    if (!input.isComplex()) return isLargest ? iinfo(input.dtype).max : iinfo(input.dtype).min;
    if (name === 'logsumexp') return -Infinity;
  }
  throw new NotImplementedError(`identity of ${name} on torch.${input.dtype} input`);
}

function identity(name: Masked, input: Tensor, ord: number): number | bigint {
  switch (name) {
    case 'sum':
      return 0;
    case 'prod':
      return 1;
    case 'amin':
      return extreme(name, input, true);
    case 'norm':
      return ord === -Infinity ? Infinity : 0;
    case 'median':
      return NaN;
    default:
      return extreme(name, input, false);
  }
}

/** The input, with the identity element of the operation where the mask is false. */
export function filled(name: Masked, input: Tensor, mask: Tensor | null | undefined, ord = 2): Tensor {
  if (mask == null) return input;
  const value = native.tensorFromList(identity(name, input, ord), input.dtype, input.device.toString());
  return torchFunctions.where(inputMask(input, mask), input, value);
}
