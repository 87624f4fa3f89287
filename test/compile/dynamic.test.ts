/** compile with `dynamic`: what was compiled for two sizes holds for all, or for those two only. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { grad, hessian, jacfwd, jacrev, jvp, vjp, vmap } = torch.func;

type F = (...args: Tensor[]) => Tensor;

const SIZES = [3, 7, 0, 1, 2, 1000, 7, 64, 5];

/** The message of what is thrown, or null. */
function errorOf(call: () => unknown): string | null {
  try {
    call();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Calls both with arguments of all sizes. Returns how often `f` was called by the compiled function. */
function compare(
  f: F,
  args: (n: number) => Tensor[],
  tolerance = 0,
  options = {},
): { calls: number; compiled: F & torch.Compiled } {
  let calls = 0;
  const compiled = torch.compile((...given: Tensor[]) => (calls++, f(...given)), { dynamic: true, ...options });
  for (const n of SIZES) {
    const given = args(n);
    // vmap refuses an empty batch in some operators.
    if (n === 0 && errorOf(() => f(...given)) !== null) {
      expect(errorOf(() => compiled(...given))).toBe(errorOf(() => f(...given)));
      continue;
    }
    for (let k = 0; k < 2; k++) {
      const [got, right] = [compiled(...given), f(...given)];
      expect([n, got.shape, got.dtype, got.stride()]).toEqual([n, right.shape, right.dtype, right.stride()]);
      const isClose = torch.allclose(got, right, { rtol: tolerance, atol: tolerance, equalNan: true });
      if (!isClose) throw new Error(`size ${n}: got ${String(got)}\nright ${String(right)}`);
    }
  }
  return { calls, compiled };
}

const weight = torch.randn(4, 3);
const layer = (x: Tensor): Tensor => torch.matmul(weight, x).tanh();
const small = (x: Tensor): Tensor =>
  torch.stack([x.select(0, 1).exp(), x.select(0, 0).sin(), x.select(0, 1).mul(x.select(0, 2))]);
const rows = (n: number): Tensor[] => [torch.randn(n, 3)];

// Sizes 3 and 7 are recorded, and 0 and 1, which are never generalized to.
const RECORDED = 4;

const general: Record<string, [f: F, args: (n: number) => Tensor[], tolerance?: number]> = {
  pointwise: [(x) => x.sin().mul(x).add(1), rows],
  'several arguments': [(x, y, z) => x.mul(y).add(z), (n) => [torch.randn(n, 3), torch.randn(n, 1), torch.randn(3)]],
  'the last dimension': [(x) => x.cos().mul(weight.select(1, 0).unsqueeze(1)), (n) => [torch.randn(4, n)]],
  'two dimensions': [(x) => x.exp().add(x.t()), (n) => [torch.randn(n, n)]],
  'a dimension twice as large': [(x, y) => torch.cat([x, x]).mul(y), (n) => [torch.randn(n, 3), torch.randn(2 * n, 3)]],
  transposed: [(x) => x.mul(2).sum(1), (n) => [torch.randn(3, n).t()], 1e-6],
  'sums over the size': [(x) => x.sum(0), rows, 1e-4],
  'the gradient of a product with a mean': [
    grad((x: Tensor) => x.mean().mul(x.square().mean(0).sum())) as F,
    rows,
    1e-5,
  ],
  'replayed operators': [(x) => torch.linalg.qr(x.add(torch.ones(3)).t().matmul(x))[1].abs(), rows, 1e-2],
  'writes to a tensor of its own': [(x) => x.sin().mul_(2).add_(x), rows],
  'means over the size': [(x) => x.mean(0), rows, 1e-5],
  'the gradient of a mean': [grad((x: Tensor) => x.square().mean()) as F, rows, 1e-6],
  'all elements': [(x) => x.square().sum().sqrt(), rows, 1e-4],
  'a matrix product': [(x) => x.matmul(weight.t()).tanh(), rows, 1e-5],
  int64: [(x) => x.mul(3).add(x.remainder(2)), (n) => [torch.arange(n)]],
  float64: [(x) => x.double().exp(), rows],
  views: [(x) => x.t().unsqueeze(0).select(1, 2).neg(), rows],
  'a view of the argument': [(x) => x.select(1, 1), rows],
  'vmap(jacrev)': [vmap(jacrev(small)) as F, rows, 1e-6],
  'vmap(jacfwd)': [vmap(jacfwd(small)) as F, rows, 1e-6],
  'vmap(hessian)': [vmap(hessian((x: Tensor) => small(x).sum())) as F, rows, 1e-5],
  'vmap(grad) of a layer': [vmap(grad((x: Tensor) => layer(x).sum())) as F, rows, 1e-5],
  'a jvp': [(x) => jvp(vmap(layer), [x], [x.cos()])[1], rows, 1e-5],
  'a vjp': [(x) => vjp(vmap(layer), x)[1](torch.ones([]).expandAs(vmap(layer)(x)))[0], rows, 1e-5],
};

describe('one compilation for all sizes from 2 up', () => {
  test.each(Object.keys(general))('%s', (name) => {
    const [f, args, tolerance] = general[name];
    const { calls, compiled } = compare(f, args, tolerance);
    const entries = compiled.explain();
    expect([calls, entries.flatMap(({ reasons }) => reasons.filter((reason) => /^only for/.test(reason)))]).toEqual([
      RECORDED,
      [],
    ]);
    expect(entries.some(({ signature }) => /n[,\]]/.test(signature))).toBe(true);
  });

  test('outputs of every structure', () => {
    let calls = 0;
    const f = (p: { x: Tensor; k: number }): { y: Tensor; same: Tensor; k: number } => ({
      y: p.x.sin(),
      same: p.x,
      k: p.k,
    });
    const compiled = torch.compile((p: { x: Tensor; k: number }) => (calls++, f(p)), { dynamic: true });
    for (const n of [3, 7, 2, 1000]) {
      const x = torch.randn(n);
      const got = compiled({ x, k: 2 });
      expect([got.same === x, got.k]).toEqual([true, 2]);
      expect(got.y.toArray()).toEqual(x.sin().toArray());
    }
    expect(calls).toBe(2);
    // Another number is another signature.
    expect(compiled({ x: torch.ones(5), k: 3 }).k).toBe(3);
    expect(calls).toBe(3);
  });

  test('random numbers', () => {
    const f = (x: Tensor): Tensor => x.add(torch.randLike(x));
    const compiled = torch.compile(f, { dynamic: true });
    for (const n of [3, 7, 2, 1000]) {
      torch.manualSeed(n);
      const got = compiled(torch.zeros(n)).toArray();
      torch.manualSeed(n);
      expect(got).toEqual(f(torch.zeros(n)).toArray());
    }
  });

  test('tensors from outside are read again', () => {
    const factor = torch.tensor([1, 2, 3]);
    const compiled = torch.compile((x: Tensor) => x.mul(factor), { dynamic: true });
    for (const n of [3, 7, 2, 9]) {
      factor.add_(1);
      expect(compiled(torch.ones(n, 3)).toArray()).toEqual(factor.expand(n, 3).toArray());
    }
  });

  test('many sizes', () => {
    let calls = 0;
    const compiled = torch.compile((x: Tensor) => (calls++, x.mul(x).sum(1)), { dynamic: true });
    for (let k = 0; k < 2; k++) {
      for (let n = 2; n < 60; n++) expect(compiled(torch.full([n, 2], n)).toArray()).toEqual(Array(n).fill(2 * n * n));
    }
    expect(calls).toBe(2);
  });
});

describe('functions that depend on the size in other ways are compiled for each', () => {
  const cases: Record<string, [f: F, args: (n: number) => Tensor[], reason: RegExp, tolerance?: number]> = {
    'the size as a number': [(x) => x.div(x.shape[0]), rows, /reads sizes in JavaScript/],
    'size()': [(x) => x.sum(0).div(x.size(0)), rows, /reads sizes in JavaScript/, 1e-5],
    'numel()': [(x) => x.mul(x.numel() > 100 ? 2 : 3), rows, /reads sizes in JavaScript/],
    'the number of rows': [(x) => x.unbind(0).reduce((a, b) => a.add(b), torch.zeros(3)), rows, /operators/, 1e-5],
    'all but the last row': [(x) => x.narrow(0, 0, Math.max(0, x.shape[0] - 1)), rows, /reads sizes/],
    'pairs of rows': [(x) => torch.matmul(x, x.t()).flatten(), rows, /is 9 for size 3 and 49 for size 7/, 1e-5],
    isSameSize: [(x) => (torch.isSameSize(x, torch.ones(7, 3)) ? x.mul(2) : x.mul(3)), rows, /reads sizes/],
    'the parts of a chunk': [(x) => torch.cat(x.chunk(2), 0).add(x.chunk(2)[0].sum()), rows, /size/, 1e-4],
  };
  test.each(Object.keys(cases))('%s', (name) => {
    const [f, args, reason, tolerance] = cases[name];
    const { compiled } = compare(f, args, tolerance);
    const reasons = compiled.explain().flatMap((entry) => entry.reasons);
    expect(reasons.some((text) => text.startsWith('only for this size: ') && reason.test(text))).toBe(true);
  });

  // The passes drop a slice of all rows, and 3 and 7 rows are less than 100.
  test('the first rows', () => {
    const f = (x: Tensor): Tensor => x.index(':100').sin();
    const { compiled } = compare(f, rows);
    const reasons = compiled.explain().flatMap((entry) => entry.reasons);
    expect(reasons).toContainEqual(expect.stringMatching(/^not for size 1000: .*slice/));
  });

  test.each<[string, (x: Tensor) => number, number[]]>([
    ['the number of rows', (x) => x.unbind(0).length, [2, 3, 9]],
    ['the number of parts', (x) => x.split(2).length, [3, 4, 9]],
    ['the number of parts of the same number of rows', (x) => x.split(5).length, [2, 3, 9]],
  ])('%s', (_, f, sizes) => {
    const compiled = torch.compile(f, { dynamic: true });
    for (const n of sizes) expect(compiled(torch.ones(n, 3))).toBe(f(torch.ones(n, 3)));
  });

  test('where the operators fail for a size, the call fails as without compiling', () => {
    const f = (x: Tensor): Tensor => x.narrow(0, 0, 3).sin();
    const compiled = torch.compile(f, { dynamic: true });
    for (const n of [4, 7, 3, 5]) expect(compiled(torch.ones(n)).toArray()).toEqual(f(torch.ones(n)).toArray());
    expect(() => compiled(torch.ones(2))).toThrow(/exceeds dimension size/);
  });

  test('where a size is that of a tensor from outside', () => {
    const other = torch.arange(7).float();
    const f = (x: Tensor): Tensor => x.mul(other.narrow(0, 0, 2).sum());
    const { calls } = compare(f, (n) => [torch.ones(n)]);
    expect(calls).toBe(RECORDED);
  });
});

test('without the option, each size is compiled', () => {
  const { calls } = compare((x) => x.sin(), rows, 0, { dynamic: false });
  expect(calls).toBe(new Set(SIZES).size);
});

test('with strictZeros, zeros times infinity are NaN for all sizes', () => {
  const f = vmap(jacrev((x: Tensor) => torch.stack([x.select(0, 0).sqrt(), x.select(0, 1)]))) as F;
  const compiled = torch.compile(f, { dynamic: true, strictZeros: true });
  for (const n of [3, 7, 5]) {
    const x = torch.zeros(n, 2);
    expect(compiled(x).toArray()).toEqual(f(x).toArray());
  }
});

test('the option must be a boolean', () => {
  expect(() => torch.compile((x: Tensor) => x, { dynamic: 1 as never })).toThrow(/dynamic/);
});
