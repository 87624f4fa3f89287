/** Derivatives through det, slogdet, solve, factors of Cholesky's and Householder reflections. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64, jacobianByDifferences } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { linalg } = torch;
const { grad, hessian, jacrev, jvp } = torch.func;

const matrix = torch.tensor(
  [
    [1.3, 0.4],
    [-0.7, 0.9],
  ],
  float64,
);

// Matrices without anything special about them, n by n.
function someMatrix(n: number, shift = 0): Tensor {
  const i = torch.arange(n * n, float64).view(n, n);
  return i.mul(1.7).add(shift).sin().add(torch.eye(n, float64));
}

const logabsdet: TensorFunction = (A) => linalg.slogdet(A)[1];
const quarterTurn = (A: Tensor): Tensor => A.add(A.mul(A)).mT;

describe('det', () => {
  // The derivative with respect to two elements is the determinant without their rows and columns.
  const secondOfIdentity = (n: number): Tensor => {
    const I = torch.eye(n, float64);
    return torch.einsum('ij,kl->ijkl', I, I).sub(torch.einsum('il,kj->ijkl', I, I));
  };

  test.each([1, 2, 3, 4])('the second derivatives at the identity of size %i', (n) => {
    const I = torch.eye(n, float64);
    expectDerivatives((A) => linalg.det(A), I, { first: I, second: secondOfIdentity(n) });
    // The identity is where pytorch/pytorch#192521 was found: outside of the transforms too.
    expectClose(
      'functional',
      torch.autograd.functional.hessian((A) => linalg.det(A), I) as Tensor,
      secondOfIdentity(n),
      1e-12,
    );
  });

  test.each([1, 2, 3, 4])('a matrix of size %i', (n) => {
    expectDerivatives((A) => linalg.det(A), someMatrix(n));
    const scale = linalg.det(quarterTurn(someMatrix(n, 3))).abs();
    expectDerivatives((A) => linalg.det(quarterTurn(A)).div(scale).sin(), someMatrix(n, 3));
  });

  test.each([2, 3, 4])('a singular matrix of size %i', (n) => {
    const A = someMatrix(n);
    A.select(0, n - 1).copy_(A.select(0, 0));
    expectDerivatives((B) => linalg.det(B), A);
    // Outside of the transforms a backward pass that records no graph has another rule.
    const leaf = A.clone().requiresGrad_();
    const [gradient] = torch.autograd.grad(linalg.det(leaf), leaf);
    const right = jacobianByDifferences((B) => linalg.det(B), A);
    expectClose('autograd.grad', gradient, right, 1e-9);
  });

  test('matrices of every rank', () => {
    for (let rank = 0; rank <= 5; rank++) {
      const A = someMatrix(5)
        .narrow(1, 0, rank)
        .matmul(someMatrix(5, 1).narrow(0, 0, rank));
      expectClose(`rank ${rank}`, hessian((B: Tensor) => linalg.det(B))(A) as Tensor, secondDerivativeOfDet(A), 1e-9);
    }
  });

  test.each([
    [1e12, 1e-4, 2e-4, 3e-4, 4e-4],
    [1e20, 1, 2, 3, 1e-20],
    [5, 4, 3, 2, 1],
  ])('a matrix with the diagonal %d, %d, %d, %d, %d, beside a singular one', (...diagonal) => {
    const A = torch.stack([torch.diag(torch.tensor(diagonal, float64)), torch.zeros(5, 5, float64)]);
    const H = torch.vmap(hessian((B: Tensor) => linalg.det(B)))(A);
    const entry = (i: number, j: number): unknown => H.index(0, i, i, j, j).item();
    for (const [i, j] of [
      [0, 1],
      [1, 2],
      [3, 4],
    ]) {
      // prettier-ignore
      const right = diagonal.reduce((product, d, k) => (k === i || k === j ? product : product * d), 1);
      expect((entry(i, j) as number) / right).toBeCloseTo(1, 9);
      expect(H.index(0, i, j, j, i).div(right).item()).toBeCloseTo(-1, 9);
    }
    expect(H.index(1).abs().max().item()).toBe(0);
  });

  // Of minors: the determinant is linear in every row.
  function secondDerivativeOfDet(A: Tensor): Tensor {
    const n = A.size(0);
    const I = torch.eye(n, float64);
    const entries: Tensor[] = [];
    for (let i = 0; i < n * n * n * n; i++) {
      const [a, b, c, d] = [Math.trunc(i / n ** 3), Math.trunc(i / n ** 2) % n, Math.trunc(i / n) % n, i % n];
      if (a === c) {
        entries.push(torch.zeros([], float64));
        continue;
      }
      const rows = Array.from({ length: n }, (_, row) =>
        row === a ? I.select(0, b) : row === c ? I.select(0, d) : A.select(0, row),
      );
      entries.push(linalg.det(torch.stack(rows)));
    }
    return torch.stack(entries).view(n, n, n, n);
  }

  test('third derivatives', () => {
    const det = (A: Tensor): Tensor => linalg.det(A);
    const A = torch.eye(4, float64);
    const third = jacrev(hessian(det) as TensorFunction)(A) as Tensor;
    // d3 / dA00 dA11 dA22 of the identity is 1, of an odd permutation -1.
    expect(third.index(0, 0, 1, 1, 2, 2).item()).toBeCloseTo(1);
    expect(third.index(0, 1, 1, 0, 2, 2).item()).toBeCloseTo(-1);
    expect(third.isfinite().all().item()).toBe(true);
  });

  test('batches, complex matrices, and vmap', () => {
    expectVmapped((A) => linalg.det(A), [someMatrix(2), torch.eye(2, float64), torch.zeros(2, 2, float64)]);
    expectVmapped((A) => linalg.det(A), [someMatrix(4), torch.eye(4, float64)]);
    expectDerivatives((A) => linalg.det(torch.stack([A, A.sin()])).prod(), someMatrix(3));
    const phase = torch.polar(torch.ones(4, 4, float64), someMatrix(4, 2));
    expectDerivatives((A) => linalg.det(phase.mul(A)).abs().square(), someMatrix(4));
  });

  test('samples of a batch that is not contiguous', () => {
    const samples = [someMatrix(3), someMatrix(3, 1), someMatrix(3, 2)];
    const spread = torch.stack(samples.flatMap((A) => [A, A])).index('::2');
    const derivative = (A: Tensor): Tensor => jvp((B: Tensor) => linalg.det(B), [A], [A.cos()])[1];
    expectClose('jvp', torch.vmap(derivative)(spread), torch.stack(samples.map(derivative)), 1e-12);
    const logarithm = (A: Tensor): Tensor => jvp(logabsdet, [A], [A.cos()])[1];
    expectClose('jvp', torch.vmap(logarithm)(spread), torch.stack(samples.map(logarithm)), 1e-12);
  });
});

describe('slogdet, logdet and solve', () => {
  const b = torch.tensor([1, 2], float64);
  const functions: Record<string, TensorFunction> = {
    slogdet: logabsdet,
    logdet: (A) => torch.logdet(A.matmul(A.mT)),
    'sign of slogdet, complex': (A) => linalg.slogdet(torch.complex(A, A.sin()))[0].real,
    'slogdet, complex': (A) => linalg.slogdet(torch.complex(A, A.sin()))[1],
    solve: (A) => linalg.solve(A, b).sum(),
    'solve, of the right': (A) => linalg.solve(A, A.sin().add(2), { left: false }).square().sum(),
    'solve, both arguments': (A) => linalg.solve(A, A.cos()).sin().sum(),
    'solve, one matrix for many': (A) =>
      linalg
        .solve(A, torch.stack([A.cos(), A.square()]))
        .sin()
        .sum(),
    'solve, many for one vector': (A) =>
      linalg
        .solve(torch.stack([A, A.mT.mul(2)]), b)
        .sin()
        .sum(),
    solveEx: (A) => linalg.solveEx(A, A.cos())[0].sin().sum(),
    inv: (A) => linalg.inv(A).sin().sum(),
    'lu and luSolve': (A) => {
      const [LU, pivots] = linalg.luFactor(A);
      return linalg.luSolve(LU, pivots, A.cos()).sin().sum();
    },
    pinv: (A) => linalg.pinv(A).sin().sum(),
    lstsq: (A) => linalg.lstsq(A, A.cos())[0].sin().sum(),
    solveTriangular: (A) => linalg.solveTriangular(A, A.cos(), { upper: true }).sin().sum(),
    matrixExp: (A) => torch.matrixExp(A).sin().sum(),
  };

  test.each(Object.keys(functions))('%s', (name) => {
    expectDerivatives(functions[name], matrix);
    expectVmapped(functions[name], [matrix, matrix.mT.mul(1.1), matrix.add(0.2)]);
  });

  test('dual numbers outside of the transforms, differentiated in reverse mode', () => {
    const A = matrix.clone().requiresGrad_();
    for (const f of [logabsdet, functions.solve, (B: Tensor) => linalg.det(B)]) {
      const [gradient] = torch.autograd.grad(
        torch.autograd.forwardAd.dualLevel(() => {
          const { makeDual, unpackDual } = torch.autograd.forwardAd;
          return unpackDual(f(makeDual(A, torch.ones(2, 2, float64)))).tangent as Tensor;
        }),
        [A],
      );
      const right = hessianTimesOnes(f);
      expectClose('reverse over forward', gradient as Tensor, right, 1e-9);
    }
  });

  const hessianTimesOnes = (f: TensorFunction): Tensor =>
    (jacrev(jacrev(f) as TensorFunction)(matrix) as Tensor).sum([2, 3]);
});

describe('eigenvalues and triangular systems', () => {
  const symmetric = (A: Tensor): Tensor => A.add(A.mT);
  const functions: Record<string, TensorFunction> = {
    // Of eigenvectors only what does not depend on their phase.
    eigh: (A) => {
      const [values, vectors] = linalg.eigh(symmetric(A));
      return values.sin().sum().add(vectors.square().select(0, 0).mul(values.cos()).sum());
    },
    eigvalsh: (A) => linalg.eigvalsh(symmetric(A)).sin().sum(),
    eig: (A) => {
      const [values, vectors] = linalg.eig(A);
      return values.abs().square().sum().add(vectors.abs().square().select(0, 0).mul(values.abs()).sum());
    },
    eigvals: (A) => linalg.eigvals(A).abs().square().square().sum(),
    'triangularSolve, upper': (A) => torch.triangularSolve(A.cos(), A).map((t) => t.sin().sum())[0],
    'triangularSolve, lower and transposed': (A) =>
      torch.triangularSolve(A.cos(), A, { upper: false, transpose: true })[0].sin().sum(),
    'triangularSolve, the copy of the matrix': (A) => torch.triangularSolve(A.cos(), A)[1].sin().sum(),
  };

  test.each(Object.keys(functions))('%s', (name) => {
    expectDerivatives(functions[name], someMatrix(3, 1).add(torch.diag(torch.tensor([0, 2, 5], float64))));
  });
});

describe('factors', () => {
  const at = (value: number): Tensor => torch.tensor(value, float64);
  const [zero, one] = [torch.zeros([], float64), torch.ones([], float64)];

  test('choleskyInverse, of the lower and of the upper factor (pytorch/pytorch#196682)', () => {
    const inverse = (t: Tensor): Tensor =>
      torch.choleskyInverse(torch.stack([t.add(1), zero, one, one.mul(2)]).reshape(2, 2)).sum();
    // (L L^T)^-1 of L = [[a, 0], [1, 2]]: the sum of its elements is (5 / a^2 - 2 / a + 1) / 4.
    const a = 1.7;
    const right = (-10 / a ** 3 + 2 / a ** 2) / 4;
    const [, tangent] = jvp(inverse, [at(0.7)], [one]);
    expect(tangent.item()).toBeCloseTo(right, 12);
    expect((grad(inverse)(at(0.7)) as Tensor).item()).toBeCloseTo(right, 12);
    for (const upper of [false, true]) {
      const f: TensorFunction = (A) => torch.choleskyInverse(A, { upper }).sin().sum();
      expectDerivatives(f, matrix);
      expectVmapped(f, [matrix, matrix.add(0.3)]);
    }
  });

  test('choleskySolve with a batch of factors (pytorch/pytorch#196694)', () => {
    const weights = torch.tensor([[[1, 2], [3, 4]], [[2, -1], [4, 3]]], float64); // prettier-ignore
    const right = torch.tensor([[1, 2], [-1, 3]], float64); // prettier-ignore
    const solve = (t: Tensor): Tensor => {
      const factors = [one.mul(2), zero, t, one.mul(3), one.mul(3), zero, t.mul(2).add(1), one.mul(2)];
      return torch
        .choleskySolve(right, torch.stack(factors).reshape(2, 2, 2))
        .mul(weights)
        .sum();
    };
    expect(jvp(solve, [at(-7)], [one])[1].item()).toBeCloseTo(-11 / 3, 10);
    for (const upper of [false, true]) {
      const f: TensorFunction = (A) =>
        torch
          .choleskySolve(A.cos(), torch.stack([A, A.mul(1.5)]), { upper })
          .sin()
          .sum();
      expectDerivatives(f, matrix);
      expectVmapped(f, [matrix, matrix.add(0.3)]);
    }
  });

  test.each([false, true])('cholesky, upper %p', (upper) => {
    const f: TensorFunction = (A) => {
      const symmetric = A.add(A.mT);
      return torch.cholesky(symmetric.matmul(symmetric).add(torch.eye(3, float64)), upper);
    };
    expectDerivatives(f, someMatrix(3));
    expectVmapped(f, [someMatrix(3), someMatrix(3, 1)]);
  });

  test.each([
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ])('luSolve with left %p, adjoint %p: three derivatives in every nesting', (left, adjoint) => {
    const [LU, pivots] = linalg.luFactor(someMatrix(3));
    const f = (A: Tensor, B: Tensor): Tensor => linalg.luSolve(A, pivots, B, { left, adjoint });
    const B = someMatrix(3, 2);
    expectDerivatives((A) => f(A, B), LU);
    expectDerivatives((y) => f(LU.mul(y.sum()), B.mul(y)), B);
    type Derivative = (g: TensorFunction) => TensorFunction;
    const forward: Derivative = (g) => (t) => jvp(g, [t], [torch.onesLike(t)])[1];
    const reverse: Derivative = (g) => (t) => grad(g)(t) as Tensor;
    // Along a line.
    const along: TensorFunction = (t) => f(LU.add(t.mul(someMatrix(3, 4))), B.mul(t)).sum();
    const t = torch.tensor(0.4, float64);
    const right = jacobianByDifferences(reverse(reverse(along)), t);
    for (const first of [forward, reverse]) {
      for (const second of [forward, reverse]) {
        for (const third of [forward, reverse]) {
          expectClose('third', third(second(first(along)))(t), right, 1e-6);
        }
      }
    }
  });

  test('householderProduct, twice (pytorch/pytorch#196698)', () => {
    const house = (t: Tensor): Tensor =>
      linalg.householderProduct(torch.stack([one, t]).reshape(2, 1), torch.div(2, t.square().add(1)).reshape(1)).sum();
    const d =
      (f: TensorFunction): TensorFunction =>
      (t) =>
        jvp(f, [t], [torch.onesLike(t)])[1];
    // The first column of the reflection has the elements (t^2 - 1) / (t^2 + 1) and -2 t / (t^2 + 1).
    const t = 0.7;
    const n = t * t + 1;
    const right = (4 - 12 * t * t) / n ** 3 + (4 * t * (3 - t * t)) / n ** 3;
    expect(d(d(house))(at(t)).item()).toBeCloseTo(right, 10);
    expectDerivatives(house, at(t));
    const H = someMatrix(4).narrow(1, 0, 3);
    const f: TensorFunction = (A) =>
      linalg
        .householderProduct(A, A.select(0, 1).narrow(0, 0, 2))
        .sin()
        .sum();
    expectDerivatives(f, H);
    expectVmapped(f, [H, H.add(0.1)]);
  });
});

test.each(['gelss', 'gelsd'] as const)('the singular values that lstsq returns, driver %s', (driver) => {
  const values = (A: Tensor): Tensor => linalg.lstsq(A, A.detach().sin(), { driver }).singularValues.sin().sum();
  for (const A of [someMatrix(3), someMatrix(3).narrow(0, 0, 2), someMatrix(3).narrow(1, 0, 2)]) {
    expectDerivatives(values, A, { second: hessian((B: Tensor) => linalg.svdvals(B).sin().sum())(A) as Tensor });
    const leaf = A.clone().requiresGrad_();
    values(leaf).backward();
    expectClose('backward', leaf.grad!, jacobianByDifferences(values, A), 1e-7);
  }
});

describe('svd of a complex matrix of condition 3000, in reverse mode', () => {
  const complex = { dtype: 'complex128' } as const;
  const unitary = (n: number, seed: number): Tensor => {
    const angles = torch
      .arange(n * n, float64)
      .add(seed)
      .mul(1.7)
      .sin()
      .view(n, n);
    return torch.linalg.qr(torch.complex(angles, angles.mul(2.3).cos()))[0];
  };

  test.each([
    [3, 2],
    [2, 3],
    [2, 2],
  ])('%d x %d', (m, n) => {
    // prettier-ignore
    const values = torch.tensor([3000, 1], complex);
    const A = unitary(m, 1)
      .narrow(1, 0, 2)
      .mul(values)
      .matmul(unitary(n, 5).narrow(1, 0, 2).mH);
    const direction = unitary(m, 2)
      .narrow(1, 0, 2)
      .matmul(unitary(n, 7).narrow(1, 0, 2).mH);
    const weight = unitary(m, 3)
      .narrow(1, 0, 2)
      .matmul(unitary(n, 4).narrow(1, 0, 2).mH);
    // The factor U V^H does not depend on the phases of the vectors.
    const f: TensorFunction = (t) => {
      const [U, S, Vh] = torch.linalg.svd(A.add(direction.mul(t)), false);
      return torch.real(U.matmul(Vh).mul(weight).sum()).add(S.square().sum().mul(1e-6));
    };
    const forward =
      (g: TensorFunction): TensorFunction =>
      (t) =>
        torch.func.jvp(g, [t], [torch.onesLike(t)])[1];
    const reverse = (g: TensorFunction): TensorFunction => torch.func.grad(g) as TensorFunction;
    const t = torch.zeros([], float64);
    expectClose('second', reverse(reverse(f))(t), forward(forward(f))(t), 1e-9);
    expectClose('third', reverse(reverse(reverse(f)))(t), forward(forward(forward(f)))(t), 1e-8);
    expectClose('vmap', torch.vmap(reverse(f))(torch.tensor([0, 0.5], float64)), torch.stack([reverse(f)(t), reverse(f)(t.add(0.5))]), 1e-9); // prettier-ignore
  });

  test('a loss that depends on the phase', () => {
    const A = unitary(3, 1);
    expect(() => torch.func.grad((x: Tensor) => torch.real(torch.linalg.svd(x, false)[0].sum()))(A)).toThrow(
      'specified up to multiplication by e^{i phi}',
    );
  });
});
