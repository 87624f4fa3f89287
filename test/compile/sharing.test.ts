/** Compiled functions that other threads run, on one thread; test/sharing.process.test.ts has the threads. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const received = <F extends torch.Compiled & ((...args: never[]) => unknown)>(f: F): F =>
  torch.fromShared(structuredClone(torch.share(f))) as F;

describe('a shared compiled function', () => {
  test('computes what the function computed, without calling it', () => {
    let calls = 0;
    const f = torch.compile((x: Tensor) => {
      calls += 1;
      return torch.func.jacrev((t: Tensor) => t.sin().mul(t.sum()))(x);
    });
    const x = torch.tensor([0.5, -1, 2], { dtype: 'float64' });
    f(x);
    const g = received(f);
    const y = torch.tensor([1, 2, 3], { dtype: 'float64' });
    // d(sin(t_i) * sum(t)) / dt_j = cos(t_i) sum(t) delta_ij + sin(t_i)
    const expected = y.cos().mul(y.sum()).diag().add(y.sin().unsqueeze(1));
    expect(torch.allclose(g(y), expected)).toBe(true);
    expect([g.name, calls]).toEqual([f.name, 1]);
  });

  test('has the structure of arguments and results', () => {
    const f = torch.compile((x: { a: Tensor; n: number }, [b]: [Tensor]) => ({
      sum: x.a.add(b).mul(x.n),
      list: [b, 'text', x.a.max(0)],
    }));
    const args = (value: number): Parameters<typeof f> => [{ a: torch.full([3], value), n: 2 }, [torch.ones(3)]];
    f(...args(1));
    const given = args(4);
    const { sum, list } = received(f)(...given);
    expect(sum.toArray()).toEqual([10, 10, 10]);
    expect([list[0] === given[1][0], list[1]]).toEqual([true, 'text']);
    expect((list[2] as { values: Tensor }).values ?? (list[2] as unknown as Tensor[])[0]).toBeDefined();
  });

  test('reads tensors from outside, which are shared', () => {
    const weights = torch.ones(3);
    const f = torch.compile((x: Tensor) => x.mul(weights).sum());
    f(torch.ones(3));
    const g = received(f);
    weights.fill_(5);
    expect(g(torch.ones(3)).item()).toBe(15);
  });

  test('returns tensors from outside', () => {
    const weights = torch.ones(3);
    const f = torch.compile((x: Tensor) => [x.mul(2), weights] as const);
    f(torch.ones(3));
    const [, returned] = received(f)(torch.ones(3));
    weights.fill_(5);
    expect(returned.toArray()).toEqual([5, 5, 5]);
  });

  test('writes to its arguments', () => {
    const f = torch.compile((x: Tensor) => x.add_(1).mul(2));
    f(torch.ones(2));
    const x = torch.zeros(2);
    expect(received(f)(x).toArray()).toEqual([2, 2]);
    expect([x.toArray(), x._version]).toEqual([[1, 1], 1]);
  });

  test('can be called asynchronously, explained, reset and shared again', async () => {
    const f = torch.compile((x: Tensor) => ({ y: x.sin() }));
    f(torch.ones(2));
    const g = received(received(f));
    expect((await g.async(torch.zeros(2))).y.toArray()).toEqual([0, 0]);
    expect(g.explain().map(({ signature, isCompiled }) => [signature, isCompiled])).toEqual([['Float[2]', true]]);
    g.reset();
    expect(g(torch.zeros(2)).y.toArray()).toEqual([0, 0]);
  });

  test('outlives the compiled function', () => {
    const f = torch.compile((x: Tensor) => x.add(torch.ones(2).cumsum(0)));
    f(torch.ones(2));
    const g = received(f);
    f.reset();
    expect(g(torch.zeros(2)).toArray()).toEqual([1, 2]);
  });

  test('does not depend on the modules of the other thread', () => {
    const f = torch.compile((x: Tensor) => x.mul(3));
    f(torch.ones(2));
    const g = received(f);
    new torch.nn.Dropout().eval();
    expect(g(torch.ones(2)).toArray()).toEqual([3, 3]);
  });

  test.each([
    [
      'with other shapes',
      (g: (x: Tensor) => Tensor) => g(torch.ones(3)),
      /was not called with such arguments.*It is compiled for Float\[2\]/,
    ],
    ['in another mode', (g: (x: Tensor) => Tensor) => torch.noGrad(() => g(torch.ones(2))), /or in these modes/],
    ['inside a transform', (g: (x: Tensor) => Tensor) => torch.func.grad(g)(torch.ones(2)), /not inside a transform/],
    [
      'with what requires a gradient',
      (g: (x: Tensor) => Tensor) => g(torch.ones(2, { requiresGrad: true })),
      /not with tensors that require a gradient/,
    ],
  ])('refuses a call %s', (_, call, message) => {
    const f = torch.compile((x: Tensor) => x.sum());
    f(torch.ones(2));
    expect(() => call(received(f))).toThrow(message);
  });

  test('must have been called, and compiled without what cannot be shared', () => {
    const f = torch.compile((x: Tensor) => x.sum());
    expect(() => torch.share({ f })).toThrow(/share\(\): nothing is compiled for .*: call it first/);
    const dynamic = torch.compile((x: Tensor) => x.sin(), { dynamic: true });
    dynamic(torch.ones(2));
    dynamic(torch.ones(3));
    expect(() => torch.share(dynamic)).toThrow(/dynamic: true\) cannot be shared/);
    const count = torch.zeros([]);
    const counting = torch.compile((x: Tensor) => (count.add_(1), x.mul(2)));
    counting(torch.ones(2));
    expect(() => torch.share(counting)).toThrow(/writes to tensors and uses others from outside cannot be shared/);
    const message = { sharedFunction: new SharedArrayBuffer(1), name: 'f', results: [] };
    expect(() => torch.fromShared(message as torch.SharedFunction)).toThrow(
      /there is no compiled function for the token of f/,
    );
  });
});
