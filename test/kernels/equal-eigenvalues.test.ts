/** Second derivatives of sums of eigenvalues and of singular values of which some are equal. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, float64, hessianByDifferences } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { linalg } = torch;
const { grad, hessian, jacfwd, jacrev, jvp, vjp } = torch.func;
type Transform = (f: TensorFunction) => TensorFunction;
const [forward, reverse] = [jacfwd, jacrev] as unknown as Transform[];
const zeros = (...shape: number[]): Tensor => torch.zeros(...shape, float64);

// The modes that know the weights of the eigenvalues before they differentiate again.
const known: Record<string, Transform> = {
  hessian: (f) => hessian(f) as TensorFunction,
  'jacrev(jacrev)': (f) => reverse(reverse(f)),
  'functional.hessian': (f) => (A) => torch.autograd.functional.hessian(f, A),
  compiled: (f) => torch.compile(hessian(f) as TensorFunction),
};
const unknown: Record<string, Transform> = {
  'jacfwd(jacfwd)': (f) => forward(forward(f)),
  'jacrev(jacfwd)': (f) => reverse(forward(f)),
};

function expectSecond(f: TensorFunction, A: Tensor, right: Tensor, tolerance = 1e-9): void {
  for (const [name, transform] of Object.entries(known)) expectClose(name, transform(f)(A), right, tolerance);
  // The others say that they cannot.
  for (const transform of Object.values(unknown)) expect(transform(f)(A).isfinite().any().item()).toBe(false);
}

function expectUndefined(f: TensorFunction, A: Tensor): void {
  for (const transform of Object.values({ ...known, ...unknown })) {
    expect(transform(f)(A).isfinite().any().item()).toBe(false);
  }
}

const I = torch.eye(3, float64);
// Orthogonal: the eigenvalues of Q D Q^T differ by rounding errors where those of D are equal.
const Q = torch.tensor([[2, -1, 2], [2, 2, -1], [-1, 2, 2]], float64).div(3); // prettier-ignore
const rotated = (values: number[]): Tensor => Q.mm(torch.diag(torch.tensor(values, float64))).mm(Q.t());
const symmetric = (A: Tensor): Tensor => A.add(A.mT).div(2);
const eigenvalues: TensorFunction = (A) => linalg.eigvalsh(symmetric(A));
const weighted =
  (values: TensorFunction, weights: number[]): TensorFunction =>
  (A) =>
    values(A).mul(torch.tensor(weights, float64)).sum();

describe('eigenvalues', () => {
  const sum: TensorFunction = (A) => eigenvalues(A).sum();
  const matrices = { identity: I, zero: zeros(3, 3), rotated: rotated([1, 1, 2]), 'all equal': rotated([5, 5, 5]) };

  test.each(Object.keys(matrices))('the sum is the trace: %s', (name) => {
    const A = matrices[name as keyof typeof matrices];
    for (const f of [sum, (B: Tensor) => linalg.eigvalsh(B).sum(), (B: Tensor) => linalg.eigh(symmetric(B))[0].sum()]) {
      expectClose('gradient', grad(f)(A) as Tensor, I, 1e-12);
      expectClose('jvp', (jvp(f, [A], [Q]) as Tensor[])[1], Q.trace(), 1e-12);
      expectSecond(f, A, zeros(3, 3, 3, 3), 1e-12);
    }
  });

  test('equal weights of equal eigenvalues, against differences', () => {
    for (const [values, weights] of [
      [
        [1, 1, 2],
        [2, 2, 5],
      ],
      [
        [1, 2, 2],
        [-1, 3, 3],
      ],
    ]) {
      const f = weighted(eigenvalues, weights);
      expectSecond(f, rotated(values), hessianByDifferences(f, rotated(values)), 2e-5);
    }
  });

  test('the single eigenvalue: the second derivative is 2 |x_i|^2 / (l - l_i) in a direction', () => {
    const f = weighted(eigenvalues, [0, 0, 1]);
    const second = (A: Tensor): Tensor => hessian(f)(A) as Tensor;
    const E = torch.tensor([[0.3, -0.7, 0.2], [-0.7, 0.1, 0.6], [0.2, 0.6, 0.4]], float64); // prettier-ignore
    const X = Q.t().mm(E).mm(Q);
    const right = X.select(0, 2)
      .narrow(0, 0, 2)
      .square()
      .sum()
      .mul(2 / 3);
    const form = torch.einsum('ij,ijkl,kl->', E, second(rotated([1, 1, 4])), E);
    expectClose('quadratic form', form, right, 1e-12);
    // The third derivative, against differences of the second.
    const A = rotated([1, 1, 4]);
    const h = 1e-3;
    const differences = second(rotated([1, 1, 4]).add(E.mul(h))).sub(second(A.sub(E.mul(h)))).div(2 * h); // prettier-ignore
    expectClose('third', (jvp(second, [A], [E]) as Tensor[])[1], differences, 1e-5);
    const gradient: TensorFunction = (B) => torch.einsum('ijkl,ij,kl->', second(B), E, E);
    expectClose('third, reverse', grad(gradient)(A) as Tensor, torch.einsum('ijkl,ij->kl', differences, E), 1e-5);
  });

  test('the eigenvalues themselves are differentiated by all levels', () => {
    const squares: TensorFunction = (A) => eigenvalues(A).square().sum();
    // The gradient is 2 A, its derivative in the direction A as well.
    const A = rotated([1, 1, 2]);
    const values = (B: Tensor): Tensor => (vjp(eigenvalues, B) as [Tensor, unknown])[0].square().sum();
    expectClose('jvp', (jvp(values, [A], [A]) as Tensor[])[1], squares(A).mul(2), 1e-12);
    expectClose('grad', grad(values)(A) as Tensor, A.mul(2), 1e-12);
  });

  test('functions that have no second derivative, or whose weights depend on the matrix', () => {
    for (const A of [I, rotated([3, 3, 3])]) {
      for (const f of [
        weighted(eigenvalues, [1, 0, 0]),
        weighted(eigenvalues, [1, 2, 3]),
        (B: Tensor) => eigenvalues(B).square().sum(),
      ]) {
        expectUndefined(f, A);
        expect((grad(f)(A) as Tensor).isfinite().all().item()).toBe(true);
      }
    }
  });

  test('complex matrices', () => {
    const K = torch.tensor([[0, 1], [-1, 0]], float64); // prettier-ignore
    const f: TensorFunction = (X) =>
      linalg.eigvalsh(torch.complex(symmetric(X), K.mul(X.select(0, 0).select(0, 1)))).sum();
    expectSecond(f, torch.eye(2, float64), zeros(2, 2, 2, 2), 1e-12);
  });

  test('batches, and vmap over matrices with and without equal eigenvalues', () => {
    const samples = [I, rotated([1, 1, 2]), rotated([1, 2, 4])];
    const f = weighted(eigenvalues, [2, 2, 2]);
    const got = torch.vmap(hessian(f) as TensorFunction)(torch.stack(samples));
    expectClose('vmap', got, torch.stack(samples.map((A) => hessian(f)(A) as Tensor)), 1e-9);
    expectClose('zero', got, zeros(3, 3, 3, 3, 3), 1e-9);
    const batch: TensorFunction = (A) => linalg.eigvalsh(torch.stack([symmetric(A), rotated([1, 2, 4])])).sum();
    expectClose('batch', hessian(batch)(I) as Tensor, zeros(3, 3, 3, 3), 1e-9);
  });
});

describe('singular values', () => {
  const sum: TensorFunction = (A) => linalg.svdvals(A).sum();

  test.each([1, 2.5])('the sum at the identity times %p', (c) => {
    // In the direction E it is |K|^2 / c, where K = (E - E^T) / 2.
    const delta = torch.eye(9, float64).view(3, 3, 3, 3);
    const right = delta.sub(delta.transpose(0, 1)).div(2 * c);
    for (const f of [sum, (A: Tensor) => linalg.svd(A, false)[1].sum(), (A: Tensor) => linalg.svd(A)[1].sum()]) {
      expectClose('gradient', grad(f)(I.mul(c)) as Tensor, I, 1e-12);
      expectSecond(f, I.mul(c), right, 1e-12);
    }
  });

  test('of rotations and of rectangular matrices, against differences', () => {
    const wide = Q.narrow(0, 0, 2).contiguous();
    for (const A of [Q, wide, wide.t().contiguous(), wide.mul(3)]) {
      expectSecond(sum, A, hessianByDifferences(sum, A), 2e-5);
    }
    const f = weighted((A) => linalg.svdvals(A), [1, 3, 3]);
    const A = Q.mm(torch.diag(torch.tensor([5, 2, 2], float64))); // prettier-ignore
    expectSecond(f, A, hessianByDifferences(f, A), 2e-5);
  });

  test('complex matrices, against differences', () => {
    const f: TensorFunction = (X) => linalg.svdvals(torch.complex(X.select(0, 0), X.select(0, 1))).sum();
    const A = torch.tensor([[[0.6, 0], [0, 0.6]], [[0, 0.8], [0.8, 0]]], float64); // prettier-ignore
    expectSecond(f, A, hessianByDifferences(f, A), 2e-5);
  });

  test('the third derivative, against differences of the second', () => {
    const second = hessian(sum) as TensorFunction;
    const E = torch.tensor([[0.3, -0.7, 0.1], [0.4, 0.1, 0.8], [0, -0.2, 0.5]], float64); // prettier-ignore
    const h = 1e-3;
    const differences = second(I.add(E.mul(h))).sub(second(I.sub(E.mul(h)))).div(2 * h); // prettier-ignore
    expectClose('third', (jvp(second, [I], [E]) as Tensor[])[1], differences, 1e-5);
  });

  test('functions that have no second derivative', () => {
    expectUndefined(
      weighted((A) => linalg.svdvals(A), [1, 0, 0]),
      I,
    );
    expectUndefined((A) => linalg.svdvals(A).square().sum(), Q);
    // At a matrix of rank 1.
    expectUndefined(sum, torch.diag(torch.tensor([1, 0, 0], float64)));
  });

  test('first derivatives of single values agree', () => {
    for (const A of [I, Q, Q.narrow(0, 0, 2).contiguous()]) {
      const values: TensorFunction = (B) => linalg.svdvals(B);
      expectClose('jacobians', jacfwd(values)(A) as Tensor, jacrev(values)(A) as Tensor, 1e-12);
      const [, pull] = vjp((u: Tensor) => (jvp(values, [A], [u]) as Tensor[])[1], A);
      const ones = torch.ones(values(A).shape, float64);
      expectClose('vjp of jvp', (pull(ones) as Tensor[])[0], grad(sum)(A) as Tensor, 1e-12);
    }
  });
});
