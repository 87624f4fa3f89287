/** Arguments and tensors from outside that share memory, in the recorded call and in others. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';

const { grad, vmap, jvp } = torch.func;
const tensor = (...values: number[]): Tensor => torch.tensor(values);

type Call = () => Tensor[];

/** Compares results and arguments of each call of a compiled function with eager execution; calls make their arguments. */
function check(make: () => (...args: Tensor[]) => unknown, calls: readonly Call[], options = {}): void {
  const eager = make();
  const compiled = torch.compile(make(), { fullgraph: true, ...options });
  for (const call of calls) {
    const [expected, actual] = [call(), call()];
    expectSame([compiled(...actual), actual], [eager(...expected), expected]);
  }
}

const twice = (): Tensor[] => {
  const x = tensor(1, 2);
  return [x, x];
};
const separate = (): Tensor[] => [tensor(10, 20), tensor(3, 5)];
const rows = (): Tensor[] => [...torch.arange(0, 12, { dtype: 'float32' }).reshape([2, 2, 3]).unbind(0)];
const matrices = (): Tensor[] => [torch.full([2, 3], 5), torch.full([2, 3], 7)];

describe('one tensor as two arguments', () => {
  test.each<[string, (x: Tensor, y: Tensor) => unknown]>([
    ['sum', (x, y) => x.add(y)],
    ['difference', (x, y) => x.sub(y)],
    ['dot product', (x, y) => x.dot(y)],
    ['vmap', vmap((x: Tensor, y: Tensor) => x.sub(y.mul(2)))],
    ['jvp', (x, v) => jvp((y: Tensor) => y.square(), [x], [v])[1]],
    ['the second one returned', (x, y) => [y, x.mul(2)]],
    ['a view of the second one', (x, y) => y.narrow(0, 1, 1)],
    [
      'a write',
      (x, y) => {
        x.add_(1);
        return y.mul(2);
      },
    ],
    [
      'a write to a view',
      (x, y) => {
        y.narrow(0, 0, 1).mul_(3);
        return x.sum();
      },
    ],
  ])('%s', (_, f) => {
    for (const options of [{}, { dynamic: true }, { backend: 'aot_eager' }]) {
      check(() => f, [twice, twice, separate, separate, twice], options);
      check(() => f, [separate, separate, twice, separate], options);
    }
  });

  test('the returned argument is the object that was passed', () => {
    const second = torch.compile((_: Tensor, y: Tensor) => y, { fullgraph: true });
    const [x, y] = [tensor(1), tensor(2)];
    expect(second(x, x)).toBe(x);
    expect(second(x, y)).toBe(y);
    const inTree = torch.compile((p: { a: Tensor; b: Tensor[] }) => p.b[0], { fullgraph: true });
    for (let i = 0; i < 2; i++) expect(inTree({ a: x, b: [x] })).toBe(x);
    expect(inTree({ a: x, b: [y] })).toBe(y);
  });

  test('graphs of makeFx', () => {
    const [x] = twice();
    const graph = torch.fx.makeFx((a: Tensor, b: Tensor) => a.sub(b.mul(2)))(x, x);
    const [a, b] = separate();
    expectSame(graph(a, b), a.sub(b.mul(2)));
  });
});

describe('arguments that are views of one tensor', () => {
  test.each<[string, (x: Tensor, y: Tensor) => unknown]>([
    ['a view of the second one', (_, y) => y.select(0, 0)],
    ['its transpose', (_, y) => y.t()],
    ['rows of both', (x, y) => y.select(0, 1).mul(2).add(x.select(0, 0))],
    ['distance', (x, y) => x.select(0, 0).sub(y.select(0, 0)).square().sum()],
    [
      'a write to a row',
      (x, y) => {
        x.select(0, 0).add_(1);
        return y.mul(2);
      },
    ],
  ])('%s', (_, f) => {
    check(() => f, [rows, rows, matrices, matrices, rows]);
  });
});

describe('arguments with several elements in one place', () => {
  const expanded = (): Tensor[] => [torch.ones(1, 3).expand(2, 3)];
  const overlapping = (): Tensor[] => [torch.arange(4, { dtype: 'float32' }).asStrided([3, 2], [1, 1])];

  test.each<[string, (x: Tensor) => unknown, Call]>([
    ['a write to a row', (x) => (x.select(0, 0).add_(1), x.mul(2)), expanded],
    ['a write to a part of a row', (x) => (x.select(0, 1).narrow(0, 1, 2).mul_(5), x.sum(0)), expanded],
    ['a copy into a row', (x) => x.select(0, 0).copy_(x.select(0, 1).mul(3)), expanded],
    ['rows that overlap', (x) => (x.select(0, 0).add_(1), x.mul(2)), overlapping],
    [
      'a row of an expanded result',
      (x) => {
        const y = x.mul(2).narrow(0, 0, 1).expand(4, 3);
        y.select(0, 2).add_(1);
        return y.mul(1);
      },
      expanded,
    ],
  ])('%s', (_, f, call) => {
    check(() => f, [call, call, call]);
    check(() => f, [call, call], { backend: 'aot_eager' });
  });

  test('a write to all of them is refused in every call', () => {
    const compiled = torch.compile((x: Tensor) => x.add_(1));
    for (let i = 0; i < 2; i++) expect(() => compiled(...(expanded() as [Tensor]))).toThrow('single memory location');
  });

  test('a tensor from outside', () => {
    const rows = torch.zeros(1, 3).expand(2, 3);
    const compiled = torch.compile((x: Tensor) => (rows.select(0, 0).copy_(x), rows.mul(2)), { fullgraph: true });
    for (const n of [1, 2, 3]) {
      expectSame(compiled(torch.ones(3).mul(n)), torch.ones(2, 3).mul(2 * n));
    }
  });
});

describe('an argument that the function also knows from outside', () => {
  test('the gradient of a penalty around the first argument', () => {
    const start = tensor(1, 2);
    const penalty = grad((p: Tensor) => p.sub(start).square().sum());
    const compiled = torch.compile(penalty, { fullgraph: true });
    for (const p of [start, tensor(5, 5), start, tensor(0, 1)]) expectSame(compiled(p), penalty(p));
  });

  test('a result that is the next argument', () => {
    const w = torch.ones(2);
    const compiled = torch.compile((x: Tensor) => x.add(w), { fullgraph: true });
    let x = w;
    for (let i = 0; i < 3; i++) x = compiled(x);
    expectSame(x, tensor(4, 4));
  });

  test('views of one tensor inside and outside', () => {
    const data = torch.arange(0, 16, { dtype: 'float32' }).reshape([8, 2]);
    const f = (b: Tensor): Tensor => b.sub(data.narrow(0, 4, 4)).sum();
    const compiled = torch.compile(f, { fullgraph: true });
    for (const b of [data.narrow(0, 0, 4), torch.full([4, 2], 7.5)]) expectSame(compiled(b), f(b));
  });

  test.each<[string, (w: Tensor) => (x: Tensor) => Tensor]>([
    ['is written to from outside', (w) => (x) => (w.add_(1), x.mul(2))],
    ['is written to as the argument', (w) => (x) => (x.add_(1), w.mul(2))],
    ['is written to from both', (w) => (x) => (w.copy_(x.add(w)), x.sub(w))],
  ])('what %s', (_, make) => {
    for (const order of [
      [0, 1, 0, 1],
      [1, 1, 0, 0],
    ]) {
      const [w, v] = [torch.ones(2), torch.ones(2)];
      const [compiled, eager] = [torch.compile(make(w)), make(v)];
      for (const isShared of order) {
        const given = tensor(3, 4);
        expectSame(compiled(isShared ? w : given.clone()), eager(isShared ? v : given.clone()));
        expectSame(w, v);
      }
    }
  });

  test('a view that is written to through its base', () => {
    const base = torch.ones(4);
    const compiled = torch.compile((x: Tensor) => (x.add_(1), base.narrow(0, 0, 2).mul(2)));
    compiled(torch.ones(4));
    expectSame(compiled(base), tensor(4, 4));
  });
});

test('a function that writes to a tensor from outside and reads it runs in the first call alone', () => {
  const w = torch.zeros(2);
  let runs = 0;
  const compiled = torch.compile((x: Tensor) => {
    runs++;
    w.add_(x);
    return w.mul(2);
  });
  for (let i = 1; i <= 3; i++) expectSame(compiled(tensor(3, 4)), tensor(6 * i, 8 * i));
  expect(runs).toBe(1);
});

test('an operator that changes the shape of an argument changes the argument', () => {
  const compiled = torch.compile((x: Tensor) => x.t_().mul(2));
  jest.spyOn(process, 'emitWarning').mockImplementation();
  for (let i = 0; i < 2; i++) {
    const x = torch.ones(2, 3);
    expect(compiled(x).shape).toEqual([3, 2]);
    expect(x.shape).toEqual([3, 2]);
  }
  jest.restoreAllMocks();
});

test('a tensor from outside that requires a gradient from now on', () => {
  const w = torch.ones(2);
  const compiled = torch.compile((x: Tensor) => x.mul(w).sum(), { fullgraph: true });
  for (let i = 0; i < 2; i++) compiled(tensor(3, 4));
  w.requiresGrad_();
  compiled(tensor(3, 4)).backward();
  expectSame(w.grad!, tensor(3, 4));
});
