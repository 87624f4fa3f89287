/** Functions of `torch.masked` whose result has the shape of the input, for strided tensors. */

import { checkOptions } from '../arguments';
import { ValueError } from '../errors';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import type { Dtype } from '../types';
import { canonicalDims, checkStrided, filled } from './mask';
import type { Masked, MaskOptions } from './mask';
import { norm } from './reductions';

interface Prepared {
  values: Tensor;
  dim: number;
  dtype: Dtype;
}

function prepare(name: string, masked: Masked, input: Tensor, dim: number, options: MaskOptions): Prepared {
  const { dtype, mask } = checkOptions(name, options, ['dtype', 'mask']);
  checkStrided(name, input);
  const [at] = canonicalDims(dim, input.dim());
  return { values: filled(masked, input, mask), dim: at, dtype: dtype ?? input.dtype };
}

/**
 * The softmax along `dim` over the selected elements; other elements become zero.
 * `torch.masked.softmax`.
 *
 * @throws ValueError for a sparse tensor, IndexError for a dimension out of range.
 * @example
 * ```ts
 * const mask = torch.tensor([true, true, false]);
 * torch.masked.softmax(torch.tensor([1, 1, 5]), 0, { mask }).toArray(); // [0.5, 0.5, 0]
 * ```
 */
export function softmax(input: Tensor, dim: number, options: MaskOptions = {}): Tensor {
  const { values, dim: at, dtype } = prepare('softmax', 'amax', input, dim, options);
  return torchFunctions.softmax(values, at, dtype);
}

/** The logarithm of {@link softmax}; `torch.masked.log_softmax`. */
export function logSoftmax(input: Tensor, dim: number, options: MaskOptions = {}): Tensor {
  const { values, dim: at, dtype } = prepare('log_softmax', 'amax', input, dim, options);
  return torchFunctions.logSoftmax(values, at, dtype);
}

/** The {@link softmax} of the negated input; `torch.masked.softmin`. */
export function softmin(input: Tensor, dim: number, options: MaskOptions = {}): Tensor {
  const { values, dim: at, dtype } = prepare('softmin', 'amin', input, dim, options);
  return torchFunctions.softmax(values.neg(), at, dtype);
}

/** The cumulative sum along `dim`, with 0 for masked-out elements; `torch.masked.cumsum`. */
export function cumsum(input: Tensor, dim: number, options: MaskOptions = {}): Tensor {
  const { values, dim: at, dtype } = prepare('cumsum', 'sum', input, dim, options);
  return torchFunctions.cumsum(values, at, { dtype });
}

/** The cumulative product along `dim`, with 1 for masked-out elements; `torch.masked.cumprod`. */
export function cumprod(input: Tensor, dim: number, options: MaskOptions = {}): Tensor {
  const { values, dim: at, dtype } = prepare('cumprod', 'prod', input, dim, options);
  return torchFunctions.cumprod(values, at, { dtype });
}

/** The options of {@link normalize}. */
export interface MaskedNormalizeOptions extends MaskOptions {
  /** The minimum norm to divide by; 1e-12 by default. */
  eps?: number;
}

/**
 * Divides the selected elements by their norm of order `ord` along `dim`; other elements become zero;
 * `torch.masked.normalize`.
 */
export function normalize(input: Tensor, ord: number, dim: number, options: MaskedNormalizeOptions = {}): Tensor {
  checkStrided('normalize', input);
  const { eps = 1e-12, dtype, mask } = checkOptions('normalize', options, ['eps', 'dtype', 'mask']);
  const size = norm(input, ord, dim, { keepdim: true, dtype, mask });
  return filled('sum', input, mask).div(torchFunctions.maximum(size, size.newFull([], eps)));
}

/** The options of {@link logaddexp}. */
export interface MaskedLogaddexpOptions {
  dtype?: Dtype | null;
  inputMask?: Tensor | null;
  otherMask?: Tensor | null;
}

/**
 * The logarithm of the sum of the exponentials of two tensors, each with its own mask;
 * `torch.masked.logaddexp`.
 *
 * @throws ValueError for sparse tensors.
 */
export function logaddexp(input: Tensor, other: Tensor, options: MaskedLogaddexpOptions = {}): Tensor {
  const { dtype, inputMask, otherMask } = checkOptions('logaddexp', options, ['dtype', 'inputMask', 'otherMask']);
  if (input.layout !== 'strided' || other.layout !== 'strided') {
    throw new ValueError(
      `masked logaddexp expects strided tensors (got torch.${input.layout} tensor for input, torch.${other.layout} for other)`,
    );
  }
  const [left, right] = [filled('logaddexp', input, inputMask), filled('logaddexp', other, otherMask)];
  return torchFunctions.logaddexp(left, right).to(dtype ?? input.dtype);
}
