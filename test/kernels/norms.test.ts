/** Second derivatives of norms, distances and singular values. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64, hessianByDifferences } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { linalg } = torch;
const { grad, hessian, jacfwd, jacrev } = torch.func;
const x = torch.tensor([[0.3, -1.2, 0.7], [0.9, 0.4, -0.5]], float64); // prettier-ignore

describe('a smooth function of a norm, at 0', () => {
  const zero = torch.zeros(3, float64);
  const I = torch.eye(3, float64);
  const squared = (r: Tensor): Tensor => r.mul(r);
  const norms: Record<string, TensorFunction> = {
    'linalg.norm': (y) => linalg.norm(y),
    'linalg.vectorNorm': (y) => linalg.vectorNorm(y),
    'linalg.vectorNorm of a dimension': (y) => linalg.vectorNorm(y, { dim: 0, keepdim: true }).sum(),
    norm: (y) => torch.norm(y),
    'norm of a dimension': (y) => torch.norm(y, { p: 2, dim: 0 }),
    dist: (y) => torch.dist(y.add(1), torch.ones(3, float64)),
    cdist: (y) => torch.cdist(y.add(1).unsqueeze(0), torch.ones(1, 3, float64)).sum(),
    'cdist, by matrix products': (y) =>
      torch.cdist(y.add(1).unsqueeze(0), torch.ones(1, 3, float64), { computeMode: 'use_mm_for_euclid_dist' }).sum(),
    'complex norm': (y) => linalg.norm(torch.complex(y, y.mul(0))),
  };

  test.each(Object.keys(norms))('%s', (name) => {
    const r = norms[name];
    expectDerivatives((y) => squared(r(y)), zero, { first: zero, second: I.mul(2) });
    expectDerivatives((y) => squared(r(y)).neg().exp(), zero, { first: zero, second: I.mul(-2) });
    expectDerivatives((y) => r(y).cos(), zero, { first: zero, second: I.neg() });
    expectDerivatives((y) => squared(r(y)), x.select(0, 0), { first: x.select(0, 0).mul(2), second: I.mul(2) });
  });

  test('mixed derivatives of a kernel (pytorch/pytorch#92075)', () => {
    const rbf = (a: Tensor, b: Tensor): Tensor =>
      squared(linalg.norm(a.sub(b)))
        .neg()
        .exp();
    const a = torch.tensor([1, 2], float64);
    const right = torch.eye(2, float64).mul(2);
    const first = grad(rbf) as (a: Tensor, b: Tensor) => Tensor;
    for (const mixed of [jacfwd(first, { argnums: 1 }), jacrev(first, { argnums: 1 })]) {
      expectClose('mixed', mixed(a, a), right, 1e-12);
    }
    const points = torch.stack([a, a.add(0.3), a.mul(2)]);
    const kernel = (b: Tensor): Tensor => torch.cdist(points, b).square().neg().exp().sum();
    const smooth = (b: Tensor): Tensor => points.unsqueeze(1).sub(b.unsqueeze(0)).square().sum(-1).neg().exp().sum();
    expectClose('cdist', hessian(kernel)(points) as Tensor, hessian(smooth)(points) as Tensor, 1e-12);
  });

  test('single precision', () => {
    const zeros = torch.zeros(3);
    const f = (y: Tensor): Tensor => squared(linalg.norm(y)).neg().exp();
    expectClose('hessian', hessian(f)(zeros) as Tensor, torch.eye(3).mul(-2), 1e-6);
  });

  test('by the functions of autograd.functional', () => {
    const { functional } = torch.autograd;
    const ones = torch.ones(3, float64);
    for (const name of Object.keys(norms)) {
      const f = (y: Tensor): Tensor => squared(norms[name](y)).neg().exp();
      for (const vectorize of [false, true]) {
        expectClose(`hessian of ${name}`, functional.hessian(f, zero, { vectorize }), I.mul(-2), 1e-12);
      }
      expectClose(`hvp of ${name}`, functional.hvp(f, zero, ones)[1], ones.mul(-2), 1e-12);
      expectClose(`vhp of ${name}`, functional.vhp(f, zero, ones)[1], ones.mul(-2), 1e-12);
    }
    const first = functional.jacobian((y: Tensor) => squared(linalg.norm(y)), zero.clone().requiresGrad_(), true);
    expect(first.requiresGrad).toBe(true);
    // The value of a norm is exact after the call.
    expect(linalg.norm(torch.zeros(2, float64).requiresGrad_()).item()).toBe(0);
  });

  test('some rows at 0, others not, under vmap', () => {
    expectVmapped((y) => linalg.norm(y).cos(), [zero, x.select(0, 0), zero]);
  });
});

describe('norms that are differentiated twice', () => {
  test.each([1, 1.5, 2, 3, 4, Infinity])('of exponent %p', (ord) => {
    expectDerivatives((y) => linalg.vectorNorm(y, ord).sin(), x);
    expectDerivatives((y) => linalg.vectorNorm(y, ord, { dim: 1 }).sin().sum(), x);
    expectDerivatives((y) => torch.cdist(y, y.mul(2).add(3), { p: ord }).sin().sum(), x);
    expectVmapped((y) => linalg.vectorNorm(y, ord).sin(), x.unbind());
  });

  test('a zero among the elements', () => {
    const y = torch.tensor([0, 2, -1], float64);
    for (const ord of [2, 4]) expectDerivatives((z) => linalg.vectorNorm(z, ord).sin(), y);
  });

  test('the gradient of a batch of Hessians (pytorch/pytorch#149804)', () => {
    const f = (y: Tensor): Tensor =>
      torch
        .vmap(hessian((v: Tensor) => linalg.norm(v, { dim: -1 })) as TensorFunction)(y)
        .sum();
    // The Hessian is (I - u u^T) / r of the direction u; the sum of its elements is (n - (sum u)^2) / r.
    const closed = (y: Tensor): Tensor => {
      const r = y.square().sum(-1).sqrt();
      return r
        .reciprocal()
        .mul(3)
        .sub(y.sum(-1).square().div(r.pow(3)))
        .sum();
    };
    expectClose('gradient', grad(f)(x) as Tensor, grad(closed)(x) as Tensor, 1e-12);
  });
});

describe('norms of negative exponent', () => {
  const exponents = [-0.5, -1, -2, -3, -Infinity];
  const functions = (ord: number): TensorFunction[] => [
    (y) => linalg.vectorNorm(y, ord, { dim: 1 }).sum(),
    (y) => linalg.vectorNorm(y, ord, { dim: 1 }).exp().sum(),
    (y) => torch.norm(y, { p: ord, dim: 1 }).sin().sum(),
    (y) => torch.stack(y.unbind().map((row) => torch.dist(row, row.mul(0), ord))).sum(),
    (y) => linalg.vectorNorm(torch.complex(y, y.mul(0)), ord, { dim: 1 }).sum(),
  ];

  test.each(exponents)('%p, without zeros', (ord) => {
    for (const f of functions(ord)) expectDerivatives(f, x);
    expectVmapped((y) => linalg.vectorNorm(y, ord).sin(), x.unbind());
  });

  // The norm of a row with a zero is 0. Its derivatives at this kink are 0, as those of |x| are at 0.
  test.each(exponents)('%p, of rows with zeros', (ord) => {
    const rows = torch.cat([torch.tensor([[0, 2, -1], [0, 0, 0]], float64), x.narrow(0, 0, 1)]); // prettier-ignore
    for (const f of functions(ord)) {
      const last: TensorFunction = (y) => f(y.unsqueeze(0));
      const first = torch.zeros(3, 3, float64);
      first.select(0, 2).copy_(jacrev(last)(rows.select(0, 2)) as Tensor);
      const second = torch.zeros(3, 3, 3, 3, float64);
      second
        .select(0, 2)
        .select(1, 2)
        .copy_(hessianByDifferences(last, rows.select(0, 2)));
      expectDerivatives(f, rows, { first, second });
      expectClose('functional.hessian', torch.autograd.functional.hessian(f, rows), second, 2e-5);
      const leaf = rows.clone().requiresGrad_();
      const [gradient] = torch.autograd.grad(f(leaf), leaf, { createGraph: true }) as Tensor[];
      if (gradient.requiresGrad) {
        const [double] = torch.autograd.grad(gradient.sum(), leaf) as Tensor[];
        expectClose('double backward', double, second.sum([0, 1]), 2e-5);
      }
      const compiled = torch.compile(hessian(f) as TensorFunction);
      for (let call = 0; call < 3; call++) expectClose('compiled', compiled(rows), second, 2e-5);
    }
    expectVmapped((y) => linalg.vectorNorm(y, ord).exp(), rows.unbind());
  });

  test('a norm of one element is its absolute value', () => {
    for (const value of [0, -2]) {
      const y = torch.tensor([value], float64);
      const first = y.sign();
      expectDerivatives((z) => linalg.vectorNorm(z, -1), y, { first, second: torch.zeros(1, 1, float64) });
    }
  });
});

describe('cdist', () => {
  test('the value beside a tangent is that of the operator', () => {
    const [value, tangent] = torch.func.jvp((y: Tensor) => torch.cdist(y, y), [x], [x.cos()]) as [Tensor, Tensor];
    expectClose('value', value, torch.cdist(x, x), 0);
    expectClose('tangent at zero', tangent.diagonal(), torch.zeros(2, float64), 0);
  });

  test('forward mode', () => {
    expectDerivatives((y) => torch.cdist(y, x.mul(2)).sin().sum(), x);
    expectVmapped((y) => torch.cdist(y.unsqueeze(0), x.mul(2)).sin().sum(), x.unbind());
  });
});

describe('distances of a set from itself', () => {
  // The distance of a point from itself is constantly 0.
  const pairs = (y: Tensor, d: (a: Tensor, b: Tensor) => Tensor, all: boolean): Tensor => {
    const points = y.unbind();
    const terms = points.flatMap((a, i) => points.filter((_, j) => all || j !== i).map((b) => d(a, b)));
    return torch.stack(terms).sum();
  };
  const points = torch.tensor([[0.3, -1.2], [0.9, 0.4], [-0.7, 0.2]], float64); // prettier-ignore

  test.each([1, 1.5, 2, 3, Infinity])('of exponent %p', (ord) => {
    const d = (a: Tensor, b: Tensor): Tensor => linalg.vectorNorm(a.sub(b), ord).sin();
    const without: TensorFunction = (y) => pairs(y, d, false);
    const first = jacrev(without)(points) as Tensor;
    const second = hessian(without)(points) as Tensor;
    for (const f of [
      (y: Tensor) => pairs(y, d, true),
      (y: Tensor) => torch.cdist(y, y, { p: ord }).sin().sum(),
      (y: Tensor) =>
        linalg
          .vectorNorm(y.unsqueeze(0).sub(y.unsqueeze(1)), ord, { dim: -1 })
          .sin()
          .sum(),
    ]) {
      const transforms = [jacrev, jacfwd] as unknown as ((g: TensorFunction) => TensorFunction)[];
      for (const transform of transforms) {
        expectClose('first', transform(f)(points), first, 1e-12);
        for (const inner of transforms) {
          expectClose('second', transform(inner(f))(points), second, 1e-12);
        }
      }
      expectClose('functional.hessian', torch.autograd.functional.hessian(f, points), second, 1e-12);
    }
  });

  test('cdist of exponent 0, or of no points, is a constant', () => {
    const { jvp } = torch.func;
    for (const [a, b, p] of [
      [points, points, 0],
      [points.narrow(0, 0, 0), points, 2],
      [points.narrow(1, 0, 0), points.narrow(1, 0, 0), 2],
      [points.narrow(1, 0, 0), points.narrow(1, 0, 0), 1],
    ] as const) {
      const f = (y: Tensor): Tensor => torch.cdist(y, b, { p });
      const [value, tangent] = jvp(f, [a], [a]) as Tensor[];
      expectClose('value', value, torch.cdist(a, b, { p }), 0);
      expectClose('tangent', tangent, torch.zeros(value.shape, float64), 0);
      expectClose('hessian', hessian((y: Tensor) => f(y).sum())(a) as Tensor, torch.zeros(a.shape.concat(a.shape), float64), 0); // prettier-ignore
    }
  });
});

describe('pdist', () => {
  const points = torch.cat([x, x.flip(1).mul(1.9), x.neg().narrow(0, 0, 1)]);
  test.each([1, 1.5, 2, 3, Infinity])('of exponent %p', (p) => {
    const f: TensorFunction = (y) => torch.pdist(y, p);
    expectDerivatives(f, points);
    expectVmapped(f, [points, points.sin()]);
  });

  test('equal points, exponent 0, and too few points', () => {
    const equal = torch.stack([x.select(0, 0), x.select(0, 0), x.select(0, 1)]);
    const f: TensorFunction = (y) => torch.pdist(y);
    expectClose('equal', jacfwd(f)(equal), jacrev(f)(equal), 1e-12);
    const squares: TensorFunction = (y) => f(y).mul(f(y)).sum();
    expectDerivatives(squares, equal);
    expectClose('exponent 0', jacfwd((y: Tensor) => torch.pdist(y, 0))(equal), torch.zeros(3, 3, 3, float64), 0);
    expect(jacfwd(f)(x.narrow(0, 0, 1)).shape).toEqual([0, 1, 3]);
  });
});

test('wrong arguments are errors under transforms too', () => {
  const f = (y: Tensor): Tensor => linalg.vectorNorm(y, 2, { dtype: 'float32' });
  expect(() => f(x)).toThrow('should be convertible without narrowing');
  expect(() => hessian(f)(x)).toThrow('should be convertible without narrowing');
  expect(() => jacfwd((y: Tensor) => torch.cdist(y, y.narrow(1, 0, 2)))(x)).toThrow('same number of columns');
});

describe('singular values at every scale', () => {
  const matrix = torch.tensor([[4, 1, 0], [1, 3, 1], [0, 1, 2]]); // prettier-ignore
  const sum: TensorFunction = (A) => linalg.svdvals(A).sum();
  const right = hessian(sum)(matrix.to('float64')) as Tensor;

  test.each([1e19, 1e9, 1, 1e-9, 1e-19])('%p (pytorch/pytorch#194705)', (scale) => {
    // f(c A) = c f(A): the second derivative is divided by c.
    for (const derivative of [hessian(sum), jacrev(jacrev(sum) as TensorFunction)] as TensorFunction[]) {
      const got = derivative(matrix.mul(scale)).to('float64').mul(scale);
      expectClose('second derivative', got, right, 1e-4);
    }
  });

  test('both ends of the range in one batch, in double precision', () => {
    const batch = torch.stack([matrix.to('float64').mul(1e100), matrix.to('float64').mul(1e-100)]);
    const scale = torch.tensor([1e100, 1e-100], float64).view(2, 1, 1, 1, 1);
    const got = (torch.vmap(hessian(sum) as TensorFunction)(batch) as Tensor).mul(scale);
    expectClose('second derivative', got, torch.stack([right, right]), 1e-9);
    expectDerivatives(sum, matrix.to('float64'), { second: right });
  });
});

test('renorm of rows of zeros, which it does not scale', () => {
  // The second row is scaled to the norm 1, up to an addend of 1e-7 to its norm.
  const x = torch.tensor([[0, 0], [3, 4], [0.1, 0.2]], float64); // prettier-ignore
  const slope = torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 0]], float64); // prettier-ignore
  const scaled = (y: Tensor): Tensor => y.div(y.square().sum(1, { keepdim: true }).add(1e-300).sqrt().add(1e-7));
  const f = (y: Tensor): Tensor =>
    torch
      .where(slope.sum(1, { keepdim: true }).bool(), scaled(y), y)
      .pow(3)
      .sum();
  for (const g of [
    (y: Tensor) => y.renorm(2, 0, 1).pow(3).sum(),
    (y: Tensor) => y.clone().renorm_(2, 0, 1).pow(3).sum(),
  ]) {
    expectDerivatives(g, x, { first: torch.func.grad(f)(x) as Tensor, second: hessianByDifferences(f, x) });
    expectVmapped(g, [x, x.flip(0)]);
  }
  const product = (u: Tensor): Tensor => torch.func.jvp((y: Tensor) => y.renorm(2, 0, 1), [x], [u])[1];
  const [, pull] = torch.func.vjp(product, x);
  expectClose('vjp of jvp', pull(torch.ones(3, 2, float64))[0].select(0, 0), torch.ones(2, float64), 0);
});
