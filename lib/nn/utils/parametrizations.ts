/** `torch.nn.utils.parametrizations`: weights of a norm, or orthogonal. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { noGrad } from '../../autograd/modes';
import { IndexError, NotImplementedError, ValueError } from '../../errors';
import { native } from '../../native';
import { linalgFunctions, torchFunctions } from '../../operators';
import { sameShape, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { finfo } from '../../type-info';
import { normalize } from '../functional/normalization';
import { Module } from '../module';
import type { LoadContext } from '../module-state';
import { registerParametrization } from './parametrize';

function tensorNamed(module: Module, name: string): Tensor {
  const value: unknown = (module as unknown as Record<string, unknown>)[name];
  if (native.isTensor(value)) return value;
  throw new ValueError(`Module '${module.toString()}' has no parameter or buffer with name '${name}'`);
}

class _WeightNorm extends Module {
  readonly dim: number;

  constructor(dim: number | null) {
    super();
    this.dim = dim ?? -1;
  }

  override forward(weightG: Tensor, weightV: Tensor): Tensor {
    return torchFunctions._weightNorm(weightV, weightG, this.dim);
  }

  rightInverse(weight: Tensor): [Tensor, Tensor] {
    return [torchFunctions.normExceptDim(weight, 2, this.dim), weight];
  }
}

/**
 * Separates a weight into its norm (`original0`) and its direction (`original1`); `torch.nn.utils.parametrizations.weight_norm`.
 * State dicts of the older `torch.nn.utils.weight_norm` (`weight_g`, `weight_v`) are loaded too. Returns the module.
 *
 * @param name - The name of the weight; `'weight'` by default.
 * @param dim - The dimension along which there are separate norms; 0 by default, null for one norm.
 * @throws ValueError if the module has no such parameter.
 * @example
 * ```ts
 * const layer = torch.nn.utils.parametrizations.weightNorm(new torch.nn.Linear(20, 40));
 * layer.parametrizations.weight.original0.shape; // [40, 1]
 * ```
 */
export function weightNorm<M extends Module>(
  module: M,
  ...optional: Optional<[name: string, dim: number | null], { name?: string; dim?: number | null }>
): M & { parametrizations: Record<string, { original0: Tensor; original1: Tensor }> } {
  const options = readOptions<{ name: string; dim: number | null }>('weightNorm', optional, ['name', 'dim']);
  const { name = 'weight', dim = 0 } = options;
  registerParametrization(module, name, new _WeightNorm(dim), { unsafe: true });
  const prototype = Object.getPrototypeOf(module) as Module;
  const load = prototype._loadFromStateDict;
  prototype._loadFromStateDict = function (state, prefix: string, context: LoadContext) {
    const [g, v] = [`${prefix}${name}_g`, `${prefix}${name}_v`];
    if (g in state && v in state) {
      state[`${prefix}parametrizations.${name}.original0`] = state[g];
      state[`${prefix}parametrizations.${name}.original1`] = state[v];
      delete state[g];
      delete state[v];
    }
    load.call(this, state, prefix, context);
  };
  return module as ReturnType<typeof weightNorm<M>>;
}

class _SpectralNorm extends Module {
  readonly dim: number;
  readonly eps: number;
  readonly nPowerIterations: number;
  /** The left and right singular vectors of the largest singular value. */
  _u: Tensor | undefined;
  _v: Tensor | undefined;

  constructor(weight: Tensor, nPowerIterations: number, dim: number, eps: number) {
    super();
    const count = weight.dim();
    if (dim >= count || dim < -count) {
      throw new IndexError(
        `Dimension out of range (expected to be in range of [-${count}, ${count - 1}] but got ${dim})`,
      );
    }
    if (nPowerIterations <= 0) {
      throw new ValueError(`Expected nPowerIterations to be positive, but got nPowerIterations=${nPowerIterations}`);
    }
    this.dim = dim >= 0 ? dim : dim + count;
    this.eps = eps;
    this.nPowerIterations = nPowerIterations;
    if (count <= 1) return;
    const matrix = this.matrixOf(weight);
    // Both are drawn before the iteration, as in PyTorch.
    const [u, v] = [matrix.size(0), matrix.size(1)].map((size) => matrix.detach().newEmpty([size]).normal_(0, 1));
    this._u = this.registerBuffer('_u', normalize(u, { dim: 0, eps }));
    this._v = this.registerBuffer('_v', normalize(v, { dim: 0, eps }));
    this.iterate(matrix, 15);
  }

  private matrixOf(weight: Tensor): Tensor {
    const { dim } = this;
    const others = weight.shape.map((_, i) => i).filter((i) => i !== dim);
    return (dim === 0 ? weight : weight.permute([dim, ...others])).flatten(1);
  }

  /** Steps of the power iteration, in place: modules in other threads may share the vectors. */
  private iterate(matrix: Tensor, count: number): void {
    const [u, v] = [this._u!, this._v!];
    noGrad(() => {
      for (let i = 0; i < count; i++) {
        normalize(matrix.mv(v), { dim: 0, eps: this.eps, out: u });
        normalize(matrix.mH.mv(u), { dim: 0, eps: this.eps, out: v });
      }
    });
  }

  override forward(weight: Tensor): Tensor {
    if (weight.dim() === 1) return normalize(weight, { dim: 0, eps: this.eps });
    const matrix = this.matrixOf(weight);
    if (this.training) this.iterate(matrix, this.nPowerIterations);
    // Copies: the next iterations must not change what backward needs.
    const [u, v] = [this._u!.clone(), this._v!.clone()];
    return weight.div(u.vdot(matrix.mv(v)));
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/** The options of {@link spectralNorm}. */
export interface SpectralNormOptions {
  /** The name of the weight; `'weight'` by default. */
  name?: string;
  /** The number of power iterations for each use in training; 1 by default. */
  nPowerIterations?: number;
  /** What bounds the norms in the iteration; 1e-12 by default. */
  eps?: number;
  /** The dimension of the outputs; null, by default, for 0, or 1 for transposed convolutions. */
  dim?: number | null;
}

/**
 * Divides a weight by an estimate of its largest singular value; `torch.nn.utils.parametrizations.spectral_norm`. Returns
 * the module. For a given seed the estimate equals that of Python's PyTorch.
 *
 * @throws ValueError if the module has no such parameter, or without iterations; IndexError for a dimension out of range.
 * @example
 * ```ts
 * torch.manualSeed(0);
 * const layer = torch.nn.utils.parametrizations.spectralNorm(new torch.nn.Linear(20, 40));
 * torch.linalg.matrixNorm(layer.weight, 2).item() < 1.5; // true
 * ```
 */
export function spectralNorm<M extends Module>(
  module: M,
  ...optional: Optional<[name: string, nPowerIterations: number, eps: number, dim: number | null], SpectralNormOptions>
): M {
  const names = ['name', 'nPowerIterations', 'eps', 'dim'] as const;
  const options = readOptions<SpectralNormOptions>('spectralNorm', optional, names);
  const { name = 'weight', nPowerIterations = 1, eps = 1e-12 } = options;
  const weight = tensorNamed(module, name);
  const isTransposed = module.constructor.name.includes('ConvTranspose');
  const dim = options.dim ?? (isTransposed ? 1 : 0);
  return registerParametrization(module, name, new _SpectralNorm(weight, nPowerIterations, dim, eps));
}

/** How {@link orthogonal} maps matrices to orthogonal ones. */
export type OrthogonalMap = 'matrix_exp' | 'cayley' | 'householder';

const ORTHOGONAL_MAPS = ['matrix_exp', 'cayley', 'householder'];

function isOrthogonal(Q: Tensor): boolean {
  const [n, k] = [Q.size(-2), Q.size(-1)];
  const identity = torchFunctions.eye(k, { dtype: Q.dtype, device: Q.device });
  const atol = 10 * n * finfo(Q.dtype).eps;
  return torchFunctions.allclose(Q.mH.matmul(Q), identity.expand(Q.mH.matmul(Q).shape), { atol });
}

function makeOrthogonal(A: Tensor): Tensor {
  const [X, tau] = torchFunctions.geqrf(A);
  const Q = linalgFunctions.householderProduct(X, tau);
  // The diagonal of R becomes positive: the result is uniformly distributed for normally distributed A.
  return Q.mul_(X.diagonal(0, -2, -1).sgn().unsqueeze(-2));
}

class _Orthogonal extends Module {
  readonly shape: readonly number[];
  readonly orthogonalMap: OrthogonalMap;
  readonly usesTrivialization: boolean;
  base: Tensor | null | undefined;

  constructor(weight: Tensor, orthogonalMap: OrthogonalMap, usesTrivialization: boolean) {
    super();
    // A product of Householder reflections has a real diagonal.
    if (weight.isComplex() && orthogonalMap === 'householder') {
      throw new ValueError('The householder parametrization does not support complex tensors.');
    }
    this.shape = weight.shape;
    this.orthogonalMap = orthogonalMap;
    this.usesTrivialization = usesTrivialization;
    if (usesTrivialization) this.base = this.registerBuffer('base', null);
  }

  override forward(input: Tensor): Tensor {
    const isWide = input.size(-2) < input.size(-1);
    const X = isWide ? input.mT : input;
    let Q = this.orthogonalMap === 'householder' ? ofReflections(X) : ofSkewMatrix(X, this.orthogonalMap);
    if (this.usesTrivialization) Q = this.base!.matmul(Q);
    return isWide ? Q.mT : Q;
  }

  rightInverse(value: Tensor): Tensor {
    if (!sameShape(value.shape, this.shape)) {
      throw new ValueError(
        `Expected a matrix or batch of matrices of shape ${sizeText(this.shape)}. Got a tensor of shape ${sizeText(value.shape)}.`,
      );
    }
    return noGrad(() => (this.usesTrivialization ? this.rebase(value) : this.reflectionsOf(value)));
  }

  /** Without a base: the reflections whose product is the matrix. */
  private reflectionsOf(value: Tensor): Tensor {
    if (this.orthogonalMap !== 'householder') {
      throw new NotImplementedError(
        'It is not possible to assign to the matrix exponential or the Cayley parametrizations when useTrivialization: false.',
      );
    }
    const isWide = value.size(-2) < value.size(-1);
    const [A, tau] = torchFunctions.geqrf(isWide ? value.mT : value);
    const diagonal = A.diagonal(0, -2, -1);
    diagonal.sign_();
    // The signs of the columns are on the diagonal; where there is no reflection, LAPACK's is the opposite.
    diagonal.mul_(torchFunctions.where(tau.eq(0), -1, 1));
    return isWide ? A.mT : A;
  }

  /** With a base: the base becomes the matrix, completed to a square one, and the original stands for the identity. */
  private rebase(value: Tensor): Tensor {
    const isWide = value.size(-2) < value.size(-1);
    const Q = isWide ? value.mT : value;
    const [n, k] = [Q.size(-2), Q.size(-1)];
    if (n === k) {
      this.base = isOrthogonal(Q) ? Q.clone() : makeOrthogonal(Q);
    } else {
      const shape = [...Q.shape.slice(0, -2), n, n - k];
      const random = torchFunctions.randn(shape, { dtype: Q.dtype, device: Q.device });
      this.base = makeOrthogonal(torchFunctions.cat([Q, random], -1));
    }
    const minusIdentity = torchFunctions.zerosLike(value);
    minusIdentity.diagonal(0, -2, -1).fill_(-1);
    return minusIdentity;
  }
}

/** The matrix exponential, or Cayley's transform, of the skew-Hermitian matrix with a given lower triangle. */
function ofSkewMatrix(input: Tensor, map: OrthogonalMap): Tensor {
  const [n, k] = [input.size(-2), input.size(-1)];
  let X = input.tril();
  if (n !== k) X = torchFunctions.cat([X, X.newZeros([n, n - k]).expand([...X.shape.slice(0, -2), -1, -1])], -1);
  const A = X.sub(X.mH);
  const identity = torchFunctions.eye(n, { dtype: A.dtype, device: A.device });
  const Q =
    map === 'matrix_exp'
      ? torchFunctions.matrixExp(A)
      : linalgFunctions.solve(identity.add(A, { alpha: -0.5 }), identity.add(A, { alpha: 0.5 }));
  return n === k ? Q : Q.narrow(-1, 0, k);
}

/** The product of the Householder reflections below the diagonal; the signs of the columns are on the diagonal. */
function ofReflections(X: Tensor): Tensor {
  const A = X.tril(-1);
  const tau = A.mul(A).sum(-2).add(1).reciprocal().mul(2);
  const Q = linalgFunctions.householderProduct(A, tau);
  return Q.mul(X.diagonal(0, -2, -1).int().unsqueeze(-2));
}

/**
 * Makes a weight, or each matrix of a batch of weights, orthogonal or unitary: its columns, or the rows of a wide matrix,
 * are orthonormal; `torch.nn.utils.parametrizations.orthogonal`. Returns the module.
 *
 * @param name - The name of the weight; `'weight'` by default.
 * @param orthogonalMap - How the matrix is computed: `'matrix_exp'` (the default for square and complex matrices),
 * `'cayley'` or `'householder'` (the default otherwise).
 * @param options - `useTrivialization`: whether the map is relative to the matrix at the start, so that orthogonal
 * values can be assigned; true by default.
 * @throws ValueError if the module has no such parameter, or it is not a matrix.
 * @example
 * ```ts
 * const layer = torch.nn.utils.parametrizations.orthogonal(new torch.nn.Linear(20, 40));
 * const Q = layer.weight;
 * Q.mT.matmul(Q).sub(torch.eye(20)).abs().max().item() < 1e-5; // true
 * ```
 */
export function orthogonal<M extends Module>(
  module: M,
  ...optional: Optional<
    [name: string, orthogonalMap: OrthogonalMap | null],
    { name?: string; orthogonalMap?: OrthogonalMap | null; useTrivialization?: boolean }
  >
): M {
  const options = readOptions<{ name: string; orthogonalMap: OrthogonalMap | null; useTrivialization: boolean }>(
    'orthogonal',
    optional,
    ['name', 'orthogonalMap'],
    ['useTrivialization'],
  );
  const { name = 'weight', useTrivialization = true } = options;
  const weight = tensorNamed(module, name);
  if (weight.dim() < 2) {
    throw new ValueError(`Expected a matrix or batch of matrices. Got a tensor of ${weight.dim()} dimensions.`);
  }
  const isSquare = weight.size(-2) === weight.size(-1);
  const map = options.orthogonalMap ?? (isSquare || weight.isComplex() ? 'matrix_exp' : 'householder');
  if (!ORTHOGONAL_MAPS.includes(map)) {
    throw new ValueError(`orthogonalMap has to be one of "matrix_exp", "cayley", "householder". Got: ${String(map)}`);
  }
  return registerParametrization(module, name, new _Orthogonal(weight, map, useTrivialization), { unsafe: true });
}
