/** What happens around a transform: exceptions, tensors that escape, recursion, asynchronous functions. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError, state } from '../support/errors';

const { RuntimeError, vmap } = torch;
const { grad, gradAndValue, vjp, jvp, jacrev, jacfwd, hessian, linearize, functionalize } = torch.func;
const x = torch.tensor([1, 2, 3], { dtype: 'float64' });
const m = torch.tensor(
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  { dtype: 'float64' },
);

// Each transform, of a function from a vector to a vector, as another such function.
type F = (t: Tensor) => Tensor;
const sumOf =
  (f: F): F =>
  (t) =>
    f(t).sum();
const TRANSFORMS: Record<string, (f: F) => F> = {
  grad: (f) => grad(sumOf(f)),
  gradAndValue: (f) => (t) => gradAndValue(sumOf(f))(t)[0],
  vjp: (f) => (t) => {
    const [out, pull] = vjp(f, t);
    return pull(torch.onesLike(out))[0];
  },
  jvp: (f) => (t) => jvp(f, [t], [torch.onesLike(t)])[1],
  vmap: (f) => (t) => vmap(f)(torch.stack([t, t])).sum(0),
  'vmap in chunks': (f) => (t) => vmap(f, { chunkSize: 1 })(torch.stack([t, t])).sum(0),
  jacrev: (f) => (t) => jacrev(f)(t).sum(0),
  'jacrev by rows': (f) => (t) => jacrev(f, { chunkSize: 1 })(t).sum(0),
  jacfwd: (f) => (t) => jacfwd(f)(t).sum(0),
  'jacfwd by columns': (f) => (t) => jacfwd(f, { chunkSize: 1 })(t).sum(0),
  hessian: (f) => (t) => hessian(sumOf(f))(t).sum(0),
  linearize: (f) => (t) => linearize(f, t)[1](torch.onesLike(t)),
  functionalize: (f) => functionalize(f),
};
const names = Object.keys(TRANSFORMS);

describe('exceptions', () => {
  test.each(names)('%s: the error itself reaches the caller, from every depth', (outer) => {
    const before = state();
    for (const inner of names) {
      const error = new RangeError('mine');
      const thrower: F = () => {
        throw error;
      };
      const calls: (() => unknown)[] = [
        () => TRANSFORMS[outer](thrower)(x),
        () => TRANSFORMS[outer](TRANSFORMS[inner](thrower))(x),
        () => TRANSFORMS[outer](TRANSFORMS[inner](TRANSFORMS[outer](thrower)))(x),
        // After some work, and in modes.
        () => TRANSFORMS[outer]((t) => torch.noGrad(() => TRANSFORMS[inner](thrower)(t.sin())))(x),
        () => TRANSFORMS[outer]((t) => torch.inferenceMode(() => TRANSFORMS[inner](thrower)(t.sin())))(x),
      ];
      for (const call of calls) {
        let thrown: unknown;
        try {
          call();
        } catch (e) {
          thrown = e;
        }
        expect(thrown).toBe(error);
        expect(state()).toEqual(before);
      }
    }
  });

  test.each(names)('%s: what an operator refuses, and what is caught inside', (name) => {
    expectError(() => TRANSFORMS[name]((t) => t.view(7))(x), RuntimeError, /shape '\[(\d, )?7\]' is invalid/);
    const cautious: F = (t) => {
      try {
        return TRANSFORMS.vmap((s) => s.view(7))(t);
      } catch {
        return t.sin();
      }
    };
    expect(TRANSFORMS[name](cautious)(x).toArray()).toEqual(TRANSFORMS[name]((t) => t.sin())(x).toArray());
  });

  test('things that are no errors', () => {
    for (const thing of [undefined, null, 'text', 0]) {
      let thrown: unknown = 'nothing';
      try {
        grad((_: Tensor) => {
          throw thing;
        })(x);
      } catch (e) {
        thrown = e;
      }
      expect(thrown).toBe(thing);
    }
    expect(state()).toMatchObject({ depth: 0 });
  });

  test('a generator inside a transform that is left early', () => {
    const f: F = (t) => {
      function* parts(): Generator<Tensor> {
        for (const part of t) yield part.sin();
      }
      for (const part of parts()) return part.mul(t).sum();
      throw new Error('no part');
    };
    expect(grad(f)(x).toArray()).toEqual(grad((t: Tensor) => t.index(0).sin().mul(t).sum())(x).toArray());
    expect(state()).toMatchObject({ depth: 0 });
  });
});

describe('functions that call transforms, and themselves', () => {
  test('recursion through grad: the n-th derivative', () => {
    const derivative = (n: number): F => (n === 0 ? (t) => t.pow(6) : (t) => grad(derivative(n - 1))(t));
    const at2 = torch.tensor(2, { dtype: 'float64' });
    expect(Array.from({ length: 8 }, (_, n) => derivative(n)(at2).item())).toEqual([
      64, 192, 480, 960, 1440, 1440, 720, 0,
    ]);
  });

  test('recursion through jvp and vmap', () => {
    const forward = (n: number): F =>
      n === 0 ? (t) => t.pow(4) : (t) => jvp(forward(n - 1), [t], [torch.onesLike(t)])[1];
    expect(forward(3)(x).toArray()).toEqual([24, 48, 72]);
    const depth = (t: Tensor): Tensor => (t.dim() === 0 ? t.square() : vmap(depth)(t));
    expect(
      depth(m.view(1, 2, 3, 1))
        .flatten()
        .toArray(),
    ).toEqual([1, 4, 9, 16, 25, 36]);
  });

  test('a function that transforms another with what it was given', () => {
    // Newton's method for the root of t^2 - a, differentiated through its own derivative.
    const root: F = (a) => {
      let t: Tensor = a;
      for (let i = 0; i < 30; i++) {
        const f: F = (s) => s.square().sub(a);
        t = t.sub(f(t).div(grad(f)(t)));
      }
      return t;
    };
    const close = (got: Tensor, expected: Tensor): void => {
      expect(torch.allclose(got, expected, { rtol: 1e-10 })).toBe(true);
    };
    close(vmap(root)(x), x.sqrt());
    close(vmap(grad(root))(x), x.pow(-0.5).mul(0.5));
    close(grad((t: Tensor) => vmap(root)(t).sum())(x), x.pow(-0.5).mul(0.5));
  });

  test('functionalize inside functionalize, where PyTorch asserts: the values, and what is written', () => {
    const write = functionalize((t: Tensor) => t.mul_(2).add(1));
    const t = x.clone();
    const [out, seen] = functionalize((t: Tensor) => [write(t), t.clone()])(t);
    expect([out, seen, t].map((r) => r.toArray())).toEqual([
      [3, 5, 7],
      [2, 4, 6],
      [2, 4, 6],
    ]);
    expect(functionalize(vmap(functionalize((t: Tensor) => t.sum())))(m).toArray()).toEqual([6, 15]);
  });

  test('a transformed function that is kept is good for any call, inside others too', () => {
    const slope = vmap(grad((t: Tensor) => t.pow(3)));
    expect(slope(x).toArray()).toEqual([3, 12, 27]);
    expect(grad((t: Tensor) => slope(t).sum())(x).toArray()).toEqual([6, 12, 18]);
    expect(vmap(slope)(m).index(1).toArray()).toEqual([48, 75, 108]);
    expect(slope(x).toArray()).toEqual([3, 12, 27]);
  });
});

describe('tensors that escape', () => {
  function escapedFrom(transform: (keep: F) => unknown): Tensor {
    let kept: Tensor | undefined;
    transform((t) => (kept = t.mul(2)));
    return kept!;
  }
  const fromVmap = (): Tensor => escapedFrom((f) => vmap(f)(m));
  const message = /^Either your tensor may have escaped .* is a Tensor from a call of vmap that has ended\. /;

  test.each<[string, (t: Tensor) => unknown]>([
    ['an operator', (t) => t.add(1)],
    ['as second argument', (t) => x.add(t)],
    ['in a list', (t) => torch.stack([x, t])],
    ['an operator in place', (t) => t.add_(1)],
    ['out=', (t) => torch.add(x, x, { out: t })],
    ['index', (t) => t.index(0)],
    ['as an index', (t) => x.index(t.long())],
    ['item()', (t) => t.item()],
    ['toArray()', (t) => t.toArray()],
    ['data()', (t) => t.data()],
    ['in torch.tensor', (t) => torch.tensor([t, 1])],
    [
      'as grad output',
      (t) => {
        const leaf = x.clone().requiresGrad_();
        return torch.autograd.grad(leaf.sin(), leaf, t);
      },
    ],
    ['in another call of vmap', (t) => vmap((s: Tensor) => s.add(t))(m)],
    ['in a call of vmap over another size', (t) => vmap((s: Tensor) => s.add(t))(torch.ones(5, 3))],
    ['as result of another call of vmap', (t) => vmap((_: Tensor) => t)(m)],
    ['as argument of vmap', (t) => vmap((s: Tensor) => s)(t)],
    ['as captured argument of vmap', (t) => vmap((s: Tensor, c: Tensor) => s.add(c), { inDims: [0, null] })(m, t)],
    ['in grad', (t) => grad((s: Tensor) => s.mul(t).sum())(x)],
    ['as argument of grad', (t) => grad((s: Tensor) => s.sum())(t)],
    ['in jvp', (t) => jvp((s: Tensor) => s.mul(t), [x], [x])],
    ['as tangent', (t) => jvp((s: Tensor) => s, [x], [t])],
    ['as cotangent', (t) => vjp((s: Tensor) => s, x)[1](t)],
    ['in jacrev', (t) => jacrev((s: Tensor) => s.mul(t))(x)],
    ['in jacfwd', (t) => jacfwd((s: Tensor) => s.mul(t))(x)],
    ['in functionalize', (t) => functionalize((s: Tensor) => s.mul(t))(x)],
  ])('from vmap: %s', (_, use) => expectError(() => use(fromVmap()), RuntimeError, message));

  test('from an inner vmap, while the outer one is active', () => {
    const inner = (t: Tensor): Tensor => escapedFrom((f) => vmap(f)(t));
    expectError(() => vmap((t: Tensor) => inner(t).sum())(m), RuntimeError, message);
    expectError(() => vmap((t: Tensor) => inner(t))(m), RuntimeError, message);
    expectError(() => vmap((t: Tensor) => vmap((s: Tensor) => s.add(inner(t)))(t))(m), RuntimeError, message);
    // From grad inside vmap: what the wrapper of grad holds is as mapped as the argument.
    expectError(() => escapedFrom((f) => vmap(grad(sumOf(f)))(m)).add(1), RuntimeError, message);
    expectError(() => escapedFrom((f) => grad(sumOf(vmap(f)))(m)).add(1), RuntimeError, message);
  });

  test('from vmap: products with what was computed inside', () => {
    let pull: ((t: Tensor) => unknown) | undefined;
    let push: ((t: Tensor) => unknown) | undefined;
    vmap((t: Tensor) => {
      [, pull] = vjp((s: Tensor) => s.sin(), t);
      [, push] = linearize((s: Tensor) => s.sin(), t);
      return t;
    })(m);
    expectError(() => pull!(x), RuntimeError, message);
    expectError(() => push!(x), RuntimeError, message);
  });

  test('from vmap: it can still be looked at, printed, unwrapped and freed', () => {
    const t = fromVmap();
    expect([t.shape, t.dtype, t.requiresGrad]).toEqual([[3], 'float64', false]);
    expect(String(t)).toMatch(/^BatchedTensor/);
    expect(torch.func.debugUnwrap(t).toArray()).toEqual(m.mul(2).toArray());
    t.dispose();
    expectError(() => t.add(1), RuntimeError, /has been disposed of/);
  });

  test('from the derivatives: the value, in whatever comes after', () => {
    const sources: [string, Tensor][] = [
      ['grad', escapedFrom((f) => grad(sumOf(f))(x))],
      ['vjp', escapedFrom((f) => vjp(f, x))],
      ['jvp', escapedFrom((f) => jvp(f, [x], [x]))],
      ['jacrev', escapedFrom((f) => jacrev(f)(x))],
      ['grad in grad', escapedFrom((f) => grad(sumOf(grad(sumOf(f))))(x))],
      ['functionalize', escapedFrom((f) => functionalize(f)(x))],
    ];
    for (const [, t] of sources) {
      expect(t.toArray()).toEqual([2, 4, 6]);
      expect(t.add(1).toArray()).toEqual([3, 5, 7]);
      expect(grad((s: Tensor) => s.mul(t).sum())(x).toArray()).toEqual([2, 4, 6]);
      expect(
        vmap((s: Tensor) => s.add(t))(m)
          .index(0)
          .toArray(),
      ).toEqual([3, 6, 9]);
      expect(jvp((s: Tensor) => s.mul(t), [x], [x])[1].toArray()).toEqual([2, 8, 18]);
    }
  });

  test('the outer tensors of an inner transform do not escape', () => {
    const seen = vmap((t: Tensor) => {
      let kept: Tensor | undefined;
      grad((s: Tensor) => ((kept = t.mul(2)), s.sum()))(t);
      return kept!.add(1);
    })(m);
    expect(seen.index(0).toArray()).toEqual([3, 5, 7]);
  });
});

describe('asynchronous functions', () => {
  const message = /the function must be synchronous, but it returned a Promise/;

  // Each called with the function itself, whatever it returns.
  const calls: Record<string, (f: never) => unknown> = {
    grad: (f) => grad(f as (t: Tensor) => Tensor)(x),
    gradAndValue: (f) => gradAndValue(f as (t: Tensor) => Tensor)(x),
    vjp: (f) => vjp(f as F, x),
    jvp: (f) => jvp(f as F, [x], [x]),
    vmap: (f) => vmap(f as F)(m),
    'vmap in chunks': (f) => vmap(f as F, { chunkSize: 1 })(m),
    jacrev: (f) => jacrev(f as (t: Tensor) => Tensor)(x),
    jacfwd: (f) => jacfwd(f as (t: Tensor) => Tensor)(x),
    hessian: (f) => hessian(f as (t: Tensor) => Tensor)(x),
    linearize: (f) => linearize(f as F, x),
    functionalize: (f) => functionalize(f as F)(x),
  };

  test.each(Object.keys(calls))('%s refuses them, and what they throw later does not end the process', async (name) => {
    let resumed = false;
    const late = async (t: Tensor): Promise<Tensor> => {
      await Promise.resolve();
      resumed = true;
      throw new Error(`late ${t.dim()}`);
    };
    expectError(() => calls[name](late as never), TypeError, message);
    await new Promise((resolve) => setImmediate(resolve));
    expect(resumed).toBe(true);
    expect(state()).toMatchObject({ depth: 0 });
  });

  test('transforms of different tasks do not meet: each call begins and ends between awaits', async () => {
    const task = async (scale: number): Promise<number[]> => {
      const found: number[] = [];
      for (let i = 0; i < 5; i++) {
        found.push(
          grad((t: Tensor) => t.mul(scale).square().sum())(x)
            .index(0)
            .item(),
        );
        await new Promise((resolve) => setImmediate(resolve));
        found.push(
          vmap((t: Tensor) => t.mul(scale).sum())(m)
            .index(0)
            .item(),
        );
      }
      return found;
    };
    const results = await Promise.all([1, 2, 3].map(task));
    results.forEach((found, k) => {
      const scale = k + 1;
      expect(found).toEqual(Array.from({ length: 5 }, () => [2 * scale * scale, 6 * scale]).flat());
    });
  });
});
