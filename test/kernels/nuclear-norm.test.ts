/** Derivatives of the nuclear norm of matrices with equal singular values. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { functional } = torch.autograd;
const { linalg } = torch;
const { grad, hessian, jvp } = torch.func;

const nuclear = (A: Tensor): Tensor => linalg.matrixNorm(A, 'nuc');

/**
 * The second derivative at a multiple c of the identity in the direction E is |K|^2 / c, where K = (E - E^T) / 2: half
 * of a 1 for each pair of equal indices, and minus half for each pair of exchanged ones.
 */
function hessianAtIdentity(n: number, c: number): Tensor {
  const delta = torch.eye(n * n, float64).view(n, n, n, n);
  return delta.sub(delta.transpose(0, 1)).div(2 * c);
}

test.each([1, 2.5])('at the identity times %f', (c) => {
  const I = torch.eye(3, float64);
  const right = { first: I, second: hessianAtIdentity(3, c) };
  expectDerivatives(nuclear, I.mul(c), right);
  expectDerivatives((A) => torch.norm(A, 'nuc'), I.mul(c), right);
  expectDerivatives((A) => linalg.norm(A, 'nuc'), I.mul(c), right);
  expectClose('functional.hessian', functional.hessian(nuclear, I.mul(c)), right.second, 1e-12);
});

test('of rectangular matrices with orthonormal rows or columns, against differences', () => {
  const Q = torch.tensor([[0.6, 0.8, 0], [-0.8, 0.6, 0]], float64); // prettier-ignore
  expectDerivatives(nuclear, Q);
  expectDerivatives(nuclear, Q.t().contiguous());
  expectVmapped(nuclear, [Q, Q.mul(2), torch.tensor([[1, 2, 3], [0, 1, -1]], float64)]); // prettier-ignore
});

test('the third derivative, against differences of the second', () => {
  const second = hessian(nuclear) as TensorFunction;
  const [I, E] = [torch.eye(2, float64), torch.tensor([[0.3, -0.7], [0.4, 0.1]], float64)]; // prettier-ignore
  const h = 1e-3;
  const differences = second(I.add(E.mul(h)))
    .sub(second(I.sub(E.mul(h))))
    .div(2 * h);
  expectClose('third', (jvp(second, [I], [E]) as Tensor[])[1], differences, 1e-5);
});

test('of complex matrices: the gradient of a unitary matrix is the matrix', () => {
  const U = torch.tensor([[0.6, 0], [0, 0.6]], float64); // prettier-ignore
  const V = torch.tensor([[0, 0.8], [0.8, 0]], float64); // prettier-ignore
  const A = torch.complex(U, V);
  expectClose('unitary', A.mH.matmul(A).real, torch.eye(2, float64), 1e-12);
  expectClose('gradient', torch.viewAsReal(grad(nuclear)(A) as Tensor), torch.viewAsReal(A), 1e-12);
});

test('a batch, other dimensions, keepdim', () => {
  const batch = torch.stack([torch.eye(2, float64), torch.eye(2, float64).mul(3)], -1);
  const options = { dim: [0, 1], keepdim: true } as never;
  const f = (A: Tensor): Tensor => linalg.matrixNorm(A, 'nuc', options);
  expect(f(batch).shape).toEqual([1, 1, 2]);
  const [value] = jvp(f, [batch], [batch]) as Tensor[];
  expectClose('value', value, torch.tensor([[[2, 6]]], float64), 1e-12);
  expectClose('gradient', grad((A: Tensor) => f(A).sum())(batch) as Tensor, batch.div(batch.amax([0, 1])), 1e-12);
});
