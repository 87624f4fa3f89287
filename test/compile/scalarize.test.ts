/** Scalarized programs against eager execution of the same function. */

import * as torch from '../../lib';
import { type ScalarizeTest, native } from '../../lib/native';

const { vmap, grad, jacrev, jacfwd, hessian, jvp, vjp } = torch.func;
type Tensor = torch.Tensor;
type Inputs = Tensor[];

beforeEach(() => torch.manualSeed(5));

/** Asserts that the results have the values, dtypes and strides of eager execution. */
function expectSame(actual: Tensor, expected: Tensor, tolerance: number): void {
  expect(actual.dtype).toBe(expected.dtype);
  expect(actual.shape).toEqual(expected.shape);
  // The strides of dimensions of size 1 have no meaning.
  const strides = (tensor: Tensor): number[] => tensor.stride().map((s, d) => (tensor.shape[d] === 1 ? 0 : s));
  if (expected.numel() > 0) expect(strides(actual)).toEqual(strides(expected));
  if (tolerance === 0) {
    expect(torch.equal(actual, expected)).toBe(true);
  } else {
    const scale = expected.numel() === 0 ? 1 : Math.max(1, expected.abs().max().item() as number);
    expect(torch.allclose(actual, expected, { rtol: tolerance, atol: tolerance * scale })).toBe(true);
  }
}

/** Scalarizes `f(...inputs)` and compares it with `f` on the same inputs and on others. */
function scalarized(
  f: (...inputs: Inputs) => Tensor | Tensor[],
  inputs: Inputs,
  tolerance = 0,
  other: Inputs = inputs.map((input) => (input.isFloatingPoint() ? torch.randnLike(input) : input)),
): ScalarizeTest {
  const call = (given: Inputs): Tensor[] => [f(...given)].flat();
  const test = native.testScalarize(call, inputs, [inputs, other], 0, true);
  expect(test.reason).toBe('');
  for (const [i, given] of [inputs, other].entries()) {
    for (const [k, expected] of call(given).entries()) expectSame(test.runs[i][k], expected, tolerance);
  }
  return test;
}

const sum = (x: Tensor): Tensor => x.sin().mul(x).sum();

/** R² → R³. */
function small(x: Tensor): Tensor {
  const [a, b] = [x.select(0, 0), x.select(0, 1)];
  return torch.stack([a.mul(b), a.add(b.pow(2)).sin(), a.pow(2).sub(b.mul(3))]);
}

/** Steps of the Runge-Kutta method for a damped pendulum. */
function pendulum(steps: number): (s: Tensor) => Tensor {
  const slope = (s: Tensor): Tensor => {
    const [angle, speed] = [s.select(-1, 0), s.select(-1, 1)];
    return torch.stack([speed, angle.sin().mul(-9.81).sub(speed.mul(0.1))], -1);
  };
  return (s) => {
    for (let i = 0; i < steps; i++) {
      const k1 = slope(s);
      const k2 = slope(s.add(k1.mul(0.005)));
      const k3 = slope(s.add(k2.mul(0.005)));
      const k4 = slope(s.add(k3.mul(0.01)));
      s = s.add(
        k1
          .add(k2.mul(2))
          .add(k3.mul(2))
          .add(k4)
          .mul(0.01 / 6),
      );
    }
    return s;
  };
}

/** The pose of a UR5 arm. */
function arm(): (q: Tensor) => Tensor {
  const joints = [0, 1, 2, 3, 4, 5];
  const a = [0, -0.425, -0.39225, 0, 0, 0];
  const d = [0.089159, 0, 0, 0.10915, 0.09465, 0.0823];
  const ca = [0, 1, 1, 0, 0, 1];
  const sa = [1, 0, 0, 1, -1, 0];
  const parts = (rows: (i: number) => number[][]): Tensor => torch.tensor(joints.map(rows), { dtype: 'float64' });
  const cosines = parts((i) => [
    [1, 0, 0, a[i]],
    [0, ca[i], -sa[i], 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
  const sines = parts((i) => [
    [0, -ca[i], sa[i], 0],
    [1, 0, 0, a[i]],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
  const fixed = parts((i) => [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
    [0, sa[i], ca[i], d[i]],
    [0, 0, 0, 1],
  ]);
  return (q) => {
    const all = q
      .cos()
      .reshape([6, 1, 1])
      .mul(cosines)
      .add(q.sin().reshape([6, 1, 1]).mul(sines))
      .add(fixed);
    return all
      .unbind(0)
      .reduce((chain, next) => chain.matmul(next))
      .narrow(0, 0, 3);
  };
}

describe('batches', () => {
  it.each([7, 513, 1000])('is the Jacobian of each of %d samples', (n) => {
    const { lanes } = scalarized(vmap(jacrev(small)), [torch.randn([n, 2])]);
    expect(lanes).toBe(n);
  });

  it('computes only what is not constant', () => {
    const { uniformInstructions, instructions, isForAnyLanes } = scalarized(vmap(jacrev(small)), [
      torch.randn([100, 2]),
    ]);
    expect(uniformInstructions).toBe(0);
    // Loads, stores and eight operations.
    expect(instructions).toBeLessThan(14);
    expect(isForAnyLanes).toBe(true);
  });

  it('takes one sample', () => {
    scalarized(vmap(jacrev(small)), [torch.randn([1, 2])]);
  });

  it('takes batches in other dimensions', () => {
    const f = vmap(jacrev(small), { inDims: 1, outDims: 2 });
    expect(scalarized(f, [torch.randn([2, 65])]).lanes).toBe(65);
    const g = vmap(jacfwd(small), { inDims: 1, outDims: 1 });
    expect(scalarized(g, [torch.randn([65, 2]).t()]).lanes).toBe(65);
    expect(scalarized((x) => f(x).contiguous(), [torch.randn([2, 65])]).isForAnyLanes).toBe(false);
  });

  it('reads strided tensors', () => {
    const strided = (n: number): Tensor => torch.randn([n, 5]).asStrided([n, 2], [5, 3], 1);
    scalarized(vmap(jacrev(small)), [strided(600)], 0, [strided(600)]);
    const padded = (n: number): Tensor =>
      torch
        .randn([2, n + 9])
        .narrow(1, 4, n)
        .t();
    scalarized(vmap(jacrev(small)), [padded(600)], 0, [padded(600)]);
  });

  it('takes several arguments, some without a batch', () => {
    const f = (x: Tensor, w: Tensor, s: Tensor): Tensor => small(x.mul(w)).mul(s);
    const inputs = [torch.randn([33, 2]), torch.randn([2]), torch.randn([33])];
    scalarized(vmap(jacrev(f, { argnums: 1 }), { inDims: [0, null, 0] }), inputs);
    scalarized(
      vmap(
        grad((...all: Inputs) => f(...(all as [Tensor, Tensor, Tensor])).sum()),
        { inDims: [0, null, 0] },
      ),
      inputs,
      2e-6,
    );
  });

  it('takes weights that have as many rows as there are samples', () => {
    const f = vmap((w: Tensor, x: Tensor) => w.matmul(x).tanh(), { inDims: [null, 0] });
    const { lanes } = scalarized(f, [torch.randn([8, 8]), torch.randn([8, 8])], 2e-6);
    expect(lanes).toBe(8);
  });
});

describe('ordinary differential equations', () => {
  it('integrates forward and backward', () => {
    scalarized(vmap(jacrev(pendulum(3))), [torch.randn([700, 2])]);
    scalarized(vmap(jacfwd(pendulum(3))), [torch.randn([700, 2])], 2e-6);
    scalarized(vmap(jacfwd(pendulum(2))), [torch.randn([700, 2], { dtype: 'float64' })], 1e-12);
  });
});

describe('a robot arm', () => {
  it('multiplies small matrices', () => {
    const pose = arm();
    const q = torch.randn([530, 6], { dtype: 'float64' });
    expect(scalarized(vmap(pose), [q], 1e-12).lanes).toBe(530);
    scalarized(vmap(jacfwd(pose)), [q], 1e-12);
    scalarized(vmap(jacrev(pose)), [q], 1e-12);
  });
});

describe('functions without a batch', () => {
  it('unrolls everything, or takes the elements for samples', () => {
    scalarized(grad(sum), [torch.randn([3])]);
    scalarized(hessian(sum), [torch.randn([16])]);
    scalarized((x, v) => jvp(grad(sum), [x], [v])[1] as Tensor, [torch.randn([16]), torch.randn([16])]);
    const third = grad((a: Tensor) => grad((b: Tensor) => grad((c: Tensor) => c.sin())(b))(a));
    scalarized(third, [torch.tensor(0.5)]);
  });

  // Eager execution computes the last 14 of 30 powers with scalar code, whose last bit may be another one.
  it('has the bits of eager execution in both halves of a joined tensor', () => {
    const joined = (x: Tensor): Tensor => {
      const both = torch.cat([x.abs(), x.abs().reciprocal()]);
      return both.pow(both);
    };
    const inputs = Array.from({ length: 60 }, () => torch.randn([5, 3], { dtype: 'float64' }));
    const { runs, reason } = native.testScalarize(
      ([x]) => [joined(x)],
      [inputs[0]],
      inputs.map((x) => [x]),
      0,
      true,
    );
    expect(reason).toBe('');
    for (const [i, x] of inputs.entries()) expectSame(runs[i][0], joined(x), 0);
  });

  it('takes layers', () => {
    const layer = (w: Tensor, b: Tensor, x: Tensor): Tensor => torch.nn.functional.linear(x, w, b).tanh();
    const inputs = [torch.randn([5, 4]), torch.randn([5]), torch.randn([4])];
    scalarized(jacrev(layer, { argnums: 2 }), inputs, 2e-6);
    scalarized(jacfwd(layer, { argnums: 2 }), inputs, 2e-6);
    scalarized(
      (...all) => vjp(layer, ...(all as [Tensor, Tensor, Tensor]))[1](torch.ones(5)) as Tensor[],
      inputs,
      2e-6,
    );
  });
});

test('the variance of equal numbers is exactly 0', () => {
  // Three times 0.1 is not 0.3 in float32, so that a mean of the sum would differ from the numbers.
  const equal = torch.full([4, 3], 0.1);
  const { runs } = scalarized(
    vmap((t: Tensor) => [t.var(), t.std(0).reciprocal()]),
    [torch.randn([4, 3])],
    2e-6,
    [equal],
  );
  expect(runs[1].map((result) => result.tolist())).toEqual([Array(4).fill(0), Array(4).fill(Infinity)]);
});

describe('operators', () => {
  const x = (): Tensor => torch.randn([37, 3, 4]);
  // In vmap, so that a dimension for the lanes is left.
  it.each<[string, (x: Tensor) => Tensor | Tensor[], number?]>([
    ['sums', (t) => [t.sum(), t.sum(0), t.sum([0, 1], { keepdim: true }), t.mean(1), t.mean()], 2e-6],
    ['products and extrema', (t) => [t.prod(), t.prod(1), t.amax(0), t.amin([0, 1])], 2e-6],
    ['variances', (t) => [t.var(), t.std(1), t.var(0, { correction: 0 })], 1e-5],
    ['norms', (t) => [t.norm(), torch.linalg.vectorNorm(t, 1, 1), torch.linalg.vectorNorm(t, Infinity, 0)], 2e-6],
    ['running sums', (t) => [t.cumsum(0), t.cumsum(1), t.cumprod(1)], 2e-6],
    ['softmax', (t) => [t.softmax(1), t.logSoftmax(0), t.softmax(0)], 2e-6],
    ['products of matrices', (t) => [t.matmul(t.t()), t.t().matmul(t), t.matmul(t.select(0, 0))], 2e-6],
    ['cross products', (t) => torch.linalg.cross(t.t(), t.t().mul(2).add(1)), 2e-6],
    ['stacks', (t) => [torch.stack([t, t.mul(2)], 1), torch.cat([t, t.neg()], 0), torch.cat([t, t], 1)]],
    ['flips and rolls', (t) => [t.flip([0]), t.flip([0, 1]), t.roll(1, 0), t.roll([1, -2], [0, 1])]],
    ['triangles', (t) => [t.tril(), t.triu(1), t.tril(-1)]],
    ['padding', (t) => torch.nn.functional.pad(t, [1, 2, 0, 1], { value: 3 })],
    ['negative padding', (t) => torch.nn.functional.pad(t, [-1, 2])],
    ['repetition', (t) => [t.repeat([2, 1]), t.repeat([2, 1, 3]), t.expand([2, 3, 4]).contiguous()]],
    ['diagonals', (t) => [t.diagonal(), torch.diagEmbed(t), t.diagonal(1)]],
    ['selections', (t) => [t.select(1, 2), t.select(0, 1).mul(2)]],
    ['comparisons', (t) => [t.gt(0), torch.where(t.gt(0), t, t.exp()), t.lt(t.neg()).logicalNot()]],
    ['conversions', (t) => [t.double(), t.double().sin().float(), t.gt(0).to('float64')]],
    ['reshaping', (t) => [t.t().reshape([12]).mul(2), t.reshape([2, 6]), t.t().contiguous()]],
    ['constants', (t) => [t.add(torch.eye(3, 4)), t.mul(torch.tensor([1, 2, 3, 4])), torch.zerosLike(t)]],
  ])('%s', (_, f, tolerance = 0) => {
    const test = scalarized((t) => vmap(f as (t: Tensor) => Tensor)(t), [x()], tolerance);
    expect(test.lanes).toBe(37);
    scalarized((t) => vmap(f as (t: Tensor) => Tensor)(t.double()), [x()], tolerance === 0 ? 0 : 1e-12);
    scalarized(f, [torch.randn([3, 4])], tolerance);
  });

  it('gives derivatives of views', () => {
    const f = (t: Tensor): Tensor => {
      const parts = [t.select(0, 1).pow(2), t.narrow(1, 0, 2).sum(1), t.diagonal().sin(), t.narrow(0, 1, 2).flatten()];
      return torch.cat(parts);
    };
    scalarized(vmap(jacrev(f)), [x()], 2e-6);
    scalarized(vmap(jacfwd(f)), [x()], 2e-6);
  });

  it('writes in place', () => {
    const f = (t: Tensor): Tensor => {
      const copy = t.clone();
      copy.select(0, 0).mul_(2);
      copy.diagonal().add_(t.diagonal());
      return copy.t();
    };
    scalarized((t) => vmap(f)(t), [x()]);
  });
});

describe('what is the same for all samples', () => {
  it('is computed once', () => {
    const f = (t: Tensor, w: Tensor): Tensor[] => [t.mul(w.exp().sum()), w.sin()];
    const { lanes, uniformInstructions } = scalarized(f, [torch.randn([300, 2]), torch.randn([3])], 2e-6);
    expect(lanes).toBe(300);
    expect(uniformInstructions).toBeGreaterThan(4);
  });
});

describe('refusals', () => {
  const reason = (f: (t: Tensor) => Tensor, t: Tensor): string =>
    native.testScalarize((inputs) => [f(inputs[0])], [t], [], 0, true).reason;

  it('names what has no rule', () => {
    expect(reason((t) => torch.linalg.inv(t), torch.randn([3, 3]))).toMatch('no rule for aten::linalg_inv_ex');
    expect(reason((t) => t.sort()[0], torch.randn([3]))).toMatch('no rule for aten::sort');
  });

  it('names what is too long', () => {
    expect(reason((t) => t.matmul(t), torch.randn([100, 100]))).toMatch('too ');
  });
});
