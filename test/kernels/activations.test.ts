/** Derivatives of activations, losses and special functions that libtorch lacks or computes wrongly. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { grad, jvp } = torch.func;
const { functional: F } = torch.nn;
const x = torch.arange(12, float64).view(3, 4).mul(1.3).sin();

const forward =
  (f: TensorFunction): TensorFunction =>
  (y) =>
    jvp(f, [y], [torch.onesLike(y)])[1];
const reverse =
  (f: TensorFunction): TensorFunction =>
  (y) =>
    (grad((z: Tensor) => f(z).sum()) as TensorFunction)(y);

// The derivative of each order of an elementwise function, by every nesting of modes.
function derivatives(f: TensorFunction, order: number): TensorFunction[] {
  if (order === 0) return [f];
  return derivatives(f, order - 1).flatMap((d) => [forward(d), reverse(d)]);
}

describe('special.i1', () => {
  const I1 = (y: Tensor): Tensor => torch.special.i1(y);

  test('third and fifth derivatives at 0', () => {
    const zero = torch.zeros([2], float64);
    for (const d of derivatives(I1, 3)) expectClose('third', d(zero), torch.full([2], 3 / 8, float64), 1e-15);
    // 5! / 384
    for (const d of derivatives(I1, 5)) expectClose('fifth', d(zero), torch.full([2], 5 / 16, float64), 1e-14);
    expectClose('fourth of i0', derivatives((y) => torch.special.i0(y), 4)[0](zero), torch.full([2], 3 / 8, float64), 1e-15); // prettier-ignore
  });

  test("the differential equation x^2 y'' + x y' = (x^2 + 1) y, near 0 and far from it", () => {
    const points = torch.tensor([-20, -1.5, -1, -0.3, -1e-3, 1e-9, 1e-5, 0.01, 0.999, 1, 1.001, 4], float64);
    const [y, first] = [I1(points), forward(I1)(points)];
    const right = points.square().add(1).mul(y).sub(points.mul(first)).div(points.square());
    // The equation divides by x^2, so that it is exact only away from 0; there the series holds.
    const series = points.mul(3 / 8).add(points.pow(3).mul(20 / 384));
    const expected = torch.where(points.abs().lt(0.02), series, right);
    for (const d of derivatives(I1, 2)) expectClose('second', d(points), expected, 1e-8);
    expectClose('first, by recurrence', first, torch.special.i0(points).sub(y.div(points)), 1e-12);
  });
});

describe('_safe_softmax', () => {
  test('a row of -infinity adds nothing to any derivative', () => {
    const blocked = torch.tensor([[false, false, true], [true, true, true], [false, true, false]]); // prettier-ignore
    const softmax = (y: Tensor): Tensor => torch._safeSoftmax(y.maskedFill(blocked, -Infinity), 1).mul(y).sum();
    expectDerivatives(softmax, x.narrow(1, 0, 3));
  });
});

describe('derivatives of backward operators', () => {
  const target = x.sign();
  const functions: Record<string, TensorFunction> = {
    glu: (y) => F.glu(y).sin().sum(),
    'glu of rows': (y) => F.glu(y.t(), 0).square().sum(),
    hardsigmoid: (y) => F.hardsigmoid(y.mul(5)).square().sum(),
    softMarginLoss: (y) => F.softMarginLoss(y, target).sin(),
    'softMarginLoss, sum': (y) => F.softMarginLoss(y, target, { reduction: 'sum' }).sin(),
    std: (y) => y.std(1).sin().sum(),
    stdMean: (y) => {
      const [deviation, mean] = torch.stdMean(y, 1);
      return deviation.mul(mean).sum();
    },
  };

  test.each(Object.keys(functions))('%s', (name) => {
    const f = functions[name];
    expectDerivatives(f, x);
    expectVmapped(f, [x, x.add(1).sin(), x.mul(2)]);
    const along: TensorFunction = (t) => f(x.add(t.mul(x.cos())));
    const zero = torch.zeros([], float64);
    // Differences of the second derivative, with the first error term removed.
    const second = derivatives(along, 2)[3];
    const difference = (h: number): Tensor => second(zero.add(h)).sub(second(zero.sub(h))).div(2 * h); // prettier-ignore
    const right = difference(1e-3).mul(4).sub(difference(2e-3)).div(3);
    for (const d of derivatives(along, 3)) expectClose('third', d(zero), right, 1e-7);
  });

  test('hardsigmoid has the slope 1/6 in double precision', () => {
    const y = torch.tensor([0.5, 4], { ...float64, requiresGrad: true });
    F.hardsigmoid(y).sum().backward();
    expectClose('gradient', y.grad!, torch.tensor([1 / 6, 0], float64), 1e-16);
  });

  test('bias without weight: double backward of layer norm and batch norm', () => {
    const bias = x.select(0, 1);
    const layer = (y: Tensor): Tensor => torch.layerNorm(x, [4], null, y).sin().sum();
    const batch = (y: Tensor): Tensor => torch.batchNorm(x.mul(y), null, y, null, null, true, 0.1, 1e-5, false).sin().sum(); // prettier-ignore
    expectDerivatives(layer, bias);
    expectDerivatives(batch, bias);
  });
});
