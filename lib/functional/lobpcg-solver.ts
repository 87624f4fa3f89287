/**
 * The iteration of torch/_lobpcg.py: locally optimal block preconditioned conjugate gradients, in the
 * basic and in the orthogonal variant.
 */

import { AssertionError, ValueError } from '../errors';
import { linalgFunctions, torchFunctions } from '../operators';
import { aten } from '../ops';
import type { Tensor } from '../tensor';
import { basis, matmul, quadraticForm, symmetricEigen } from './matrix-helpers';
import { norm } from './norm';

/** The parameters of one problem, with PyTorch's names. */
export interface LobpcgParameters {
  /** The number of rows of A; `n`: columns of X; `k`: requested eigenpairs. */
  m: number;
  n: number;
  k: number;
  niter: number;
  tol: number;
  largest: boolean;
  method: string;
  orthoIMax: number;
  orthoJMax: number;
  orthoTol: number;
  orthoTolDrop: number;
  orthoTolReplace: number;
  orthoUseDrop: boolean;
  /** The index of the matrix in a batch. */
  batchIndex?: number;
}

function columns(matrix: Tensor, start: number, end: number): Tensor {
  return aten.slice.Tensor(matrix, -1, start, end) as Tensor;
}

function setColumns(matrix: Tensor, start: number, values: Tensor): void {
  columns(matrix, start, start + values.shape[values.dim() - 1]).copy_(values);
}

const value = (scalar: Tensor): number => Number(scalar.item());

/** One run of the algorithm; a tracker receives it after every step. */
export class LobpcgSolver {
  /** The eigenvalues, the eigenvectors, the residual, and the basis [X, P, W] of the next step. */
  E: Tensor;
  R: Tensor;
  S: Tensor;
  /** The relative error of each eigenpair. */
  rerr: Tensor | null = null;
  istep = 0;
  iterationsLeft = 0;
  convergedCount = 0;
  convergedEnd = 0;
  /** A tracker sets this to stop the iteration. */
  forceStop = false;
  /** The norms of A X and of B X, divided by the norm of X. */
  ANorm = 0;
  BNorm = 0;

  constructor(
    readonly A: Tensor | null,
    readonly B: Tensor | null,
    public X: Tensor,
    readonly iK: Tensor | null,
    readonly parameters: LobpcgParameters,
    private readonly tracker: ((solver: LobpcgSolver) => void) | null,
  ) {
    const { m, n } = parameters;
    const options = { dtype: X.dtype, device: X.device };
    this.E = torchFunctions.zeros([n], options);
    this.R = torchFunctions.zeros([m, n], options);
    this.S = torchFunctions.zeros([m, 3 * n], options);
  }

  run(): void {
    do {
      this.update();
      this.tracker?.(this);
    } while (!this.forceStop && this.iterationsLeft !== 0 && this.convergedCount < this.parameters.k);
  }

  private update(): void {
    if (this.istep === 0) {
      const inverse = 1 / value(norm(this.X));
      this.ANorm = value(norm(matmul(this.A, this.X))) * inverse;
      this.BNorm = value(norm(matmul(this.B, this.X))) * inverse;
      this.iterationsLeft = this.parameters.niter;
    }
    if (this.parameters.method === 'ortho') this.updateOrtho();
    else this.updateBasic();
    this.iterationsLeft--;
    this.istep++;
  }

  private updateConverged(): void {
    const { A, B, X, E } = this;
    this.R = matmul(A, X).sub(matmul(B, X).mul(E));
    const scale = columns(E, 0, X.shape[1]).abs().mul(this.BNorm).add(this.ANorm);
    this.rerr = norm(this.R, 2, [0]).div(norm(X, 2, [0]).mul(scale));
    const converged = this.rerr.lt(this.parameters.tol).toArray<boolean>() as boolean[];
    const first = converged.indexOf(false);
    const count = first < 0 ? converged.length : first;
    if (count < this.convergedCount) {
      throw new AssertionError(
        `the number of converged eigenpairs (was ${this.convergedCount}, got ${count}) cannot decrease`,
      );
    }
    this.convergedCount = count;
  }

  /** Builds the basis of the next step: X, the directions P if any, and the new directions W. */
  private extend(P: Tensor | null, newDirections: () => Tensor): void {
    const { n } = this.parameters;
    const known = n + (P === null ? 0 : P.shape[1]);
    setColumns(this.S, 0, this.X);
    if (P !== null) setColumns(this.S, n, P);
    const W = newDirections();
    this.convergedEnd = known + W.shape[1];
    setColumns(this.S, known, W);
  }

  private updateBasic(): void {
    const { n, largest } = this.parameters;
    const [ns, nc] = [this.convergedEnd, this.convergedCount];
    const S = this.istep === 0 ? this.X : columns(this.S, nc, ns);
    const Ri = this.rayleighRitzTransform(S);
    const [E, Z] = symmetricEigen(quadraticForm(quadraticForm(this.A, S), Ri), largest);
    let P: Tensor | null = null;
    if (this.istep === 0) {
      this.X.copy_(S.matmul(Ri.matmul(Z)));
      this.E.copy_(E);
    } else {
      setColumns(this.X, nc, S.matmul(Ri.matmul(columns(Z, 0, n - nc))));
      setColumns(this.E, nc, columns(E, 0, n - nc));
      P = S.matmul(Ri.matmul(columns(Z, n, 2 * n - nc)));
    }
    this.updateConverged();
    // The first step uses all residuals, later steps those that have not converged.
    const from = P === null ? 0 : this.convergedCount;
    this.extend(P, () => matmul(this.iK, columns(this.R, from, n)));
  }

  private updateOrtho(): void {
    const { n, largest } = this.parameters;
    const [ns, nc] = [this.convergedEnd, this.convergedCount];
    if (this.istep === 0) {
      const Ri = this.rayleighRitzTransform(this.X);
      const M = quadraticForm(quadraticForm(this.A, this.X), Ri);
      const [, Z] = symmetricEigen(M, largest);
      this.X = this.X.matmul(Ri.matmul(Z));
      this.updateConverged();
      this.extend(null, () => this.orthogonalized(this.R, this.X));
      return;
    }
    const S = columns(this.S, nc, ns);
    const [E, Z] = symmetricEigen(quadraticForm(this.A, S), largest);
    const kept = n - nc;
    const rest = columns(Z, kept, Z.shape[1]);
    setColumns(this.X, nc, S.matmul(columns(Z, 0, kept)));
    setColumns(this.E, nc, columns(E, 0, kept));
    const P = S.matmul(rest.matmul(basis(rest.narrow(0, 0, kept).mT)));
    this.updateConverged();
    this.extend(P, () =>
      this.orthogonalized(columns(this.R, this.convergedCount, n), columns(this.S, 0, n + P.shape[1])),
    );
  }

  private rayleighRitzTransform(S: Tensor): Tensor {
    const SBS = quadraticForm(this.B, S);
    const row = SBS.diagonal(0, -2, -1).pow(-0.5);
    const column = row.reshape([row.shape[0], 1]);
    const R = linalgFunctions.cholesky(SBS.mul(row).mul(column), { upper: true });
    return linalgFunctions.solveTriangular(R, row.diagEmbed(), { upper: true, left: false });
  }

  /** Makes the columns of U B-orthonormal by the singular value decomposition of Uᵀ B U. */
  private svqb(U: Tensor, drop: boolean, tau: number): Tensor {
    if (U.numel() === 0) return U;
    let UBU = quadraticForm(this.B, U);
    let d = UBU.diagonal(0, -2, -1);
    let [nonzero] = torchFunctions.where(d.abs().ne(0));
    if (nonzero.shape[0] < d.shape[0]) {
      U = U.indexSelect(1, nonzero);
      if (U.numel() === 0) return U;
      UBU = quadraticForm(this.B, U);
      d = UBU.diagonal(0, -2, -1);
      [nonzero] = torchFunctions.where(d.abs().ne(0));
      if (nonzero.shape[0] !== d.shape[0]) {
        throw new AssertionError(`expected nz[0] length ${d.shape[0]}, got ${nonzero.shape[0]}`);
      }
    }
    let column = d.pow(-0.5).reshape([d.shape[0], 1]);
    let [E, Z] = symmetricEigen(UBU.mul(column).mul(column.mT));
    const threshold = E.abs().max().mul(tau);
    if (drop) {
      const [keep] = torchFunctions.where(E.gt(threshold));
      E = E.indexSelect(0, keep);
      Z = Z.indexSelect(1, keep);
      column = column.indexSelect(0, keep);
    } else {
      E.indexPut_(torchFunctions.where(E.lt(threshold)), threshold);
    }
    return U.mul(column.mT).matmul(Z.mul(E.pow(-0.5)));
  }

  /** Makes the columns of U B-orthonormal, and B-orthogonal to those of V. */
  private orthogonalized(U: Tensor, V: Tensor): Tensor {
    const { m, orthoTol, orthoTolDrop, orthoTolReplace, orthoIMax, orthoJMax, orthoUseDrop } = this.parameters;
    const BVNorm = norm(matmul(this.B, V));
    let BU = matmul(this.B, U);
    let VBU = V.mT.matmul(BU);
    for (let i = 0; i < orthoIMax; i++) {
      U = U.sub(V.matmul(VBU));
      for (let j = 0; j < orthoJMax; j++) {
        const isDropping = orthoUseDrop && j > 0;
        U = this.svqb(U, isDropping, orthoUseDrop && j === 0 ? orthoTolDrop : orthoTolReplace);
        if (U.numel() === 0) return U;
        BU = matmul(this.B, U);
        const UBU = U.mT.matmul(BU);
        const identity = torchFunctions.eye(UBU.shape[1], { device: UBU.device, dtype: UBU.dtype });
        if (value(norm(UBU.sub(identity))) / value(norm(BU).mul(norm(U))) < orthoTol) break;
      }
      VBU = V.mT.matmul(BU);
      if (value(norm(VBU)) / value(BVNorm.mul(norm(U))) < orthoTol) break;
      if (m < U.shape[1] + V.shape[1]) {
        if (this.B === null) throw new AssertionError('B must not be None');
        throw new ValueError(
          `Overdetermined shape of U: #B-cols(=${this.B.shape[1]}) >= #U-cols(=${U.shape[1]}) + #V-cols(=${V.shape[1]}) must hold`,
        );
      }
    }
    return U;
  }
}
