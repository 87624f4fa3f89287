/** `torch.lu`, and the randomised factorisations of torch/_lowrank.py. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { ValueError } from '../errors';
import { linalgFunctions, sparseFunctions, torchFunctions } from '../operators';
import { Tensor } from '../tensor';
import { checkTensor } from '../tensor-arguments';
import type { Dtype } from '../types';
import { basis, floatingDtype, matmul } from './matrix-helpers';

/** The options of {@link lu}. */
export interface LuOptions<I extends boolean = boolean> {
  /** Whether to pivot; true by default. False is supported on CUDA only. */
  pivot?: boolean;
  /** Whether to return a third tensor with the position where each factorisation failed (0 if it succeeded). */
  getInfos?: I;
  out?: readonly Tensor[] | null;
}

/** The packed factors and the pivots, and the infos with `getInfos`. */
export type LuResult<I extends boolean> = I extends true
  ? [LU: Tensor, pivots: Tensor, infos: Tensor]
  : [LU: Tensor, pivots: Tensor];

/**
 * The LU factorisation with the factors packed into one matrix; `torch.lu`. Deprecated: use
 * `torch.linalg.luFactor`. `torch.luUnpack` unpacks the factors.
 *
 * @throws RuntimeError for a singular matrix, unless `getInfos`; TypeError if `out` does not have the length
 * of the result.
 * @example
 * ```ts
 * const [LU, pivots] = torch.lu(torch.tensor([[4, 3], [6, 3]]));
 * const [P, L, U] = torch.luUnpack(LU, pivots);
 * ```
 */
export function lu<I extends boolean = false>(A: Tensor, options?: LuOptions<I>): LuResult<I>;
export function lu<I extends boolean = false>(
  A: Tensor,
  pivot?: boolean,
  getInfos?: I,
  out?: readonly Tensor[] | null,
): LuResult<I>;
export function lu(A: Tensor, ...rest: readonly unknown[]): LuResult<boolean> {
  const { pivot = true, getInfos = false, out } = readOptions<LuOptions>('lu', rest, ['pivot', 'getInfos', 'out']);
  const [LU, pivots, infos] = torchFunctions._luWithInfo(A, pivot, !getInfos);
  const result: LuResult<boolean> = getInfos ? [LU, pivots, infos] : [LU, pivots];
  if (out == null) return result;
  if (out.length !== result.length) {
    throw new TypeError(`expected tuple of ${result.length} elements but got ${out.length}`);
  }
  out.forEach((tensor, i) => tensor.resizeAs_(result[i]).copy_(result[i]));
  return [...out] as LuResult<boolean>;
}

declare module '../tensor' {
  interface Tensor {
    /** The LU factorisation; `Tensor.lu`. See `torch.lu`. */
    lu<I extends boolean = false>(options?: Omit<LuOptions<I>, 'out'>): LuResult<I>;
    lu<I extends boolean = false>(pivot?: boolean, getInfos?: I): LuResult<I>;
  }
}

Tensor.prototype.lu = function (this: Tensor, ...rest: readonly unknown[]): never {
  const options = readOptions<Omit<LuOptions, 'out'>>('Tensor.lu', rest, ['pivot', 'getInfos']);
  return lu(this, options) as never;
};

function approximateBasis(A: Tensor, q: number, niter: number, M: Tensor | null): Tensor {
  const dtype = A.isComplex() ? A.dtype : floatingDtype(A);
  const step = (matrix: Tensor, mean: Tensor | null, right: Tensor): Tensor => {
    const product = matmul(matrix, right);
    return basis(mean === null ? product : product.sub(matmul(mean, right)));
  };
  const random = torchFunctions.randn([A.shape[A.dim() - 1], q], { dtype, device: A.device });
  let Q = step(A, M, random);
  for (let i = 0; i < niter; i++) {
    Q = step(A.mH, M === null ? null : M.mH, Q);
    Q = step(A, M, Q);
  }
  return Q;
}

/** The factors of a low-rank factorisation: A ≈ U diag(S) Vᴴ. */
export type LowRankFactors = [U: Tensor, S: Tensor, V: Tensor];

/** The options of {@link svdLowrank}. */
export interface SvdLowrankOptions {
  /** The number of singular values, slightly more than the rank; 6 by default. */
  q?: number | null;
  /** The number of power iterations; 2 by default. */
  niter?: number | null;
  /** Subtracted from the matrix, after broadcasting. */
  M?: Tensor | null;
}

/**
 * The singular value decomposition of a nearly low-rank matrix, or of a batch, by a randomised algorithm;
 * `torch.svd_lowrank`. The same seed gives PyTorch's factors.
 *
 * @param A - Of shape [..., m, n], dense or sparse.
 * @returns U of shape [..., m, q], S of shape [..., q] and V of shape [..., n, q].
 * @throws RuntimeError for shapes that do not match.
 * @example
 * ```ts
 * const [U, S, V] = torch.svdLowrank(torch.randn([100, 20]), 5);
 * ```
 */
export function svdLowrank(
  A: Tensor,
  ...rest: Optional<[q: number | null, niter: number | null, M: Tensor | null], SvdLowrankOptions>
): LowRankFactors {
  const { q, niter, M = null } = readOptions<SvdLowrankOptions>('svdLowrank', rest, ['q', 'niter', 'M']);
  const [m, n] = A.shape.slice(-2);
  let mean = M === null ? null : M.broadcastTo(A.shape);
  let matrix = A;
  if (m < n) {
    matrix = A.mH;
    mean = mean === null ? null : mean.mH;
  }
  const Q = approximateBasis(matrix, q ?? 6, niter ?? 2, mean);
  let B = matmul(Q.mH, matrix);
  if (mean !== null) B = B.sub(matmul(Q.mH, mean));
  const { U, S, Vh } = linalgFunctions.svd(B, false);
  const [left, right] = [Q.matmul(U), Vh.mH];
  return m < n ? [right, S, left] : [left, S, right];
}

/** The options of {@link pcaLowrank}. */
export interface PcaLowrankOptions {
  /** The number of components; by default the minimum of 6, m and n. */
  q?: number | null;
  /** Whether to subtract the mean of the rows; true by default. */
  center?: boolean;
  /** The number of power iterations; 2 by default. */
  niter?: number;
}

/** The mean of the rows of a sparse matrix, repeated for each row, as a sparse product. */
function sparseMean(A: Tensor, m: number, n: number, dtype: Dtype): Tensor {
  const c = torchFunctions._sparseSum(A, [-2]).div(m).coalesce();
  const columns = c.indices().index(0);
  const indices = torchFunctions.stack([columns, torchFunctions.zerosLike(columns)]);
  const C = torchFunctions.sparseCooTensor(indices, c.values(), [n, 1], { dtype, device: A.device });
  return sparseFunctions.mm(C, torchFunctions.ones([1, m], { dtype, device: A.device })).mT;
}

/**
 * The principal components of a matrix, or of a batch, by a randomised algorithm; `torch.pca_lowrank`. The
 * columns of V are the directions, and `A.matmul(V)` projects the data.
 *
 * @param A - Of shape [..., m, n]: m samples of n features, dense or (one matrix) sparse.
 * @throws ValueError if `q` is negative or more than min(m, n), or `niter` negative.
 * @example
 * ```ts
 * const [U, S, V] = torch.pcaLowrank(torch.randn([100, 20]), { q: 3 });
 * ```
 */
export function pcaLowrank(
  A: Tensor,
  ...rest: Optional<[q: number | null, center: boolean, niter: number], PcaLowrankOptions>
): LowRankFactors {
  const options = readOptions<PcaLowrankOptions>('pcaLowrank', rest, ['q', 'center', 'niter']);
  const { center = true, niter = 2 } = options;
  checkTensor('pcaLowrank', 'A', A);
  const [m, n] = A.shape.slice(-2);
  const q = options.q ?? Math.min(6, m, n);
  if (!(q >= 0 && q <= Math.min(m, n))) {
    throw new ValueError(`q(=${q}) must be non-negative integer and not greater than min(m, n)=${Math.min(m, n)}`);
  }
  if (!(niter >= 0)) throw new ValueError(`niter(=${niter}) must be non-negative integer`);
  if (!center) return svdLowrank(A, { q, niter });
  if (A.layout !== 'sparse_coo') return svdLowrank(A.sub(A.mean([-2], true)), { q, niter });
  if (A.dim() !== 2) throw new ValueError('pca_lowrank input is expected to be 2-dimensional tensor');
  return svdLowrank(A, { q, niter, M: sparseMean(A, m, n, floatingDtype(A)) });
}
