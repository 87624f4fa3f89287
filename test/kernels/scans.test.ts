/** Derivatives of logcumsumexp, cumprod and prod. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { grad, jvp } = torch.func;
const tensor = (values: number[]): Tensor => torch.tensor(values, float64);
const tangent = (f: TensorFunction, x: Tensor, t = torch.onesLike(x)): Tensor => jvp(f, [x], [t])[1];

describe('logcumsumexp', () => {
  test('values far apart (pytorch/pytorch#196705)', () => {
    const f = (t: Tensor): Tensor => torch.logcumsumexp(torch.stack([t, t.neg().add(1), t.mul(2).add(3)]), 0).sum();
    // At -400 the second value is greater than the others by hundreds: the derivative is 1 - 1 - 1.
    expect(tangent(f, tensor([-400]).squeeze()).item()).toBeCloseTo(-1, 12);
    const x = tensor([-900, 0, 700, -700, 700]);
    // Each running value is its largest part, or both of two that are equal.
    expectClose(
      'tangent',
      tangent((y) => torch.logcumsumexp(y, 0), x, tensor([1, 2, 3, 4, 5])),
      tensor([1, 2, 3, 3, 4]),
      1e-12,
    );
  });

  test('minus infinity at the start adds nothing', () => {
    const x = tensor([-Infinity, -Infinity, 1, 2]);
    const got = tangent((y) => torch.logcumsumexp(y, 0), x).narrow(0, 2, 2);
    expectClose('tangent', got, tensor([1, 1]), 1e-12);
  });

  test('every derivative, in every dimension, and complex values', () => {
    const x = torch.arange(12, float64).view(3, 4).mul(1.3).sin();
    for (const dim of [0, 1, -1]) expectDerivatives((y) => torch.logcumsumexp(y, dim).sin().sum(), x);
    expectVmapped((y) => torch.logcumsumexp(y, 0).sin().sum(), x.unbind());
    expectClose(
      '0-d',
      tangent((y) => torch.logcumsumexp(y, 0), tensor([3]).squeeze()),
      torch.ones([], float64),
      1e-15,
    );
    const row = x.select(0, 1);
    expectDerivatives((y) => torch.logcumsumexp(torch.complex(y, y.cos()), 0).abs().sum(), row);
  });
});

describe('cumprod and prod', () => {
  test('a factor that is zero (pytorch/pytorch#196701)', () => {
    const weights = torch.tensor([[1, 2, 3], [4, 5, 6]], float64); // prettier-ignore
    const f = (t: Tensor): Tensor => {
      const factors = [t, t.add(1), t.neg().add(2), t.sub(1), t.mul(2).add(1), t.add(3)];
      return torch.cumprod(torch.stack(factors).reshape(2, 3), -1).mul(weights).sum();
    };
    const d =
      (g: TensorFunction): TensorFunction =>
      (t) =>
        tangent(g, t);
    const one = torch.ones([], float64);
    // The polynomials written out: 2 (t^2 + t) + 3 (2 t + t^2 - t^3) + 5 (2 t^2 - t - 1) + 6 (2 t^3 + 5 t^2 - 4 t - 3), and
    // terms of first degree; their second derivative is 4 + 6 - 18 t + 20 + 72 t + 60.
    expect(d(d(f))(one).item()).toBeCloseTo(144, 10);
    expect((grad(grad(f) as TensorFunction)(one) as Tensor).item()).toBeCloseTo(144, 10);
  });

  const inputs: Record<string, Tensor> = {
    'no zero': tensor([2, -1, 3, 0.5, 1.5]),
    'one zero': tensor([2, 0, 3, 0.5, 1.5]),
    'two zeros': tensor([2, 0, 3, 0, 1.5]),
    'zeros only': tensor([0, 0, 0, 0]),
  };
  const functions: Record<string, TensorFunction> = {
    cumprod: (x) => x.cumprod(0).mul(x.add(1).cos()).sum(),
    'cumprod of two dimensions': (x) => torch.stack([x, x.sin()]).cumprod(0).square().sum(),
    prod: (x) => x.prod().add(x.mul(2).prod(0)),
    'prod of a dimension': (x) =>
      torch
        .stack([x, x.flip(0)])
        .prod(1)
        .sin()
        .sum(),
  };

  test.each(Object.keys(functions))('%s', (name) => {
    for (const x of Object.values(inputs)) expectDerivatives(functions[name], x);
    expectVmapped(functions[name], [inputs['no zero'], inputs['one zero'], inputs['two zeros']]);
  });

  test('third derivatives at zeros', () => {
    const zero = torch.zeros(3, float64);
    const d =
      (f: TensorFunction): TensorFunction =>
      (x) =>
        tangent(f, x);
    // (t t t)''' = 6.
    expect(d(d(d((x) => x.prod())))(zero).item()).toBeCloseTo(6, 12);
    expect(d(d(d((x) => x.cumprod(0).select(0, 2))))(zero).item()).toBeCloseTo(6, 12);
  });
});
