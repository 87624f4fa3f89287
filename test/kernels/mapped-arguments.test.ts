/** Derivatives that write at mapped positions, or into what is not mapped, under vmap. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, float64 } from '../support/derivatives';

const { grad, hessian, jacfwd, jacrev } = torch.func;
const { gaussianNllLoss, prelu } = torch.nn.functional;

const X = torch.arange(24, float64).view(3, 4, 2).mul(1.7).sin();
const V = torch.arange(12, float64).view(3, 2, 2).mul(2.3).cos();
const I = torch.tensor([[0n, 2n], [1n, 3n], [3n, -4n]]); // prettier-ignore

type Function3 = (x: Tensor, v: Tensor, i: Tensor) => Tensor;

const functions: Record<string, Function3> = {
  indexFill: (x, v, i) => x.indexFill(0, i, 2),
  'indexFill with a tensor': (x, v, i) => x.indexFill(0, i, v.index(0, 0)),
  indexCopy: (x, v, i) => x.indexCopy(0, i.remainder(4), v),
  indexAdd: (x, v, i) => x.indexAdd(0, i.remainder(4), v),
  indexPut: (x, v, i) => x.indexPut([i], v),
  scatter: (x, v, i) => x.scatter(0, i.remainder(4).unsqueeze(-1).expand(2, 2), v),
  'scatterReduce, mean': (x, v, i) => x.scatterReduce(0, i.remainder(4).unsqueeze(-1).expand(2, 2), v, 'mean'),
  put: (x, v, i) => x.put(i, v.index(0)),
};

// Where the tensor that is written to is mapped: into one that is not, vmap refuses to write.
const inPlace: Record<string, Function3> = {
  indexFill_: (x, v, i) => x.mul(2).indexFill_(0, i, 2),
  indexPut_: (x, v, i) => x.mul(2).indexPut_([i], v),
  'a view that is written to': (x, v) => {
    const y = x.mul(2);
    y.narrow(0, 1, 2).mul_(v);
    return y;
  },
};

const derivatives: Record<string, (f: Function3) => (...args: Tensor[]) => unknown> = {
  jacrev: (f) => jacrev(f, { argnums: [0, 1] }) as (...args: Tensor[]) => unknown,
  jacfwd: (f) => jacfwd(f, { argnums: [0, 1] }) as (...args: Tensor[]) => unknown,
  hessian: (f) =>
    hessian((x: Tensor, v: Tensor, i: Tensor) => f(x, v, i).sin().sum()) as (...args: Tensor[]) => unknown,
};

function expectLoop(derivative: (...args: Tensor[]) => unknown, inDims: (0 | null)[]): void {
  const args = [X, V, I].map((tensor, k) => (inDims[k] === null ? tensor.index(0) : tensor));
  const of = (sample: number): Tensor[] =>
    [derivative(...args.map((tensor, k) => (inDims[k] === null ? tensor : tensor.index(sample))))].flat() as Tensor[];
  const samples = [0, 1, 2].map(of);
  const got = [torch.vmap(derivative as (...args: Tensor[]) => Tensor, { inDims })(...args)].flat();
  got.forEach((tensor, k) => {
    expectClose(`result ${k}, inDims ${JSON.stringify(inDims)}`, tensor, torch.stack(samples.map((s) => s[k])), 1e-12);
  });
}

describe.each(Object.keys(derivatives))('%s', (name) => {
  test.each(Object.keys(functions))('%s', (operator) => {
    const derivative = derivatives[name](functions[operator]);
    for (const inDims of [[0, 0, 0], [0, null, 0], [null, 0, 0], [null, null, 0], [0, 0, null]] as (0 | null)[][]) expectLoop(derivative, inDims); // prettier-ignore
  });

  test.each(Object.keys(inPlace))('%s', (operator) => {
    expectLoop(derivatives[name](inPlace[operator]), [0, 0, 0]);
  });
});

test('indexFill of a 0-d tensor with mapped values', () => {
  const [x, i, v] = [torch.tensor(5), torch.tensor([0n]), torch.tensor([1, 2, 3])];
  const f = (value: Tensor): Tensor => x.indexFill(0, i, value);
  expect(torch.vmap(f)(v).toArray()).toEqual([1, 2, 3]);
});

test('indexFill of one tensor at mapped positions', () => {
  const x = X.index(0);
  const f = (i: Tensor): Tensor => x.indexFill(0, i, 7);
  expectClose('vmap', torch.vmap(f)(I), torch.stack(I.unbind().map(f)), 0);
  expect(() => torch.vmap(f)(I.add(4))).toThrow(/out of bounds/);
});

test('prelu with one weight for all channels', () => {
  const weight = torch.tensor([0.3], float64);
  const f = (x: Tensor): Tensor => prelu(x, weight).sin();
  // The derivative is 1 of what is positive, else the weight.
  const right = torch.vmap((x: Tensor) =>
    torch.where(x.gt(0), torch.ones([], float64), weight).mul(prelu(x, weight).cos()),
  )(X);
  expectClose('grad', torch.vmap(grad((x: Tensor) => f(x).sum()))(X) as Tensor, right, 1e-14);
  const ofWeight = (x: Tensor, w: Tensor): Tensor => prelu(x, w).square().sum();
  const loop = torch.stack(X.unbind().map((x) => grad(ofWeight, { argnums: 1 })(x, weight) as Tensor));
  expectClose(
    'weight',
    torch.vmap(grad(ofWeight, { argnums: 1 }), { inDims: [0, null] })(X, weight) as Tensor,
    loop,
    1e-14,
  );
  const perChannel = torch.tensor([0.3, -0.2], float64);
  const jacobian = jacrev((x: Tensor, w: Tensor) => prelu(x, w), { argnums: [0, 1] }) as (
    x: Tensor,
    w: Tensor,
  ) => Tensor[];
  const got = torch.vmap(jacobian, { inDims: [0, null] })(X, perChannel) as unknown as Tensor[];
  got.forEach((tensor, k) => {
    expectClose(`result ${k}`, tensor, torch.stack(X.unbind().map((x) => jacobian(x, perChannel)[k])), 1e-14);
  });
});

test('gaussianNllLoss with a mapped variance', () => {
  const f = (x: Tensor): Tensor => gaussianNllLoss(x, x.sin(), x.square().add(1));
  for (const g of [f, grad(f), hessian(f)] as ((x: Tensor) => Tensor)[]) {
    expectClose('vmap', torch.vmap(g)(X), torch.stack(X.unbind().map(g)), 1e-12);
  }
  const variance = torch.tensor([1, 2, -1], float64);
  expect(() => torch.vmap((v: Tensor) => gaussianNllLoss(X.index(0, 0), X.index(0, 1), v.expand(2)))(variance)).toThrow(
    'var has negative entry/entries',
  );
});

test('the gradient of selectScatter under vmap', () => {
  for (const [shape, dim] of [
    [[3, 5], 0],
    [[3, 5, 2], 0],
    [[3, 5, 2], -1],
  ] as [number[], number][]) {
    // prettier-ignore
    const x = torch.ones(shape, float64);
    const src = x.select(dim < 0 ? -1 : dim + 1, 0).mul(2);
    const f = (a: Tensor, b: Tensor): Tensor => torch.vmap((y: Tensor, s: Tensor) => torch.selectScatter(y, s, dim, -2))(a, b); // prettier-ignore
    const [value, pull] = torch.func.vjp(f, x, src) as [Tensor, (v: Tensor) => [Tensor, Tensor]];
    const right = x.clone();
    right.select(dim < 0 ? -1 : dim + 1, -2).copy_(src);
    expectClose('value', value, right, 0);
    expectClose('gradient of src', pull(torch.onesLike(x))[1], torch.onesLike(src), 0);
  }
  expect(() => torch.vmap((y: Tensor) => torch.selectScatter(y, torch.ones([3]), 0, 0))(torch.ones([2, 4, 2]))).toThrow(
    'expected src to have a size equal to self.select(...)',
  );
});

test('linspace and logspace of integers under vmap', () => {
  const start = torch.tensor([-2n, 0n, 7n, -9n]);
  const end = torch.tensor([-1n, 3n, -3n, 4n]);
  for (const dtype of ['int64', 'float64', 'float32', 'complex128'] as const) {
    for (const steps of [0, 1, 2, 5, 8]) {
      const ranges: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
        linspace: (a, b) => torch.linspace(a, b, steps, { dtype }),
        logspace: (a, b) => torch.logspace(a, b, steps, 2, { dtype }),
      };
      for (const [name, range] of Object.entries(ranges)) {
        const right = torch.stack(start.unbind().map((a, k) => range(a, end.index(k))));
        expectClose(`${name}, ${dtype}`, torch.vmap(range)(start, end), right, dtype === 'float32' ? 1e-6 : 1e-14);
        const fixed = torch.stack(start.unbind().map((a) => range(a, end.index(1))));
        expectClose(name, torch.vmap((a: Tensor) => range(a, end.index(1)))(start), fixed, dtype === 'float32' ? 1e-6 : 1e-14); // prettier-ignore
      }
    }
  }
});

describe('tensorSplit at positions in a tensor', () => {
  const x = torch.arange(12, float64).view(4, 3);
  const positions = torch.tensor([1n, 3n]);
  const f = (y: Tensor): Tensor => {
    const [first, second, third] = torch.tensorSplit(y.mul(y), positions);
    return first.sum().add(second.mul(2).sum()).add(third.mul(3).sum());
  };
  const right = x.mul(2).mul(torch.tensor([[1], [2], [2], [3]], float64)); // prettier-ignore

  test('is differentiated', () => {
    expectDerivatives(f, x, { first: right });
    const strided = torch.tensor([1n, 0n, 3n, 0n]).index('::2');
    expectClose(
      'strided',
      torch.func.jvp((y: Tensor) => torch.tensorSplit(y, strided)[1], [x], [x])[1],
      x.narrow(0, 1, 2),
      0,
    );
    const sections = (y: Tensor): Tensor => torch.tensorSplit(y, torch.tensor(2n))[1];
    expectClose('sections', torch.func.jvp(sections, [x], [x])[1], x.narrow(0, 2, 2), 0);
  });

  test('is mapped, but not over the positions', () => {
    const both = torch.stack([x, x.neg()]);
    expectClose('vmap', torch.vmap(f)(both), torch.stack([f(x), f(x.neg())]), 0);
    const split = (p: Tensor): Tensor => torch.tensorSplit(x, p)[0];
    expect(() => torch.vmap(split)(torch.stack([positions, positions]))).toThrow(
      'vmap: tensor_split() cannot be mapped over tensor_indices_or_sections',
    );
  });
});

test('forward mode of the backward of dropout', () => {
  const g = torch.arange(6, float64);
  const mask = torch.tensor([true, false, true, true, false, true]);
  const f = (y: Tensor): Tensor => torch.ops.aten.native_dropout_backward.default(y.mul(y), mask, 2) as Tensor;
  expectDerivatives(f, g, { first: g.mul(mask).mul(4).diag() });
});

test('columnStack under vmap', () => {
  const got = torch.vmap((y: Tensor) => torch.columnStack([y.select(1, 0), y, y.select(1, 1)]))(X);
  expectClose('columnStack', got, torch.cat([X.narrow(2, 0, 1), X, X.narrow(2, 1, 1)], 2), 0);
});

test('batchNorm with its own update under vmap', () => {
  const { ops } = torch;
  const norm = (y: Tensor, mean: Tensor, variance: Tensor): readonly Tensor[] =>
    ops.aten._batch_norm_with_update(y, null, null, mean, variance, 0.1, 1e-5) as readonly Tensor[];
  const running = (): [Tensor, Tensor] => [torch.zeros([3, 2], float64), torch.ones([3, 2], float64)];
  const [mean, variance] = running();
  const got = torch.vmap((y: Tensor, m: Tensor, v: Tensor) => norm(y, m, v)[0])(X, mean, variance);
  const [means, variances] = running();
  const right = X.unbind().map((y, k) => norm(y, means.select(0, k), variances.select(0, k))[0]);
  expectClose('result', got, torch.stack(right), 1e-12);
  expectClose('running mean', mean, means, 1e-12);
  expectClose('running variance', variance, variances, 1e-12);
});
