/** Where a function has no derivative, forward mode follows the convention of reverse mode. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
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

describe('distances of exponent infinity share the gradient among the coordinates that attain them', () => {
  const points = torch.tensor([[0, 0], [3, 3], [5, 1]], float64); // prettier-ignore
  // The slope of each distance: of the pairs (0, 1) and (1, 2) both coordinates attain it, of (0, 2) the first one.
  const slopes = torch.tensor(
    [
      [
        [-0.5, -0.5],
        [0.5, 0.5],
        [0, 0],
      ],
      [
        [-1, 0],
        [0, 0],
        [1, 0],
      ],
      [
        [0, 0],
        [-0.5, 0.5],
        [0.5, -0.5],
      ],
    ],
    float64,
  );
  const second = slopes.view(3, 6).t().mm(slopes.view(3, 6)).mul(2).view(3, 2, 3, 2);
  const pairs = torch.tensor([1, 2, 5], { dtype: 'int64' });
  const distances: Record<string, TensorFunction> = {
    pdist: (y) => torch.pdist(y, Infinity),
    cdist: (y) => torch.cdist(y, y, { p: Infinity }).flatten().indexSelect(0, pairs),
    'cdist of batches': (y) =>
      torch.cdist(torch.stack([y, y.mul(2)]), y.unsqueeze(0), { p: Infinity }).select(0, 0).flatten().indexSelect(0, pairs), // prettier-ignore
    vectorNorm: (y) =>
      torch.linalg
        .vectorNorm(y.unsqueeze(1).sub(y.unsqueeze(0)), Infinity, { dim: -1 })
        .flatten()
        .indexSelect(0, pairs),
    'amax of absolute values': (y) => y.unsqueeze(1).sub(y.unsqueeze(0)).abs().amax(-1).flatten().indexSelect(0, pairs),
  };

  test.each(Object.keys(distances))('%s', (name) => {
    const f = distances[name];
    const squares: TensorFunction = (y) => f(y).square().sum();
    const first = f(points).mul(2).view(3, 1, 1).mul(slopes).sum(0);
    expectDerivatives(f, points, { first: slopes, second: torch.zeros(3, 3, 2, 3, 2, float64) });
    expectDerivatives(squares, points, { first, second });
    expectVmapped(squares, [points, points.neg().flip(0)]);
    // Outside of transforms.
    const leaf = points.clone().requiresGrad_();
    squares(leaf).backward();
    expectClose('backward', leaf.grad as Tensor, first, 1e-12);
    expectClose('functional.hessian', torch.autograd.functional.hessian(squares, points), second, 1e-12);
    const { grad, hessian } = torch.func;
    for (const [derivative, right] of [
      [grad(squares) as TensorFunction, first],
      [hessian(squares) as TensorFunction, second],
    ] as [TensorFunction, Tensor][]) {
      const compiled = torch.compile(derivative);
      for (let call = 0; call < 3; call++) expectClose('compiled', compiled(points), right, 1e-12);
    }
  });

  test('equal points have no gradient', () => {
    const equal = torch.ones(2, 3, float64);
    expectDerivatives((y) => torch.pdist(y, Infinity).sum(), equal, {
      first: torch.zeros(2, 3, float64),
      second: torch.zeros(2, 3, 2, 3, float64),
    });
  });
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
