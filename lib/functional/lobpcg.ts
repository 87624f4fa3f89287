/** `torch.lobpcg`: a few eigenpairs of a large symmetric matrix. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { AssertionError, KeyError, NotImplementedError, ValueError } from '../errors';
import { torchFunctions } from '../operators';
import { sameShape } from '../shapes';
import type { Tensor } from '../tensor';
import { LobpcgSolver } from './lobpcg-solver';
import type { LobpcgParameters } from './lobpcg-solver';
import { floatingDtype } from './matrix-helpers';

/** The options of {@link lobpcg}. */
export interface LobpcgOptions {
  /** The number of eigenpairs; by default the number of columns of X, or 1. */
  k?: number | null;
  /** The matrix B of the generalised problem A x = e B x; by default the identity. */
  B?: Tensor | null;
  /** The initial guess, of shape [m, n]; by default random. The method `'basic'` writes into it. */
  X?: Tensor | null;
  /** The number of columns of a random initial guess; by default k. */
  n?: number | null;
  /** The preconditioner; by default the identity. */
  iK?: Tensor | null;
  /** The maximum number of iterations; 1000 by default, -1 for no limit. */
  niter?: number | null;
  /** The tolerance of the residual; by default the square root of the dtype's machine epsilon. */
  tol?: number | null;
  /** Whether to compute the largest eigenvalues (the default) or the smallest. */
  largest?: boolean | null;
  /** `'ortho'` (the default, robust) or `'basic'`. */
  method?: 'ortho' | 'basic' | null;
  /** Called with the solver after every step; may set its `forceStop`. */
  tracker?: ((solver: LobpcgSolver) => void) | null;
  orthoIparams?: Partial<Pick<LobpcgParameters, 'orthoIMax' | 'orthoJMax'>> | null;
  orthoFparams?: Partial<Pick<LobpcgParameters, 'orthoTol' | 'orthoTolDrop' | 'orthoTolReplace'>> | null;
  orthoBparams?: Partial<Pick<LobpcgParameters, 'orthoUseDrop'>> | null;
}

type LobpcgArguments = Optional<
  [
    k: number | null,
    B: Tensor | null,
    X: Tensor | null,
    n: number | null,
    iK: Tensor | null,
    niter: number | null,
    tol: number | null,
    largest: boolean | null,
    method: 'ortho' | 'basic' | null,
    tracker: ((solver: LobpcgSolver) => void) | null,
  ],
  LobpcgOptions
>;

const ROOT_OF_PRECISION: Partial<Record<string, number>> = {
  float32: Math.sqrt(1.2e-7),
  float64: Math.sqrt(2.23e-16),
};

function parametersOf(A: Tensor, options: Partial<LobpcgOptions>): LobpcgParameters {
  const dtype = floatingDtype(A);
  const tol = options.tol ?? ROOT_OF_PRECISION[dtype];
  if (tol === undefined) throw new KeyError(`torch.${dtype}`);
  const m = A.shape[A.dim() - 1];
  const guessed = options.X == null ? null : options.X.shape[options.X.dim() - 1];
  const k = options.k ?? guessed ?? 1;
  const n = guessed ?? options.n ?? k;
  if (m < 3 * n) {
    throw new ValueError(
      `LOBPCG algorithm is not applicable when the number of A rows (=${m}) is smaller than 3 x the number of requested eigenpairs (=${n})`,
    );
  }
  return {
    m,
    n,
    k,
    niter: options.niter ?? 1000,
    tol,
    largest: options.largest ?? true,
    method: options.method ?? 'ortho',
    orthoIMax: options.orthoIparams?.orthoIMax ?? 3,
    orthoJMax: options.orthoIparams?.orthoJMax ?? 3,
    orthoTol: options.orthoFparams?.orthoTol ?? tol,
    orthoTolDrop: options.orthoFparams?.orthoTolDrop ?? tol,
    orthoTolReplace: options.orthoFparams?.orthoTolReplace ?? tol,
    orthoUseDrop: options.orthoBparams?.orthoUseDrop ?? false,
  };
}

/**
 * The k largest or smallest eigenvalues, with eigenvectors, of a symmetric positive definite problem
 * by locally optimal block preconditioned conjugate gradients; `torch.lobpcg`. The same seed gives
 * PyTorch's results. It has no derivative; `torch.linalg.eigh` has one.
 *
 * @param A - Of shape [..., m, m], dense or (one matrix) sparse; m is at least 3 n.
 * @returns The eigenvalues, of shape [..., k], and the eigenvectors, of shape [..., m, k].
 * @throws ValueError if m is too small, AssertionError for shapes that do not match,
 * NotImplementedError if A or B requires gradients.
 * @example
 * ```ts
 * const A = torch.diag(torch.arange(1, 31, { dtype: 'float64' }));
 * const [values] = torch.lobpcg(A, 2); // about [30, 29]
 * ```
 */
export function lobpcg(A: Tensor, ...rest: LobpcgArguments): [values: Tensor, vectors: Tensor] {
  const options = readOptions<LobpcgOptions>('lobpcg', rest, [
    ...(['k', 'B', 'X', 'n', 'iK', 'niter', 'tol', 'largest', 'method', 'tracker'] as const),
    ...(['orthoIparams', 'orthoFparams', 'orthoBparams'] as const),
  ]);
  const { B = null, X = null, iK = null, tracker = null } = options;
  if (A.requiresGrad || B?.requiresGrad) {
    throw new NotImplementedError(
      'lobpcg: gradients through it are not available; detach A and B, or use torch.linalg.eigh',
    );
  }
  const { shape } = A;
  if (shape.at(-2) !== shape.at(-1)) throw new AssertionError(`A must be square, got shape [${shape.join(', ')}]`);
  if (B !== null && !sameShape(B.shape, shape)) {
    throw new AssertionError(`A and B must have same shape, got [${shape.join(', ')}] vs [${B.shape.join(', ')}]`);
  }
  const parameters = parametersOf(A, options);
  const { m, n, k } = parameters;
  const solve = (a: Tensor, b: Tensor | null, x: Tensor | null, batchIndex?: number): [Tensor, Tensor] => {
    const first = x ?? torchFunctions.randn([m, n], { dtype: floatingDtype(A), device: A.device });
    if (!sameShape(first.shape, [m, n])) {
      throw new AssertionError(`X shape mismatch: got [${first.shape.join(', ')}], expected [${m}, ${n}]`);
    }
    const solver = new LobpcgSolver(a, b, first, iK, { ...parameters, batchIndex }, tracker);
    solver.run();
    return [solver.E.narrow(0, 0, k), solver.X.narrow(1, 0, k)];
  };
  if (shape.length === 2) return solve(A, B, X);
  const batch = shape.slice(0, -2);
  const matrices = (tensor: Tensor): Tensor[] => tensor.reshape([-1, ...tensor.shape.slice(-2)]).unbind(0);
  const [Bs, Xs] = [B && matrices(B), X && matrices(X)];
  const results = matrices(A).map((a, i) => solve(a, Bs && Bs[i], Xs && Xs[i], i));
  if (results.length === 0) {
    const like = { dtype: floatingDtype(A), device: A.device };
    return [torchFunctions.empty([...batch, k], like), torchFunctions.empty([...batch, m, k], like)];
  }
  return [
    torchFunctions.stack(results.map(([values]) => values)).reshape([...batch, k]),
    torchFunctions.stack(results.map(([, vectors]) => vectors)).reshape([...batch, m, k]),
  ];
}
