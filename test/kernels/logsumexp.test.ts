/** Derivatives of logsumexp at infinities: elements that are equal to an infinite result have equal shares. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { grad, hessian, jvp } = torch.func;
const tensor = (values: number[]): Tensor => torch.tensor(values, float64);
const f: TensorFunction = (x) => torch.logsumexp(x, 0);

// The derivatives of a sum of ordinary numbers: the shares s, and diag(s) - s s^T.
function softmaxDerivatives(s: Tensor): { first: Tensor; second: Tensor } {
  return { first: s, second: torch.diag(s).sub(s.outer(s)) };
}

const infinite: [x: number[], shares: number[]][] = [
  [[-Infinity], [1]],
  [[Infinity], [1]],
  [
    [-Infinity, -Infinity],
    [0.5, 0.5],
  ],
  [
    [-Infinity, -Infinity, -Infinity, -Infinity],
    [0.25, 0.25, 0.25, 0.25],
  ],
  [
    [Infinity, 1, Infinity, -Infinity],
    [0.5, 0, 0.5, 0],
  ],
];

test.each(infinite)('of %p', (values, shares) => {
  const x = tensor(values);
  const first = tensor(shares);
  const second = torch.zeros(values.length, values.length, float64);
  for (const g of [
    f,
    (y: Tensor) => torch.logsumexp(y, 0, true).sum(),
    (y: Tensor) => torch.special.logsumexp(y.unsqueeze(1), [0, 1]),
    (y: Tensor) => torch.logsumexp(torch.stack([y, torch.zerosLike(y)]), 1).select(0, 0),
  ]) {
    expect(g(x).item()).toBe(values[0]);
    expectDerivatives(g, x, { first, second });
    expectClose('functional.hessian', torch.autograd.functional.hessian(g, x), second, 0);
  }
  const leaf = x.clone().requiresGrad_();
  const result = f(leaf);
  expect(result.item()).toBe(values[0]);
  result.backward();
  expectClose('backward', leaf.grad as Tensor, first, 0);
});

test('of elements of -infinity and numbers, whose result is a number', () => {
  const x = tensor([-Infinity, 0, Math.log(3)]);
  expectDerivatives(f, x, softmaxDerivatives(tensor([0, 0.25, 0.75])));
});

test('of rows with infinite and with finite results, and under vmap', () => {
  const rows = torch.tensor([[-Infinity, -Infinity], [0, Math.log(3)], [Infinity, 0]], float64); // prettier-ignore
  const g: TensorFunction = (x) => torch.logsumexp(x, 1).sum();
  const second = torch.zeros(3, 2, 3, 2, float64);
  second
    .select(0, 1)
    .select(1, 1)
    .copy_(softmaxDerivatives(tensor([0.25, 0.75])).second);
  const first = torch.tensor([[0.5, 0.5], [0.25, 0.75], [1, 0]], float64); // prettier-ignore
  expectDerivatives(g, rows, { first, second });
  expectVmapped(f, rows.unbind());
});

test('as logaddexp of two numbers', () => {
  for (const values of [
    [-Infinity, -Infinity],
    [Infinity, Infinity],
    [-Infinity, 2],
    [Infinity, 2],
    [1, 2],
  ]) {
    const point = values.map((value) => torch.tensor(value, float64)) as [Tensor, Tensor];
    const direction: [Tensor, Tensor] = [torch.tensor(3, float64), torch.tensor(5, float64)];
    const [, right] = jvp((y: Tensor, z: Tensor) => torch.logaddexp(y, z), point, direction) as Tensor[];
    const [, got] = jvp((y: Tensor, z: Tensor) => f(torch.stack([y, z])), point, direction) as Tensor[];
    expectClose('tangent', got, right, 1e-12);
  }
});

test('single precision, and NaN', () => {
  const x = torch.tensor([-Infinity, -Infinity]);
  expectClose('float32', grad(f)(x) as Tensor, torch.full([2], 0.5), 0);
  expect((grad(f)(tensor([NaN, 1])) as Tensor).isnan().all().item()).toBe(true);
  expect((grad(f)(torch.zeros(0, float64)) as Tensor).shape).toEqual([0]);
});

test('a compiled derivative, called with other values than the first ones', () => {
  for (const [derivative, order] of [
    [grad(f) as TensorFunction, 'first'],
    [hessian(f) as TensorFunction, 'second'],
  ] as [TensorFunction, 'first' | 'second'][]) {
    const compiled = torch.compile(derivative);
    const half = tensor([0.5, 0.5]);
    const finite = softmaxDerivatives(half);
    const atInfinity = { first: half, second: torch.zeros(2, 2, float64) };
    for (let call = 0; call < 3; call++) {
      expectClose('finite', compiled(tensor([call, call])), finite[order], 1e-12);
      expectClose('infinite', compiled(tensor([-Infinity, -Infinity])), atInfinity[order], 0);
    }
  }
});
