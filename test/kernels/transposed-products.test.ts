/**
 * A Jacobian-vector product is linear in the tangent, and a vector-Jacobian product in the cotangent: the derivative in
 * that argument is the product itself, or its transpose.
 */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { linalg } = torch;
const { jvp, linearize, vjp } = torch.func;
const { normalize } = torch.nn.functional;
const matrix = torch.tensor([[2, 0.5, 0.1], [0.3, 1.5, -0.4], [0.2, 0.6, 1.8]], float64); // prettier-ignore
const zeros = torch.tensor([[2, 0, 0.1], [0.3, 0, -0.4], [0, 0, 1.8]], float64); // prettier-ignore

const ordinary: Record<string, TensorFunction> = {
  det: (x) => linalg.det(x),
  slogdet: (x) => linalg.slogdet(x)[1],
  solve: (x) => linalg.solve(x, x.sin()),
  inv: (x) => linalg.inv(x),
  eigh: (x) => linalg.eigh(x.add(x.mT))[1].square(),
  eigvalsh: (x) => linalg.eigvalsh(x.add(x.mT)),
  svdvals: (x) => linalg.svdvals(x),
  choleskySolve: (x) => torch.choleskySolve(matrix, x),
  householderProduct: (x) => linalg.householderProduct(x, x.select(0, 0).mul(0.1)),
  std: (x) => x.std(0),
};

const withZeros: Record<string, TensorFunction> = {
  prod: (x) => x.prod(0),
  cumprod: (x) => x.cumprod(0),
  logcumsumexp: (x) => x.mul(300).logcumsumexp(0),
  'norm of columns': (x) => linalg.vectorNorm(x, 2, 0),
  'norm of all': (x) => linalg.vectorNorm(x.mul(0)).square(),
  '3-norm of columns': (x) => linalg.vectorNorm(x, 3, 0),
  '4-norm of columns': (x) => torch.norm(x, { p: 4, dim: 0 }),
  '1.5-norm of columns': (x) => torch.norm(x, { p: 1.5, dim: 0 }),
  'power of a 4-norm': (x) => linalg.vectorNorm(x.mul(0), 4).pow(4),
  dist: (x) => torch.dist(x, x.detach(), 3),
  normalize: (x) => normalize(x, { dim: 0, eps: 1e-3 }),
};

const cases = [
  ...Object.entries(ordinary).map(([name, f]) => [name, f, matrix] as const),
  ...Object.entries(withZeros).map(([name, f]) => [`${name} at zeros`, f, zeros] as const),
];

test.each(cases)('%s', (_, f, x) => {
  const u = torch.linspace(-1, 1.3, 9, float64).view(3, 3);
  const v = f(x)
    .mul(0)
    .add(torch.linspace(0.5, -1.5, f(x).numel(), float64).view(f(x).shape));
  const push = (tangent: Tensor): Tensor => jvp(f, [x], [tangent])[1];
  const pull = (cotangent: Tensor): Tensor => vjp(f, x)[1](cotangent)[0];
  const [forward, backward] = [push(u), pull(v)];
  expectClose('jvp and vjp', forward.mul(v).sum(), backward.mul(u).sum(), 1e-10);
  expectClose('vjp of jvp', vjp(push, u)[1](v)[0], backward, 1e-10);
  expectClose('jvp of jvp', jvp(push, [u], [u])[1], forward, 1e-10);
  expectClose('linearize', linearize(f, x)[1](u), forward, 1e-10);
  expectClose('functional.jvp', torch.autograd.functional.jvp(f, x, u)[1], forward, 1e-10);
  expectClose('vjp of vjp', vjp(pull, v)[1](u)[0], forward, 1e-10);
  expectClose('jvp of vjp', jvp(pull, [v], [v])[1], backward, 1e-10);
});
