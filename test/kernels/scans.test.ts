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

  test('the first result is the first value, also minus infinity', () => {
    for (const x of [tensor([-Infinity, 0, 1]), tensor([-Infinity])]) {
      const n = x.numel();
      const first = torch.zeros(n, float64);
      first.narrow(0, 0, 1).fill_(1);
      const f = (y: Tensor): Tensor => torch.logcumsumexp(y, 0).select(0, 0);
      expectDerivatives(f, x, { first, second: torch.zeros(n, n, float64) });
    }
  });

  test('minus infinity at the start adds nothing', () => {
    const x = tensor([-Infinity, -Infinity, 1, 2]);
    const got = tangent((y) => torch.logcumsumexp(y, 0), x).narrow(0, 2, 2);
    expectClose('tangent', got, tensor([1, 1]), 1e-12);
  });

  test('a gradient that is zero', () => {
    const x = tensor([0.3, -1, 2, 0.5, -700, 1]);
    const weights = tensor([0, 2, 0, -1, 0, 3]);
    const f = (y: Tensor): Tensor => torch.logcumsumexp(y, 0).mul(weights).sum();
    expectDerivatives(f, x);
    // The derivative of the last running value by x[i] is e^(x[i] - l), and that of earlier ones is in proportion.
    const t = tensor([1, -2, 0.5, 3, 1, -1]);
    const right = (jvp((y: Tensor) => torch.logcumsumexp(y, 0), [x], [t]) as [Tensor, Tensor])[1];
    // functional.jvp is a double backward whose first cotangent is zero.
    const [, got] = torch.autograd.functional.jvp((y: Tensor) => torch.logcumsumexp(y, 0), x, t) as [Tensor, Tensor];
    expectClose('functional.jvp', got, right, 1e-12);
    const complex = torch.complex(x.narrow(0, 0, 4), x.narrow(0, 0, 4).cos());
    const v = torch.complex(t.narrow(0, 0, 4), t.narrow(0, 1, 4));
    const g = (y: Tensor): Tensor => torch.logcumsumexp(y, 0);
    const [, tangentOfComplex] = torch.autograd.functional.jvp(g, complex, v) as [Tensor, Tensor];
    expectClose('complex', tangentOfComplex, (jvp(g, [complex], [v]) as [Tensor, Tensor])[1], 1e-12);
  });

  test('third derivatives in reverse mode', () => {
    const x = tensor([0.3, -1, 2, 0.5]);
    const f = (y: Tensor): Tensor => torch.logcumsumexp(y, 0).index(3);
    const d =
      (h: TensorFunction): TensorFunction =>
      (y) =>
        (grad(h) as TensorFunction)(y).sum();
    // Along (1, 1, 1, 1) the function is linear, along e_0 it is log(e^x + c).
    expect(d(d(d(f)))(x).item()).toBeCloseTo(0, 12);
    const first =
      (h: TensorFunction): TensorFunction =>
      (y) =>
        (grad(h) as TensorFunction)(y).index(0);
    const p = torch.softmax(x, 0).index(0).item() as number;
    expect(first(first(first(f)))(x).item()).toBeCloseTo(p * (1 - p) * (1 - 2 * p), 12);
  });

  test('the gradient of values far apart, and of minus infinity', () => {
    const v = tensor([1, 2, 3, 4, 5]);
    const pull = (x: Tensor): Tensor => torch.func.vjp((y: Tensor) => torch.logcumsumexp(y, 0), x)[1](v)[0] as Tensor;
    expectClose('far', pull(tensor([-900, 0, 700, -700, 800])), tensor([1, 2, 7, 0, 5]), 1e-12);
    expectClose('minus infinity', pull(tensor([-Infinity, -Infinity, 1, -800, 2])).narrow(0, 2, 3), torch.tensor([3 + 4 + 5 / (1 + Math.E), 0, 5 / (1 + Math.exp(-1))], float64), 1e-12); // prettier-ignore
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

  test('cumprod of one number is the number: its derivative is 1, also at 0', () => {
    const f = (x: Tensor): Tensor => x.cumprod(0);
    for (const x of [torch.zeros([], float64), torch.tensor(2, float64)]) {
      const inTangent = (t: Tensor): Tensor => torch.func.jvp(f, [x], [t])[1];
      expect((grad(inTangent)(torch.tensor(3, float64)) as Tensor).item()).toBe(1);
      expect((grad((y: Tensor) => tangent(f, y))(x) as Tensor).item()).toBe(0);
    }
  });

  test('cumprod of 0-d samples under vmap', () => {
    const x = tensor([3, 0, 1]);
    const f = (y: Tensor): Tensor => y.cumprod(0);
    expectClose('jacfwd', torch.vmap(torch.func.jacfwd(f) as TensorFunction)(x), torch.ones(3, float64), 0);
    expectClose('jacrev', torch.vmap(torch.func.jacrev(f) as TensorFunction)(x), torch.ones(3, float64), 0);
    expectClose('hessian', torch.vmap(torch.func.hessian(f) as TensorFunction)(x), torch.zeros(3, float64), 0);
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
