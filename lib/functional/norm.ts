/** `torch.norm` and `Tensor.norm`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { RuntimeError, ValueError } from '../errors';
import { linalgFunctions, torchFunctions } from '../operators';
import { aten } from '../ops';
import { Tensor } from '../tensor';
import type { Dtype, Scalar, Size } from '../types';

/** The order of a norm; null for 2. */
export type NormOrder = Scalar | 'fro' | 'nuc' | null;

/** The options of `Tensor.norm`. */
export interface TensorNormOptions {
  /** The order; `'fro'` by default. */
  p?: NormOrder;
  /** The dimensions to reduce; all by default. */
  dim?: number | Size | null;
  /** Whether to keep reduced dimensions with size 1. */
  keepdim?: boolean;
  /** The dtype that the input is converted to first. */
  dtype?: Dtype | null;
}

/** The options of {@link norm}. */
export interface NormOptions extends TensorNormOptions {
  out?: Tensor | null;
}

type NormArguments = [p: NormOrder, dim: number | Size | null, keepdim: boolean];

/** `torch.norm` of a strided tensor, which calls one of the two functions of torch.linalg. */
function stridedNorm(input: Tensor, { p = 'fro', dim, keepdim = false, out, dtype }: NormOptions): Tensor {
  const dims = typeof dim === 'number' ? [dim] : (dim ?? null);
  if (typeof p !== 'string') {
    return linalgFunctions.vectorNorm(input, p ?? 2, dims, keepdim, { dtype, out });
  }
  if (p === 'fro' && (dims === null || dims.length <= 2)) {
    return linalgFunctions.vectorNorm(input, 2, dims, keepdim, { dtype, out });
  }
  const matrixDims = dims ?? Array.from({ length: input.dim() }, (_, i) => i);
  return linalgFunctions.matrixNorm(input, p, matrixDims, keepdim, { dtype, out });
}

function sparseNorm(input: Tensor, { p = 'fro', dim, keepdim = false, out, dtype }: NormOptions): Tensor {
  const dims = typeof dim === 'number' ? [dim] : (dim ?? null);
  const all = Array.from({ length: input.dim() }, (_, i) => i);
  if (typeof p !== 'string') {
    return dtype == null
      ? torchFunctions.norm(input, p, dims ?? all, keepdim, { out })
      : torchFunctions.norm(input, p, dims ?? all, keepdim, { dtype, out });
  }
  if (p !== 'fro' && p !== 'nuc') {
    throw new RuntimeError(`only valid string values are 'fro' and 'nuc', found ${String(p)}`);
  }
  if (dtype != null) {
    throw new ValueError(`dtype argument is not supported in ${p === 'fro' ? 'frobenius' : 'nuclear'} norm`);
  }
  if (p === 'nuc') {
    return dims === null
      ? torchFunctions.nuclearNorm(input, keepdim, { out })
      : torchFunctions.nuclearNorm(input, dims, keepdim, { out });
  }
  if (out != null) return aten.frobenius_norm.out(input, dims ?? all, keepdim, { out }) as Tensor;
  return aten.frobenius_norm.dim(input, dims ?? (dim === undefined ? [] : all), keepdim) as Tensor;
}

/**
 * The norm of a tensor, optionally along dimensions; `torch.norm`. PyTorch recommends `torch.linalg.norm`,
 * `torch.linalg.vectorNorm` and `torch.linalg.matrixNorm` instead.
 *
 * @param p - `'fro'` (the square root of the sum of squares), `'nuc'` (the sum of the singular values, over two
 *   dimensions) or a number (the p-norm over all reduced dimensions).
 * @throws RuntimeError for an unknown `p`, an integer dtype, or invalid dimensions.
 * @example
 * ```ts
 * torch.norm(torch.tensor([[3, 4], [0, 0]])).item(); // 5
 * torch.norm(torch.tensor([[3, 4], [1, 1]]), Infinity, 1).toArray(); // [4, 1]
 * ```
 */
export function norm(
  input: Tensor,
  ...rest: Optional<[...NormArguments, out: Tensor | null, dtype: Dtype | null], NormOptions>
): Tensor {
  const options = readOptions<NormOptions>('norm', rest, ['p', 'dim', 'keepdim', 'out', 'dtype']);
  return input.layout === 'strided' ? stridedNorm(input, options) : sparseNorm(input, options);
}

declare module '../tensor' {
  interface Tensor {
    /** The norm of the tensor, optionally along dimensions; `Tensor.norm`. See `torch.norm`. */
    norm(...rest: Optional<[...NormArguments, dtype: Dtype | null], TensorNormOptions>): Tensor;
  }
}

Tensor.prototype.norm = function (this: Tensor, ...rest: readonly unknown[]) {
  return norm(this, readOptions<TensorNormOptions>('Tensor.norm', rest, ['p', 'dim', 'keepdim', 'dtype']));
};
