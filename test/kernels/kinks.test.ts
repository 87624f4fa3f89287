/** Where a function has no derivative, forward mode follows the convention of reverse mode. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const tensor = (values: number[]): Tensor => torch.tensor(values, float64);
const F = torch.nn.functional;

// The arguments are the first and the second half of x.
const pair =
  (f: (a: Tensor, b: Tensor) => Tensor): TensorFunction =>
  (x) =>
    f(x.narrow(0, 0, 3), x.narrow(0, 3, 3)).sum();

// At the tie, element 0, the gradient goes to the first argument.
const cases: Record<string, [f: TensorFunction, x: number[], first: number[]]> = {
  'clamp with min': [pair((a, b) => a.clamp({ min: b })), [0, 1, 2, 0, 2, 1], [1, 0, 1, 0, 1, 0]],
  'clamp with max': [pair((a, b) => a.clamp({ max: b })), [0, 1, 2, 0, 2, 1], [1, 1, 0, 0, 0, 1]],
  'clamp in place': [pair((a, b) => a.clone().clamp_({ min: b })), [0, 1, 2, 0, 2, 1], [1, 0, 1, 0, 1, 0]],
  'clamp in place with max': [pair((a, b) => a.clone().clamp_({ max: b })), [0, 1, 2, 0, 2, 1], [1, 1, 0, 0, 0, 1]],
  'clamp with both': [
    pair((a, b) => a.clamp({ min: b, max: torch.full([3], 1.5, float64) })),
    [0, 1, 2, 0, 1.2, 1],
    [1, 0, 0, 0, 1, 0],
  ],
  fmax: [pair((a, b) => torch.fmax(a, b)), [1, 2, NaN, 1, 3, 3], [1, 0, 0, 0, 1, 1]],
  fmin: [pair((a, b) => torch.fmin(a, b)), [1, 2, 3, 1, 3, NaN], [1, 1, 1, 0, 0, 0]],
  'clamp of a constant': [(x) => tensor([0, 1]).clamp({ min: x }).sum(), [0, 2], [0, 1]],
  'fmax of a constant': [(x) => torch.fmax(tensor([1, 1]), x).sum(), [1, 2], [0, 1]],
  'prelu, in its input': [(x) => F.prelu(x, tensor([0.5])).sum(), [0, 2, -3], [0.5, 1, 0.5]],
  'prelu, in its weight': [(w) => F.prelu(tensor([0, 2, -3]), w).sum(), [0.5], [-3]],
};

test.each(Object.keys(cases))('%s', (name) => {
  const [f, x, first] = cases[name];
  expectDerivatives(f, tensor(x), { first: tensor(first), second: torch.zeros(x.length, x.length, float64) });
  const linear = torch.func.linearize(f, tensor(x))[1];
  first.forEach((slope, i) => {
    expect(linear(torch.eye(x.length, float64).select(0, i)).item()).toBe(slope);
  });
  if (!x.includes(NaN)) expectVmapped(f, [tensor(x), tensor(x).neg()]);
});

test('the sum of clamp from above and from below is the identity and a constant', () => {
  const zero = tensor([0]);
  const f: TensorFunction = (x) =>
    x
      .clamp({ min: zero })
      .add(x.clamp({ max: zero }))
      .sum();
  expectDerivatives((x) => f(x).mul(f(x)), tensor([2]), { first: tensor([4]), second: torch.full([1, 1], 2, float64) });
});

test('lpPool of zeros, where the gradient of a norm is 0', () => {
  const x = tensor([0, 0, 3, 4]);
  const f: TensorFunction = (y) => F.lpPool1d(y.view(1, 1, 4), 2, 2).sum();
  // The derivative of |y| is y / |y|, its derivative (I - y y' / |y|^2) / |y|.
  const second = torch.zeros(4, 4, float64);
  second
    .narrow(0, 2, 2)
    .narrow(1, 2, 2)
    .copy_(tensor([16, -12, -12, 9]).div(125).view(2, 2));
  expectDerivatives(f, x, { first: tensor([0, 0, 0.6, 0.8]), second });
  expect(
    torch
      .isnan(F.lpPool1d(tensor([-1, -1]).view(1, 1, 2), 3, 2))
      .all()
      .item(),
  ).toBe(true);
});
