/** Derivatives of elementwise operators: far from 0, at kinks, and where libtorch's rule is 0 / 0. Closed forms. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { functional } = torch.autograd;
const { grad, jacfwd, jacrev, jvp, linearize, vjp } = torch.func;

/** A number as a tensor of one element. */
const at = (value: number): Tensor => torch.tensor([value], float64);
const scalar = (value: number): Tensor => torch.tensor(value, float64);

interface Case {
  f: TensorFunction;
  x: number;
  first: number;
  second: number;
}

function check({ f, x, first, second }: Case): void {
  const [x0, sum] = [at(x), (y: Tensor) => f(y).sum()];
  expectDerivatives(sum, x0, { first: at(first), second: torch.tensor([[second]], float64) });
  const one = torch.ones(1, float64);
  for (const [name, got, right] of [
    ['functional.hessian', functional.hessian(sum, x0).reshape(1), second],
    ['functional.hvp', functional.hvp(sum, x0, one)[1], second],
    ['functional.jvp', functional.jvp(f, x0, one)[1], first],
    ['linearize', linearize(f, x0)[1](one), first],
  ] as const) {
    expectClose(name, got, at(right), 1e-9);
  }
}

describe('logaddexp', () => {
  const zero = scalar(0);
  const cases: Record<string, Case> = {
    'far above': { f: (y) => y.logaddexp(zero), x: 1000, first: 1, second: 0 },
    'far below': { f: (y) => y.logaddexp(zero), x: -1000, first: 0, second: 0 },
    equal: { f: (y) => y.logaddexp(zero), x: 0, first: 1 / 2, second: 1 / 4 },
    'base 2, far above': { f: (y) => y.logaddexp2(zero), x: 3000, first: 1, second: 0 },
    'base 2, equal': { f: (y) => zero.logaddexp2(y), x: 0, first: 1 / 2, second: Math.LN2 / 4 },
    'of -infinity': { f: (y) => y.logaddexp(scalar(-Infinity)), x: 2, first: 1, second: 0 },
    'twice -infinity, masked': {
      f: (y) =>
        torch.where(torch.tensor(true), y.mul(y), y.maskedFill(y.eq(y), -Infinity).logaddexp(scalar(-Infinity))),
      x: 3,
      first: 6,
      second: 2,
    },
  };
  test.each(Object.keys(cases))('%s', (name) => {
    check(cases[name]);
  });

  test('of two arguments, of complex numbers, under vmap', () => {
    const f = (y: Tensor): Tensor =>
      y
        .narrow(0, 0, 2)
        .logaddexp(y.narrow(0, 2, 1))
        .sin()
        .sum();
    expectDerivatives(f, torch.tensor([0.3, -1, 2], float64));
    expectVmapped(f, [torch.tensor([0.3, -1, 2], float64), torch.tensor([900, 1, -900], float64)]);
    const z = torch.complex(at(-1000), at(1));
    const [value, tangent] = jvp((y: Tensor) => y.logaddexp(torch.complex(at(0), at(0))), [z], [z]) as [Tensor, Tensor];
    expect(value.isfinite().all().item()).toBe(true);
    expect(tangent.abs().item()).toBe(0);
  });

  test('of different shapes and dtypes', () => {
    const [a, b] = [torch.zeros(2, 1, { dtype: 'float32' }), torch.zeros(3, float64)];
    const [, pull] = vjp((x: Tensor, y: Tensor) => x.logaddexp(y), a, b);
    const [da, db] = pull(torch.ones(2, 3, float64)) as Tensor[];
    expectClose('first', da, torch.full([2, 1], 1.5), 1e-6);
    expectClose('second', db, torch.ones(3, float64), 1e-12);
    expect(da.dtype).toBe('float32');
  });
});

describe('mish', () => {
  // With t = tanh(softplus(x)): t + x sigmoid(x) (1 - t^2). At 0, t = 3/5.
  const cases: Record<string, Case> = {
    'far above': { f: (y) => torch.nn.functional.mish(y), x: 1000, first: 1, second: 0 },
    'far below': { f: (y) => torch.nn.functional.mish(y), x: -1000, first: 0, second: 0 },
    'at 0': { f: (y) => torch.nn.functional.mish(y), x: 0, first: 0.6, second: 0.64 },
    'in place': { f: (y) => torch.nn.functional.mish(y.clone(), { inplace: true }), x: 0, first: 0.6, second: 0.64 },
  };
  test.each(Object.keys(cases))('%s', (name) => {
    check(cases[name]);
  });

  test('elsewhere', () => {
    const x = torch.tensor([-3, -0.5, 0.7, 4], float64);
    expectDerivatives((y) => torch.nn.functional.mish(y).sum(), x);
    expectVmapped((y) => torch.nn.functional.mish(y).sum(), [x, x.mul(500)]);
  });

  test('half precision computes in single precision', () => {
    const x = torch.tensor([0.5, -2], { dtype: 'bfloat16' });
    const got = grad((y: Tensor) => torch.nn.functional.mish(y).sum())(x) as Tensor;
    const right = grad((y: Tensor) => torch.nn.functional.mish(y).sum())(x.to('float64')) as Tensor;
    expectClose('gradient', got, right, 1e-2);
  });
});

describe('special.logNdtr', () => {
  // With f' = phi / Phi: f'' = -f' (x + f'), and f'(x) = -x - 1/x + 2/x^3 - ... far below 0.
  const f: TensorFunction = (y) => torch.special.logNdtr(y);
  const half = Math.sqrt(2 / Math.PI);
  test.each<[number, number, number]>([
    [-1000, 1000 + 1e-3 - 2e-9, -(1 - 1e-6 + 6e-12)],
    [0, half, -half * half],
    [50, 0, 0],
  ])('at %f', (x, first, second) => {
    check({ f, x, first, second });
  });

  test('elsewhere', () => {
    expectDerivatives((y) => f(y).sum(), torch.tensor([-8, -5, -0.5, 0.7, 3], float64));
  });

  // By the asymptotic series of f': -x - 1/x + 2/x^3 - 10/x^5 + 74/x^7.
  test.each([-50, -1000, -1e5])('third and fourth derivatives at %f keep their digits', (x) => {
    const third = -2 / x ** 3 + 24 / x ** 5 - 300 / x ** 7 + 4144 / x ** 9;
    const fourth = 6 / x ** 4 - 120 / x ** 6 + 2100 / x ** 8;
    const one = scalar(1);
    const reverse =
      (g: TensorFunction): TensorFunction =>
      (y) =>
        grad(g)(y) as Tensor;
    const forward =
      (g: TensorFunction): TensorFunction =>
      (y) =>
        jvp(g, [y], [one])[1];
    expectClose('reverse', reverse(reverse(reverse(f)))(scalar(x)).div(third), one, 1e-9);
    expectClose('forward', forward(forward(forward(f)))(scalar(x)).div(third), one, 1e-9);
    expectClose('fourth', forward(forward(reverse(reverse(f))))(scalar(x)).div(fourth), one, 1e-6);
  });
});

describe('sinc', () => {
  const f: TensorFunction = (y) => torch.sinc(y);
  const curvature = -(Math.PI ** 2) / 3;
  test.each([0, 1e-15, 1e-9, -1e-12])('at %f', (x) => {
    check({ f, x, first: curvature * x, second: curvature });
    // Relative to the first derivative, which is small.
    const first = (grad((y: Tensor) => f(y).sum())(at(x)) as Tensor).item();
    expect(first).toBeCloseTo(curvature * x, 20);
  });

  test('elsewhere, and both sides of the series', () => {
    expectDerivatives((y) => f(y).sum(), torch.tensor([0.4999, 0.5001, -2.3, 30.2], float64));
    expectVmapped((y) => f(y).sum(), [at(0), at(0.7)]);
    expectDerivatives((y) => y.clone().sinc_().sum(), torch.tensor([0.3, -1.7], float64));
  });

  test('the fourth derivative at 0', () => {
    const nested = [1, 2, 3, 4].reduce<TensorFunction>(
      (g) => jacrev(g) as TensorFunction,
      (y) => f(y).sum(),
    );
    expectClose('fourth', nested(at(0)).reshape(1), at(Math.PI ** 4 / 5), 1e-9);
  });
});

test('logit where eps clamps its argument', () => {
  for (const x of [0, 0.1, 1]) check({ f: (y) => torch.logit(y, 0.2), x, first: 0, second: 0 });
  check({ f: (y) => torch.logit(y, 0.2), x: 0.5, first: 4, second: 0 });
  check({ f: (y) => torch.logit(y), x: 0.25, first: 16 / 3, second: -(0.5 * 256) / 9 });
  expect((grad((y: Tensor) => torch.logit(y).sum())(at(2)) as Tensor).item()).toBeNaN();
});

test('nextafter is its first argument up to rounding', () => {
  const f = (a: Tensor, b: Tensor): Tensor => torch.nextafter(a, b).sum();
  const x = torch.tensor([0, 1, 2], float64);
  const y = torch.tensor([0, 1, 3], float64);
  const [da, db] = grad(f, { argnums: [0, 1] })(x, y) as Tensor[];
  expect(da.toArray()).toEqual([1, 1, 1]);
  expect(db.toArray()).toEqual([0, 0, 0]);
});

describe('polar', () => {
  // d polar / d abs = e^(i angle), whatever the sign of abs.
  test.each([-2, 0, 1.5])('with abs %f', (length) => {
    const f: TensorFunction = (y) => {
      const z = torch.polar(y.narrow(0, 0, 1), y.narrow(0, 1, 1));
      return z.real.mul(2).add(z.imag).sum();
    };
    const [c, s] = [Math.cos(0.5), Math.sin(0.5)];
    const right = {
      first: torch.tensor([2 * c + s, length * (c - 2 * s)], float64),
      second: torch.tensor(
        [
          [0, c - 2 * s],
          [c - 2 * s, -length * (2 * c + s)],
        ],
        float64,
      ),
    };
    expectDerivatives(f, torch.tensor([length, 0.5], float64), right);
  });
});

test.each(['softshrink', 'hardshrink'] as const)('%s with lambd 0 is the identity', (name) => {
  const f: TensorFunction = (y) => torch.nn.functional[name](y, 0);
  check({ f, x: 0, first: 1, second: 0 });
  check({ f, x: -1, first: 1, second: 0 });
  // Otherwise the derivative is 0 between -lambd and lambd.
  check({ f: (y) => torch.nn.functional[name](y, 0.5), x: 0.2, first: 0, second: 0 });
});

test('sgn of complex numbers', () => {
  const z = torch.complex(torch.tensor([3, 0], float64), torch.tensor([4, 0], float64));
  const i = torch.complex(torch.zeros(2, float64), torch.ones(2, float64));
  // (dz - Re(conj(s) dz) s) / |z| with s = 0.6 + 0.8 i and dz = i; 0 at 0.
  const right = torch.complex(torch.tensor([-0.096, 0], float64), torch.tensor([0.072, 0], float64));
  const f = (y: Tensor): Tensor => torch.sgn(y);
  expectClose('jvp', (jvp(f, [z], [i]) as Tensor[])[1], right, 1e-12);
  expectClose('linearize', linearize(f, z)[1](i), right, 1e-12);
  expectClose('functional.jvp', functional.jvp(f, z, i)[1], right, 1e-12);
  expectClose('vjp', (vjp(f, z)[1](i) as unknown as Tensor[])[0], right, 1e-12);
});

test('a backward pass frees what the rules saved', () => {
  const x = at(0.3).requiresGrad_();
  const y = torch.logaddexp(x, at(1)).sum();
  expect(y.gradFn?.nextFunctions[0][0]?.name()).toBe('LogaddexpBackward0');
  y.backward();
  expect(() => {
    y.backward();
  }).toThrow('Trying to backward through the graph a second time');
});

describe('pow of tensors, where the exponent or the base is 0', () => {
  // d/db (b a^(b - 1)) = a^(b - 1) (1 + b log(a)).
  test('the mixed derivative at an exponent of 0', () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.pow(b).sum();
    const [a, b] = [torch.tensor([2, 0.5, 3], float64), torch.tensor([0, 0, 1], float64)];
    const right = torch.tensor([1 / 2, 2, 1 + Math.log(3)], float64).diag();
    const modes = { jacfwd, jacrev } as Record<string, typeof jacrev>;
    for (const [outer, inner] of ['jacfwd', 'jacrev'].flatMap((o) => ['jacfwd', 'jacrev'].map((i) => [o, i]))) {
      const [byBase, byExponent] = [0, 1].map(
        (argnums) => modes[inner](f, { argnums }) as (a: Tensor, b: Tensor) => Tensor,
      );
      expectClose(`${outer} of ${inner}`, modes[outer](byBase, { argnums: 1 })(a, b) as Tensor, right, 1e-12);
      expectClose(`${outer} of ${inner}, exponent first`, modes[outer](byExponent)(a, b) as Tensor, right, 1e-12);
    }
    const inPlace = (x: Tensor, y: Tensor): Tensor => x.clone().pow_(y).sum();
    const mixed = jacrev(grad(inPlace) as (x: Tensor, y: Tensor) => Tensor, { argnums: 1 })(a, b) as Tensor;
    expectClose('in place', mixed, right, 1e-12);
  });

  test('the second derivative in the exponent at a base of 0, which is 0', () => {
    const base = torch.tensor([0, 2], float64);
    const f: TensorFunction = (b) => base.pow(b).sum();
    const log = Math.LN2;
    const right = {
      first: torch.tensor([0, 8 * log], float64),
      second: torch.tensor([0, 8 * log * log], float64).diag(),
    };
    expectDerivatives(f, torch.tensor([2.5, 3], float64), right);
  });

  test('elsewhere, with broadcasting and under vmap', () => {
    const f: TensorFunction = (x) =>
      x
        .narrow(0, 0, 3)
        .pow(x.narrow(0, 3, 1))
        .sin()
        .sum();
    const x = torch.tensor([0.3, 1.7, 2.2, 1.4], float64);
    expectDerivatives(f, x);
    expectVmapped(f, [x, x.mul(0.5)]);
  });
});

describe('pow of tensors and exponents that have no derivative', () => {
  // d/da a^b = b a^(b - 1).
  const base = torch.tensor([-1, -2, 0, 0, 0, 3], float64);
  const right = {
    first: torch.tensor([-2, 12, 0, 1, 0, -1 / 9], float64),
    second: torch.tensor([2, -12, 0, 0, 2, 2 / 27], float64).diag(),
  };
  const exponents = [2n, 3n, 0n, 1n, 2n, -1n];
  test.each(['int64', 'int32', 'int8'] as const)('%s', (dtype) => {
    const exponent = torch.tensor(exponents).to(dtype);
    expectDerivatives((x) => x.pow(exponent).sum(), base, right);
    expectDerivatives((x) => x.clone().pow_(exponent).sum(), base, right);
    expectVmapped((x) => x.pow(exponent).sum(), [base, base.mul(2)]);
  });

  test('0-d, in the gradient of a tangent', () => {
    const square: TensorFunction = (x) => x.pow(torch.tensor(2n));
    const slope: TensorFunction = (x) => jvp(square, [x], [torch.onesLike(x)])[1].sum();
    expectClose('grad of jvp', grad(slope)(torch.tensor([-3, 0], float64)) as Tensor, torch.full([2], 2, float64), 0);
  });

  test('of complex numbers', () => {
    // d/dt of the gradient of z^3 along 1 is 6 z.
    const z = torch.complex(torch.tensor([0, -1], float64), torch.tensor([0, 2], float64));
    const one = torch.ones(2, { dtype: 'complex128' });
    const slope: TensorFunction = (y) => jvp((w: Tensor) => w.pow(torch.tensor([3n, 3n])), [y], [one])[1];
    const [, pull] = vjp(slope, z);
    expectClose('vjp of jvp', (pull(one) as unknown as Tensor[])[0], z.mul(6).conj(), 1e-12);
  });

  test('powers of the number 0, whose derivatives are 0', () => {
    const none = { first: torch.zeros(2, float64), second: torch.zeros(2, 2, float64) };
    expectDerivatives((x) => torch.pow(0, x).sum(), torch.tensor([2, 0.5], float64), none);
    check({ f: (x) => torch.pow(2, x), x: 3, first: 8 * Math.LN2, second: 8 * Math.LN2 ** 2 });
  });
});

describe('at the origin of the plane', () => {
  const zero = torch.zeros(2, float64);
  const none = { first: zero, second: torch.zeros(2, 2, float64) };
  const angles: Record<string, TensorFunction> = {
    atan2: (x) => torch.atan2(x.select(0, 0), x.select(0, 1)),
    'atan2 in place': (x) => x.select(0, 0).clone().atan2_(x.select(0, 1)),
    'angle of a complex number': (x) => torch.angle(torch.complex(x.select(0, 1), x.select(0, 0))),
  };
  test.each(Object.keys(angles))('the derivatives of %s are 0, as its gradient', (name) => {
    expectDerivatives(angles[name], zero, none);
    // (x, -y) / r^2, and its derivatives (-2 x y, y^2 - x^2, 2 x y) / r^4.
    const curvature = torch.tensor([[-24, -7], [-7, 24]], float64).div(625); // prettier-ignore
    const right = { first: torch.tensor([0.16, -0.12], float64), second: curvature };
    expectDerivatives(angles[name], torch.tensor([3, 4], float64), right);
    expectVmapped(angles[name], [zero, torch.tensor([3, 4], float64)]);
  });

  test('a smooth function of hypot has its derivatives', () => {
    const square: TensorFunction = (x) => torch.hypot(x.select(0, 0), x.select(0, 1)).square();
    expectDerivatives(square, zero, { first: zero, second: torch.eye(2, float64).mul(2) });
    const inPlace: TensorFunction = (x) => x.select(0, 0).clone().hypot_(x.select(0, 1)).square();
    expectDerivatives(inPlace, zero, { first: zero, second: torch.eye(2, float64).mul(2) });
    expectVmapped(square, [zero, torch.tensor([3, -4], float64)]);
  });

  test.each([1, 1e200, 1e-60])('hypot of numbers of size %f', (size) => {
    // (x, y) / r, and its derivatives (y^2, -x y, x^2) / r^3.
    const curvature = torch.tensor([[16, -12], [-12, 9]], float64).div(125).div(size); // prettier-ignore
    const right = { first: torch.tensor([0.6, 0.8], float64), second: curvature };
    const f: TensorFunction = (x) => torch.hypot(x.select(0, 0), x.select(0, 1));
    expectDerivatives(f, torch.tensor([3 * size, 4 * size], float64), right);
  });
});

describe('std of equal elements, whose derivative is 0 as in reverse mode', () => {
  const x = torch.full([3], 1.5, float64);
  test.each<[string, TensorFunction]>([
    ['std', (y) => y.std()],
    ['stdMean', (y) => torch.stdMean(y, [0])[0]],
  ])('%s', (_, f) => {
    const u = torch.tensor([1, -2, 0.5], float64);
    expectClose('linearize', linearize(f, x)[1](u), scalar(0), 0);
    expectClose('functional.jvp', functional.jvp(f, x, u)[1], scalar(0), 0);
    expectClose('grad', grad(f)(x) as Tensor, x.mul(0), 0);
  });
});

// The cube of |x| and a sign: the second derivative is 6 |x| and the sign.
test.each<[string, number[], (x: Tensor) => Tensor]>([
  ['a tensor', [-1, 1, -1], (x) => x.copysign(torch.tensor([-1, 2, -3], float64))],
  ['a number', [-1, -1, -1], (x) => x.copysign(-2)],
])('copysign with the sign of %s, at 0', (_, signs, f) => {
  const x = torch.tensor([0, 0.5, -2], float64);
  const sign = torch.tensor(signs, float64);
  const right = { first: x.mul(x.abs()).mul(3).mul(sign), second: x.abs().mul(6).mul(sign).diag() };
  expectDerivatives((y) => f(y).pow(3).sum(), x, right);
});
