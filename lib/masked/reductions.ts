/** The reductions of `torch.masked`, for strided tensors. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { isDifferentiable } from '../dtype';
import type { Dtype } from '../dtype';
import { AssertionError, ValueError } from '../errors';
import { linalgFunctions, torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import type { Size } from '../types';
import { canonicalDims, checkStrided, filled, inputMask } from './mask';
import type { MaskedReductionOptions } from './mask';

type Dims = number | Size | null;

/** The options of reductions over any dimensions. */
export interface MaskedDimsOptions extends MaskedReductionOptions {
  /** The dimensions to reduce; all by default. */
  dim?: Dims;
}

type DimsArguments = Optional<[dim: Dims], MaskedDimsOptions>;

const KEYWORDS = ['keepdim', 'dtype', 'mask'] as const;

function readMaskedOptions(name: string, input: Tensor, rest: readonly unknown[]): Partial<MaskedDimsOptions> {
  checkStrided(name, input);
  return readOptions<MaskedDimsOptions>(name, rest, ['dim'], KEYWORDS);
}

const SMALL_INTEGERS: readonly Dtype[] = ['uint8', 'bool', 'int8', 'int16', 'int32'];

function accumulated(input: Tensor, dtype: Dtype | null | undefined): Dtype {
  return dtype ?? (SMALL_INTEGERS.includes(input.dtype) ? 'int64' : input.dtype);
}

/**
 * The sum of the selected elements; `torch.masked.sum`. Small integer dtypes are summed as int64.
 *
 * @throws ValueError for a sparse tensor, IndexError for a dimension out of range or a mask with more
 * dimensions than the input.
 * @example
 * ```ts
 * const x = torch.tensor([[1, 2], [3, 4]]);
 * const mask = torch.tensor([[true, false], [true, true]]);
 * torch.masked.sum(x, 1, { mask }).toArray(); // [1, 7]
 * ```
 */
export function sum(input: Tensor, ...rest: DimsArguments): Tensor {
  const { dim, keepdim, dtype, mask } = readMaskedOptions('sum', input, rest);
  const dims = canonicalDims(dim, input.dim());
  return torchFunctions.sum(filled('sum', input, mask), dims, keepdim ?? false, { dtype: accumulated(input, dtype) });
}

/**
 * The product of the selected elements; `torch.masked.prod`.
 *
 * @throws As {@link sum}.
 */
export function prod(input: Tensor, ...rest: DimsArguments): Tensor {
  const { dim, keepdim, dtype, mask } = readMaskedOptions('prod', input, rest);
  let result = filled('prod', input, mask).to(accumulated(input, dtype));
  for (const d of canonicalDims(dim, input.dim()).reverse()) result = result.prod(d, keepdim ?? false);
  return result;
}

/**
 * The largest selected element; `torch.masked.amax`.
 *
 * @throws As {@link sum}; NotImplementedError for a dtype that is not ordered.
 */
export function amax(input: Tensor, ...rest: DimsArguments): Tensor {
  const { dim, keepdim, dtype, mask } = readMaskedOptions('amax', input, rest);
  const values = filled('amax', input, mask);
  return torchFunctions.amax(values, canonicalDims(dim, input.dim()), keepdim ?? false).to(dtype ?? input.dtype);
}

/**
 * The smallest selected element; `torch.masked.amin`.
 *
 * @throws As {@link amax}.
 */
export function amin(input: Tensor, ...rest: DimsArguments): Tensor {
  const { dim, keepdim, dtype, mask } = readMaskedOptions('amin', input, rest);
  const values = filled('amin', input, mask);
  return torchFunctions.amin(values, canonicalDims(dim, input.dim()), keepdim ?? false).to(dtype ?? input.dtype);
}

/** The options of {@link argmax} and {@link argmin}. */
export interface MaskedDimOptions extends MaskedReductionOptions {
  /** The dimension to reduce; by default the index is into the flattened input. */
  dim?: number | null;
}

type DimArguments = Optional<[dim: number | null], MaskedDimOptions>;

/**
 * The index of the largest selected element; `torch.masked.argmax`. As in PyTorch, the result has the
 * input's dtype unless `dtype` is given.
 *
 * @throws As {@link amax}.
 */
export function argmax(input: Tensor, ...rest: DimArguments): Tensor {
  const { dim, keepdim, dtype, mask } = readMaskedOptions('argmax', input, rest);
  const values = filled('amax', input, mask);
  return torchFunctions.argmax(values, (dim ?? null) as number, keepdim ?? false).to(dtype ?? input.dtype);
}

/**
 * The index of the smallest selected element; `torch.masked.argmin`. See {@link argmax}.
 *
 * @throws As {@link amax}.
 */
export function argmin(input: Tensor, ...rest: DimArguments): Tensor {
  const { dim, keepdim, dtype, mask } = readMaskedOptions('argmin', input, rest);
  const values = filled('amin', input, mask);
  return torchFunctions.argmin(values, (dim ?? null) as number, keepdim ?? false).to(dtype ?? input.dtype);
}

/** The number of selected elements. */
function countOf(input: Tensor, dim: Dims | undefined, keepdim: boolean, mask: Tensor | null | undefined): Tensor {
  const counted =
    mask == null ? torchFunctions.ones(input.shape, { dtype: 'int64', device: input.device }) : inputMask(input, mask);
  return torchFunctions.sum(counted, canonicalDims(dim, input.dim()), keepdim, { dtype: 'int64' });
}

/**
 * The mean of the selected elements; `torch.masked.mean`. NaN if no element is selected.
 *
 * @throws As {@link sum}; ValueError for an integer dtype.
 * @example
 * ```ts
 * const mask = torch.tensor([true, true, false]);
 * torch.masked.mean(torch.tensor([1, 2, 9]), { mask }).item(); // 1.5
 * ```
 */
export function mean(input: Tensor, ...rest: DimsArguments): Tensor {
  const { dim, keepdim, dtype, mask } = readMaskedOptions('mean', input, rest);
  const inferred = dtype ?? input.dtype;
  if (!isDifferentiable(inferred)) {
    throw new ValueError(
      `mean(): Could not infer output dtype. ${dtype == null ? 'Input' : 'Optional'} dtype must be either a floating point or complex dtype. Got: torch.${inferred}`,
    );
  }
  const total = sum(input, { dim, keepdim, dtype: inferred, mask });
  return total.div(countOf(input, dim, keepdim ?? false, mask));
}

/** The options of {@link median}. */
export interface MaskedMedianOptions extends MaskedReductionOptions {
  /** The dimension to reduce; the last by default. */
  dim?: number;
}

/**
 * The median (the lower of two) of the selected elements; `torch.masked.median`.
 *
 * @throws As {@link sum}; ValueError for integer dtypes if a row has no selected element.
 */
export function median(input: Tensor, ...rest: Optional<[dim: number], MaskedMedianOptions>): Tensor {
  const { dim = -1, keepdim, dtype, mask } = readMaskedOptions('median', input, rest);
  const [at] = canonicalDims(dim, input.dim());
  const isFloat = input.isFloatingPoint();
  const values = filled('median', isFloat ? input : input.to('float32'), mask);
  const output = torchFunctions.nanmedian(values, at, keepdim ?? false).values;
  if (isFloat) return output;
  if (output.isnan().any().item<boolean>()) {
    throw new ValueError('masked median expects no fully masked out rows if dtype is not floating point');
  }
  return output.to(dtype ?? input.dtype);
}

/**
 * The logarithm of the sum of the exponentials of the selected elements; `torch.masked.logsumexp`.
 *
 * @throws As {@link amax}.
 */
export function logsumexp(input: Tensor, ...rest: DimsArguments): Tensor {
  const { dim, keepdim, dtype, mask } = readMaskedOptions('logsumexp', input, rest);
  const values = filled('logsumexp', input, mask);
  return torchFunctions.logsumexp(values, canonicalDims(dim, input.dim()), keepdim ?? false).to(dtype ?? input.dtype);
}

/** The options of {@link norm}. */
export interface MaskedNormOptions extends MaskedDimsOptions {
  /** The order; 2 by default. */
  ord?: number | null;
}

/**
 * The vector norm of the selected elements; `torch.masked.norm`.
 *
 * @throws As {@link sum}; RuntimeError for an integer dtype.
 */
export function norm(input: Tensor, ...rest: Optional<[ord: number | null, dim: Dims], MaskedNormOptions>): Tensor {
  checkStrided('norm', input);
  const options = readOptions<MaskedNormOptions>('norm', rest, ['ord', 'dim'], KEYWORDS);
  const { ord = 2, dim, keepdim, dtype, mask } = options;
  if (ord === -Infinity && mask != null && !input.isFloatingPoint()) {
    throw new AssertionError(`input must be floating point, got torch.${input.dtype}`);
  }
  const values = filled('norm', input, mask, ord ?? 2);
  const dims = canonicalDims(dim, input.dim());
  return linalgFunctions.vectorNorm(values, ord as number, dims, keepdim ?? false, { dtype: dtype ?? input.dtype });
}

/** The options of {@link var_} and {@link std}. */
export interface MaskedVarOptions extends MaskedDimsOptions {
  /** True for a correction of 1, false for 0; not with `correction`. */
  unbiased?: boolean | null;
  /** Subtracted from the number of elements; 1 by default. */
  correction?: number | null;
}

type VarArguments = Optional<[dim: Dims, unbiased: boolean | null], MaskedVarOptions>;

function variance(name: string, input: Tensor, rest: readonly unknown[]): Tensor {
  checkStrided('std/var', input);
  const options = readOptions<MaskedVarOptions>(name, rest, ['dim', 'unbiased'], ['correction', ...KEYWORDS]);
  const { dim, unbiased, correction: given, mask } = options;
  const keepdim = options.keepdim ?? false;
  if (unbiased != null && given != null) {
    throw new AssertionError('Only one of unbiased and correction may be given');
  }
  const correction = given ?? (unbiased === false ? 0 : 1);
  const dtype = options.dtype ?? (isDifferentiable(input.dtype) ? input.dtype : 'float32');
  const computeDtype = isDifferentiable(dtype) ? dtype : 'float32';
  let count = countOf(input, dim, true, mask);
  const deviation = input.sub(sum(input, { dim, keepdim: true, dtype, mask }).div(count));
  const total = sum(deviation.mul(deviation.conj()), { dim, keepdim, dtype: computeDtype, mask });
  if (!keepdim) count = count.reshape(total.shape);
  if (correction !== 0) {
    const real = { complex32: 'float16', complex64: 'float32', complex128: 'float64' } as const;
    count = count.to(computeDtype in real ? real[computeDtype as keyof typeof real] : computeDtype).sub(correction);
    count = torchFunctions.maximum(count, count.newZeros([]));
  }
  return total.div(count).to(dtype);
}

/**
 * The variance of the selected elements; `torch.masked.var`. `var` is a
 * reserved word, so the name is available as a member only.
 *
 * @throws As {@link sum}; AssertionError for both `unbiased` and `correction`.
 */
function var_(input: Tensor, ...rest: VarArguments): Tensor {
  return variance('var', input, rest);
}
export { var_ as var };

/**
 * The standard deviation of the selected elements; `torch.masked.std`.
 *
 * @throws As `torch.masked.var`.
 */
export function std(input: Tensor, ...rest: VarArguments): Tensor {
  return variance('std', input, rest).sqrt();
}
