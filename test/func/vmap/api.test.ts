/** Where `vmap` takes the mapped dimension from and where it puts it, in tensors and structures. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { expectError } from '../../support/errors';
import { checkVmap, expectClose, rand, randn } from '../../support/vmap';

const { vmap, ValueError, RuntimeError, IndexError } = torch;
const identity = (x: Tensor): Tensor => x;
const mul = (x: Tensor, y: Tensor): Tensor => x.mul(y);

beforeEach(() => {
  torch.manualSeed(0);
});

/** `result` is what `expected` makes of `x`, and a view of it. */
function expectView(x: Tensor, result: Tensor, expected: (x: Tensor) => Tensor): void {
  expectClose(result, expected(x));
  x.add_(1);
  expectClose(result, expected(x));
}

describe('functions', () => {
  test('of one tensor and of several', () => {
    const [x, y] = [randn(2, 3), randn(2, 3)];
    expectClose(vmap((t: Tensor) => t.mul(t))(x), x.mul(x));
    expectClose(vmap(mul)(x, y), x.mul(y));
  });

  test('with several results, in arrays of any length', () => {
    const x = randn(3);
    expectClose(vmap((t: Tensor) => [t.mul(t), t.pow(3)])(x), [x.mul(x), x.pow(3)]);
    expectClose(vmap((t: Tensor) => [t, t])(x), [x, x]);
    expectClose(vmap((t: Tensor) => [t])(x), [x]);
  });

  test('that give a constant: it is repeated', () => {
    expectClose(vmap((_: Tensor) => torch.tensor(3.14))(torch.ones(3)), torch.tensor([3.14, 3.14, 3.14]));
  });

  test('with some arguments bound', () => {
    const [x, y] = [randn(3), randn(2, 3)];
    expectClose(vmap(mul.bind(null, x))(y), x.mul(y));
  });

  test('without arguments, or without a tensor, are refused', () => {
    expectError(() => vmap(() => torch.randn(3))(), ValueError, /got no inputs/);
    expectError(() => (vmap((_: Tensor) => torch.randn(3)) as () => unknown)(), ValueError, /got no inputs/);
    expectError(
      () => vmap((_: number) => torch.randn(3), { inDims: [null] })(1),
      ValueError,
      'vmap: Expected at least one Tensor to vmap over',
    );
  });

  test('that give no tensor are refused, also as one result of several', () => {
    expectError(
      () => vmap((_: Tensor) => 3.14)(torch.ones(3)),
      ValueError,
      /must only return Tensors, got type number/,
    );
    expectError(
      () => vmap((x: Tensor) => [x, 3])(torch.ones(3)),
      ValueError,
      /must only return Tensors, got type number/,
    );
  });
});

describe('nesting', () => {
  test('over the same arguments', () => {
    const [x, y] = [randn(2, 3, 5), randn(2, 3, 5)];
    expectClose(vmap(vmap(mul))(x, y), x.mul(y));
    expectClose(vmap(vmap(vmap(mul)))(x, y), x.mul(y));
  });

  test('diagEmbed', () => {
    const x = randn(3, 3, 5);
    expectClose(vmap(vmap((t: Tensor) => torch.diagEmbed(t)))(x), torch.diagEmbed(x));
  });

  test('over different arguments', () => {
    const [x, y, z] = [randn(2, 3), randn(5, 3), randn(7, 3)];
    expectClose(vmap((a: Tensor) => vmap((b: Tensor) => a.mul(b))(y))(x), x.view([2, 1, 3]).mul(y));
    expectClose(
      vmap((a: Tensor) => vmap((b: Tensor) => vmap((c: Tensor) => a.mul(b).mul(c))(z))(y))(x),
      x
        .view([2, 1, 1, 3])
        .mul(y.view([5, 1, 3]))
        .mul(z),
    );
  });

  test('a level that does nothing repeats', () => {
    const [x, y] = [randn(3), randn(5)];
    expectClose(vmap((a: Tensor) => vmap((_: Tensor) => a)(y))(x), x.view([3, 1]).expand([3, 5]));
  });

  test('an operator of tensors that are not mapped at the inner level', () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.add(b.dot(torch.ones(2, { dtype: 'float64' })));
    checkVmap(f, [randn(7, 5), randn(3, 2)], { levels: [{ inDims: [0, null] }, { inDims: [null, 0] }] });
  });

  test('dimensions of both levels', () => {
    const [x, y] = [rand(5, 2, 3), rand(3, 5, 2)];
    const nested = vmap(vmap(vmap(mul), { inDims: [1, 0] }), { inDims: [1, 2] });
    expectClose(nested(x, y), x.permute(1, 2, 0).mul(y.permute(2, 0, 1)));
  });
});

describe('outDims', () => {
  test('a number for all results, which are views', () => {
    const at = (outDims: number, ...shape: number[]): [Tensor, Tensor] => {
      const x = randn(...shape);
      return [x, vmap(identity, { outDims })(x)];
    };
    expectView(...at(1, 2, 3), (x) => x.permute(1, 0));
    expectView(...at(2, 2, 3, 5, 7), (x) => x.permute(1, 2, 0, 3));
    expectView(...at(-1, 2, 3, 5, 7), (x) => x.permute(1, 2, 3, 0));
    const [x, y] = [randn(2, 3, 5), randn(2, 3, 5)];
    expectClose(
      vmap((a: Tensor, b: Tensor) => [a, a.mul(b), a.mul(b).mul(b)], { outDims: 1 })(x, y),
      [x, x.mul(y), x.mul(y).mul(y)].map((t) => t.permute(1, 0, 2)),
    );
  });

  test('of a tensor with as many dimensions as libtorch allows', () => {
    const ones = (count: number): number[] => new Array<number>(count).fill(1);
    expect(vmap(identity, { outDims: 2 })(randn(2, ...ones(63))).shape).toEqual([1, 1, 2, ...ones(61)]);
  });

  test('a number for each result', () => {
    const [x, y] = [randn(2, 3, 5), randn(2, 3, 5)];
    expectClose(vmap((a: Tensor) => [a, a], { outDims: [0, 1] })(x), [x, x.permute(1, 0, 2)]);
    expectClose(vmap((a: Tensor, b: Tensor) => [a, a, a, a.mul(b)], { outDims: [-1, 0, 1, 2] })(x, y), [
      x.permute(1, 2, 0),
      x,
      x.permute(1, 0, 2),
      x.mul(y).permute(1, 2, 0),
    ]);
  });

  test('of nested levels', () => {
    const y = randn(2, 3, 5, 7);
    const nested = (inner: number, outer: number): Tensor =>
      vmap((b: Tensor) => vmap(identity, { outDims: inner })(b), { outDims: outer })(y);
    expectClose(nested(1, 0), y.permute(0, 2, 1, 3));
    expectClose(nested(1, 1), y.permute(2, 0, 1, 3));
    expectClose(nested(-1, -1), y.permute(2, 3, 1, 0));
    const [a, b] = [randn(2, 3), randn(5, 3)];
    expectClose(
      vmap((t: Tensor) => vmap((s: Tensor) => s.mul(t), { outDims: 1 })(a), { outDims: -1 })(b),
      b.view([5, 1, 3]).mul(a).permute(2, 1, 0),
    );
  });

  test('an array of one for a single result', () => {
    const x = randn(2, 3);
    expectClose(vmap(identity, { outDims: [1] })(x), x.t());
  });

  test('null for results that are not mapped, which need not be tensors', () => {
    const x = randn(2, 3);
    expect(vmap((a: Tensor) => [a, 'hello'], { outDims: [0, null] })(x)[1]).toBe('hello');
    const before = x.clone();
    const increase = (result: unknown) => (a: Tensor) => (a.add_(1), result);
    expect(vmap(increase([null, 'hello']), { outDims: [null, null] })(x)).toEqual([null, 'hello']);
    expect(vmap(increase('hello'), { outDims: null })(x)).toBe('hello');
    expectClose(x, before.add(2));
    expectError(
      () => vmap(identity, { outDims: null })(x),
      ValueError,
      /can not return a BatchedTensor when outDim is null/,
    );
  });

  test('of a tensor that is not mapped: repeated, or as it is', () => {
    const x = randn(2, 3);
    expect(vmap((_: Tensor) => torch.arange(3))(x).shape).toEqual([2, 3]);
    expectClose(vmap((_: Tensor) => torch.arange(3), { outDims: null })(x), torch.arange(3));
  });

  test('a structure, or the beginning of one', () => {
    const x = randn(2, 3);
    const y = x.sin();
    const f = (t: Tensor): [Tensor, [Tensor, Tensor]] => [t.sin(), [t.sin(), t.sin()]];
    expectClose(vmap(f, { outDims: [0, [0, 1]] })(x), [y, [y, y.t()]]);
    expectClose(vmap(f, { outDims: 1 })(x), [y.t(), [y.t(), y.t()]]);
    expectClose(vmap(f, { outDims: [0, 1] })(x), [y, [y.t(), y.t()]]);
  });

  test('anything else is refused', () => {
    const x = randn(2, 3, 5);
    for (const outDims of ['lol', ['lol']] as any[]) {
      expectError(
        () => vmap(identity, { outDims })(x),
        ValueError,
        /`outDims` must be an int, null or a collection of ints/,
      );
    }
    const wrong: [(t: Tensor) => unknown, number[]][] = [
      [identity, [0, 0]],
      [(t) => [t, t, t], [0, 0, 0, 0]],
      [(t) => [t, t], [0]],
      [(t) => [t, t, t], [0, 0]],
    ];
    for (const [f, outDims] of wrong) {
      expectError(
        () => vmap(f, { outDims })(x),
        ValueError,
        /outDims is not compatible with the structure of `outputs`/,
      );
    }
    for (const outDims of [3, -4]) {
      expectError(() => vmap(identity, { outDims })(x), IndexError, /^Dimension out of range/);
    }
  });
});

describe('inDims', () => {
  test('other dimensions than the first, from the end too', () => {
    const t = randn(2, 3, 5);
    expectView(t, vmap(identity, { inDims: [1] })(t), (x) => x.permute(1, 0, 2));
    const [x, y] = [randn(2, 3), randn(3, 2)];
    expectClose(vmap(mul, { inDims: [0, 1] })(x, y), x.mul(y.t()));
    expectClose(vmap(mul, { inDims: [1, 0] })(x, y), x.t().mul(y));
    expectClose(vmap(mul, { inDims: [-1, -1] })(x, x), x.mul(x).t());
  });

  test('null for what is not mapped, tensors and other arguments', () => {
    const [x, y] = [randn(2, 3), randn(2, 3)];
    expectClose(vmap(mul, { inDims: [0, null] })(x, y), x.view([2, 1, 3]).mul(y));
    expectClose(vmap((a: Tensor, n: number) => a.mul(n), { inDims: [0, null] })(x, 2), x.mul(2));
  });

  test('together with outDims', () => {
    const x = randn(2, 3, 5);
    const double = (t: Tensor): Tensor => t.mul(2);
    expectClose(vmap(double, { inDims: 1, outDims: 1 })(x), x.mul(2));
    expectClose(vmap(double, { inDims: 2, outDims: 1 })(x), x.mul(2).transpose(1, 2));
    const nested = vmap(vmap(double, { inDims: 1, outDims: 1 }), { inDims: 1, outDims: 1 });
    expectClose(nested(x), x.mul(2));
    expectView(x, vmap(identity, { inDims: 1, outDims: 1 })(x), (t) => t);
    expectView(x, vmap(identity, { inDims: 2, outDims: 1 })(x), (t) => t.transpose(1, 2));
  });

  test('of nested arguments', () => {
    const [x, y] = [randn(2, 3), randn(2, 3)];
    const array = (z: Tensor[]): Tensor => z[0].add(z[1]);
    const object = (z: { x: Tensor; y: Tensor }): Tensor => z.x.add(z.y);
    for (const inDims of [0, [0], [[0, 0]]]) expectClose(vmap(array, { inDims })([x, y]), x.add(y));
    for (const inDims of [0, [0], [{ x: 0, y: 0 }]]) expectClose(vmap(object, { inDims })({ x, y }), x.add(y));
    const deep = vmap((z: { x: [Tensor, [Tensor]]; y: Tensor[] }) => z.x[0].add(z.x[1][0]).add(z.y[0]).add(z.y[1]));
    expectClose(deep({ x: [x, [x]], y: [y, y] }), x.mul(2).add(y.mul(2)));
  });

  test('of the wrong type are refused', () => {
    const x = randn(3);
    // Python refuses a list as well; here the array of dimensions is one.
    for (const inDims of ['lol', new Set([0]), null, { 0: 0 }] as any[]) {
      expectError(
        () => vmap(mul, { inDims })(x, x),
        ValueError,
        /expected `inDims` to be int or a \(potentially nested\) tuple/,
      );
    }
    expect(() => vmap(mul, { inDims: [0, 0] })(x, x)).not.toThrow();
  });

  test('of another structure are refused', () => {
    const x = randn(3);
    const refuse = (body: () => unknown): void =>
      expectError(body, ValueError, /inDims is not compatible with the structure of `inputs`/);
    refuse(() => vmap(mul, { inDims: [0] })(x, x));
    refuse(() => vmap(mul, { inDims: [0, 0, 0] })(x, x));
    refuse(() => vmap((z: Tensor[]) => z[0].add(z[1]), { inDims: [[0]] })([x, x]));
    refuse(() => vmap((z: { x: Tensor }) => z.x, { inDims: [{ y: 0 }] })({ x }));
  });

  test('a dimension of what is no tensor is refused', () => {
    const x = randn(2, 3);
    const sum = (t: Tensor, dim: number): Tensor => t.sum(dim);
    const refuse = (body: () => unknown): void =>
      expectError(body, ValueError, /Got inDim=0 for an input but the input is of type number/);
    refuse(() => vmap(sum)(x, 0));
    refuse(() => vmap(sum, { inDims: [0, 0] })(x, 0));
    refuse(() => vmap((z: any[]) => z[0].add(z[1]), { inDims: [[0, 0]] })([x, 1]));
    expectClose(vmap(sum, { inDims: [0, null] })(x, 0), x.sum(1));
  });

  test('a dimension that a tensor does not have is refused', () => {
    const x = randn(2, 3);
    const refuse = (body: () => unknown): void =>
      expectError(body, ValueError, /Got inDim=-?\d for some input, but that input is a Tensor of dimensionality \d/);
    refuse(() => vmap(identity)(randn()));
    refuse(() => vmap(identity, { inDims: [0] })(randn()));
    refuse(() => vmap(identity, { inDims: [-3] })(x));
    refuse(() => vmap(identity, { inDims: [2] })(x));
    refuse(() => vmap((z: Tensor[]) => z[0].add(z[1]), { inDims: [[3, 0]] })([x, x]));
  });

  test('of different sizes are refused, in structures too', () => {
    const [x, y] = [randn(2), randn(3)];
    const refuse = (body: () => unknown): void =>
      expectError(
        body,
        ValueError,
        /Expected all tensors to have the same size in the mapped dimension, got sizes \[2, 3\]/,
      );
    refuse(() => vmap(mul)(x, y));
    refuse(() => vmap((z: Tensor[]) => z[0].add(z[1]), { inDims: [[0, 0]] })([x, y]));
    refuse(() => vmap((z: { x: Tensor; y: Tensor }) => z.x.add(z.y), { inDims: [{ x: 0, y: 0 }] })({ x, y }));
  });
});

describe('structures of results', () => {
  test('nested arrays', () => {
    const x = randn(2, 3);
    const y = x.sin();
    const f = (t: Tensor): unknown => [t.sin(), [t.sin(), t.sin()], [t.sin(), [t.sin(), t.sin()]]];
    expectClose(vmap(f)(x), [y, [y, y], [y, [y, y]]]);
  });

  test('objects keep the order of their keys', () => {
    const result = vmap((t: Tensor) => ({ sin: t.sin(), cos: t.cos() }))(randn(2, 3));
    expect(Object.keys(result)).toEqual(['sin', 'cos']);
  });

  test('a class that is registered as a node is built again', () => {
    class Point {
      constructor(
        public x: Tensor,
        public y: Tensor,
      ) {}
    }
    torch.registerPytreeNode(Point, {
      flatten: (point) => ({ children: [point.x, point.y], context: null }),
      unflatten: ([x, y]) => new Point(x as Tensor, y as Tensor),
    });
    const [x, y] = [randn(2, 5), randn(2, 3)];
    const result = vmap((a: Tensor, b: Tensor) => new Point(a, b))(x, y);
    expect(result).toBeInstanceOf(Point);
    expectClose([result.x, result.y], [x, y]);
  });

  test('the named results of an operator stay named', () => {
    const t = randn(3, 2, 2);
    const smallest = vmap((x: Tensor) => x.min(0))(t);
    expectClose([smallest.values, smallest.indices], [...t.min(1)]);
    const largest = vmap((x: Tensor) => x.max(0))(t);
    expectClose([largest.values, largest.indices], [...t.max(1)]);
    const top = vmap((x: Tensor) => x.topk(1, 0))(t);
    expectClose([top.values, top.indices], [...t.topk(1, 1)]);
    const eig = vmap((x: Tensor) => torch.linalg.eig(x))(t);
    expectClose(eig.eigenvalues, torch.linalg.eig(t).eigenvalues);
  });
});

describe('what a function cannot do', () => {
  test('item() and a condition on a tensor', () => {
    expectError(() => vmap((x: Tensor) => x.item() as any)(randn(3)), RuntimeError, /item\(\) on a Tensor/);
    expectError(
      () => vmap((x: Tensor) => (x.gt(0).item() ? x : x.neg()))(randn(3)),
      RuntimeError,
      /item\(\) on a Tensor|data-dependent control flow/,
    );
  });

  test('read the data of a mapped tensor', () => {
    expectError(() => vmap((x: Tensor) => (x.data(), x))(randn(3, 3)), RuntimeError, /Cannot access data pointer|vmap/);
  });

  test('out= and operators that give no tensor', () => {
    const x = randn(2, 3);
    expectError(
      () => vmap((a: Tensor, b: Tensor) => torch.abs(a, { out: b }))(x, x),
      RuntimeError,
      "Batching rule not implemented for aten::abs.out; the fallback path doesn't work on out= or view ops.",
    );
    expectError(
      () => vmap((a: Tensor, b: Tensor) => torch.equal(a, b) as any)(x, x),
      RuntimeError,
      /^Batching rule not implemented for aten::equal/,
    );
  });

  test('torch.where with a condition alone', () => {
    const x = randn(3, 2);
    checkVmap((a: Tensor, b: Tensor) => torch.where(a.gt(0), a, b), [x, torch.ones([3, 2], { dtype: 'float64' })]);
    expectError(
      () => vmap((a: Tensor) => torch.where(a) as any)(x),
      RuntimeError,
      /Attempted to vmap over aten::where/,
    );
  });

  test('backward(), of whatever', () => {
    const x = torch.randn(3).requiresGrad_();
    const refuse = (body: () => unknown): void =>
      expectError(body, RuntimeError, /^backward\(\) called inside a functorch transform/);
    refuse(() => vmap((a: Tensor) => (a.sum().backward(), a))(x));
    refuse(() => vmap((a: Tensor, g: Tensor) => (a.backward(g), a))(x, torch.randn(3)));
    refuse(() => vmap((a: Tensor) => (x.sum().backward(), a))(torch.randn(5)));
  });

  test('autograd.grad of what has no graph below the mapped tensor', () => {
    const captured = torch.randn(3).requiresGrad_();
    const x = torch.randn(3).requiresGrad_();
    const y = x.pow(2).sum();
    expectError(
      () => vmap((a: Tensor) => torch.autograd.grad([captured.detach().mul(a).sum()], [captured])[0]!)(x.detach()),
      RuntimeError,
      /does not require grad/,
    );
    expectError(
      () => vmap((a: Tensor) => torch.autograd.grad([y], [a])[0]!)(x),
      RuntimeError,
      /require grad|not have been used/,
    );
  });
});

describe('a tensor that escaped', () => {
  test('is refused by operators of every kind, which say so', () => {
    let escaped!: Tensor;
    const f = (x: Tensor): Tensor => ((escaped = x), x.pow(2));
    vmap(f)(torch.randn(3, 3, 3, 3, 3));
    const positions = torch.zeros([4, 4, 4, 4], { dtype: 'int64' });
    const uses: (() => unknown)[] = [
      () => escaped.sin(),
      () => escaped.sin_(),
      () => escaped.mul_(1),
      () => torch.nn.functional.binaryCrossEntropy(escaped, torch.zeros(3, 3, 3, 3)),
      () => torch.nn.functional.adaptiveMaxPool2d(escaped, [1, 1]),
      () => escaped.argmin(),
      () => torch.ops.aten.adaptive_max_pool2d_backward(escaped, torch.zeros(4, 4, 4, 4), positions),
      () => torch.ops.aten._linalg_check_errors(escaped, 'linalg.inv', { isMatrix: false }),
    ];
    for (const use of uses) {
      expectError(use, RuntimeError, /your tensor may have escaped from inside a function being vmapped/);
    }
  });
});
