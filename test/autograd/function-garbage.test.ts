/** Custom functions whose methods throw, return garbage, free what they use, or start all over again. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';

const { func, vmap } = torch;
const { grad, Function: Base } = torch.autograd;
const { dualLevel, makeDual } = torch.autograd.forwardAd;
type Ctx = torch.autograd.FunctionCtx;

afterEach(() => {
  expect(native.levelDepth()).toBe(0);
  expect(torch.isGradEnabled()).toBe(true);
  expect(native.forwardGradMode()).toBe(true);
  // The next call works as if nothing had been.
  expect(
    func
      .grad((t: Tensor) => Square.apply(t))(torch.tensor(3))
      .item(),
  ).toBe(6);
});

class Square extends Base {
  static override generateVmapRule = true;
  static override forward(x: Tensor) {
    return x.mul(x);
  }
  static override setupContext(ctx: Ctx, [x]: [Tensor]) {
    ctx.saveForBackward(x);
    ctx.saveForForward(x);
  }
  static override backward(ctx: Ctx, g: Tensor) {
    return g.mul(ctx.savedTensors[0]).mul(2);
  }
  static override jvp(ctx: Ctx, t: Tensor) {
    return t.mul(ctx.savedTensors[0]).mul(2);
  }
}

type Method = 'forward' | 'setupContext' | 'backward' | 'jvp' | 'vmap';

/** Square with one method replaced. */
function broken(method: Method, replacement: (...args: never[]) => unknown): (x: Tensor) => Tensor {
  class Broken extends Square {}
  if (method === 'vmap') Broken.generateVmapRule = false;
  Object.assign(Broken, { [method]: replacement });
  return (x) => Broken.apply(x);
}

const leaf = (): Tensor => torch.tensor([1, 2, 3], { requiresGrad: true });
const plain = (): Tensor => torch.tensor([1, 2, 3]);

// How each method comes to be called.
const calls: Record<Method, [name: string, call: (f: (x: Tensor) => Tensor) => unknown][]> = {
  forward: [
    ['apply', (f) => f(plain())],
    ['apply with a graph', (f) => f(leaf())],
    ['func.grad', (f) => func.grad((x: Tensor) => f(x).sum())(plain())],
    ['vmap', (f) => vmap(f)(plain())],
    ['jvp', (f) => func.jvp(f, [plain()], [plain()])],
    ['hessian', (f) => func.hessian((x: Tensor) => f(x).sum())(plain())],
    ['vmap of jacrev of jvp', (f) => vmap(func.jacrev((x: Tensor) => func.jvp(f, [x], [x])[1]))(torch.ones(2, 3))],
  ],
  setupContext: [
    ['apply', (f) => f(plain())],
    ['func.grad', (f) => func.grad((x: Tensor) => f(x).sum())(plain())],
    ['vmap', (f) => vmap(f)(plain())],
    ['hessian', (f) => func.hessian((x: Tensor) => f(x).sum())(plain())],
  ],
  backward: [
    [
      'grad',
      (f) => {
        const x = leaf();
        return grad(f(x).sum(), x);
      },
    ],
    [
      'backward()',
      (f) => {
        f(leaf()).sum().backward();
      },
    ],
    [
      'backward() with a graph',
      (f) => {
        f(leaf()).sum().backward({ createGraph: true });
      },
    ],
    [
      'batched',
      (f) => {
        const x = leaf();
        return grad(f(x), x, torch.eye(3), { isGradsBatched: true });
      },
    ],
    ['func.grad', (f) => func.grad((x: Tensor) => f(x).sum())(plain())],
    ['vmap of func.grad', (f) => vmap(func.grad((x: Tensor) => f(x).sum()))(torch.ones(2, 3))],
    ['func.grad of vmap', (f) => func.grad((x: Tensor) => vmap(f)(x).sum())(torch.ones(2, 3))],
    ['jacrev', (f) => func.jacrev(f)(plain())],
    ['hessian', (f) => func.hessian((x: Tensor) => f(x).sum())(plain())],
    ['in inference mode', (f) => torch.inferenceMode(() => func.grad((x: Tensor) => f(x).sum())(plain()))],
  ],
  jvp: [
    ['dual numbers', (f) => dualLevel(() => f(makeDual(plain(), plain())))],
    ['func.jvp', (f) => func.jvp(f, [plain()], [plain()])],
    ['jacfwd', (f) => func.jacfwd(f)(plain())],
    ['vmap of jvp', (f) => vmap((x: Tensor) => func.jvp(f, [x], [x])[1])(torch.ones(2, 3))],
    ['grad of jvp', (f) => func.grad((x: Tensor) => func.jvp(f, [x], [x])[1].sum())(plain())],
  ],
  vmap: [
    ['vmap', (f) => vmap(f)(plain())],
    ['vmap of vmap', (f) => vmap(vmap(f))(torch.ones(2, 3))],
    ['jacrev', (f) => vmap(func.jacrev(f))(torch.ones(2, 3))],
    ['grad of vmap', (f) => func.grad((x: Tensor) => vmap(f)(x).sum())(plain())],
  ],
};

const every = Object.entries(calls).flatMap(([method, list]) =>
  list.map(([name, call]) => ({ method: method as Method, name, call })),
);

describe.each(every)('$method, by $name', ({ method, call }) => {
  test.each([
    ['an error', new RangeError('mine')],
    ['an object that is no error', { my: 'object' }],
    ['undefined', undefined],
    ['a string', 'no'],
  ])('throws %s: the same comes to the caller', (_, thrown) => {
    let caught: unknown = 'nothing';
    try {
      call(
        broken(method, () => {
          throw thrown;
        }),
      );
    } catch (error) {
      caught = error;
    }
    expect(caught).toBe(thrown);
  });

  test('throws out of a transform inside it', () => {
    const thrown = new Error('inner');
    const inner = (): unknown =>
      func.grad((x: Tensor) =>
        vmap((t: Tensor) => {
          if (t.dim() === 0) throw thrown;
          return t;
        })(x).sum(),
      )(plain());
    expect(() => call(broken(method, inner))).toThrow(thrown);
  });

  // What a method may return is another matter; whatever comes, nothing crashes, and the error is one.
  const garbage: [string, () => unknown][] = [
    ['undefined', () => undefined],
    ['a symbol', () => Symbol('s')],
    ['a bigint', () => 10n],
    ['an empty array', () => []],
    ['an array of garbage', () => [undefined, null, 'x', {}]],
    ['a nested array', () => [[torch.ones(3)]]],
    ['an object that looks like a tensor', () => Object.create(torch.Tensor.prototype)],
    ['a proxy of a tensor', () => new Proxy(torch.ones(3), {})],
    ['a tensor of another shape', () => torch.ones(7, 7)],
    ['a tensor of another dtype', () => torch.ones(3, { dtype: 'int64' })],
    ['a complex tensor', () => torch.ones(3, { dtype: 'complex64' })],
    ['an empty tensor', () => torch.ones(0)],
    ['a meta tensor', () => torch.ones(3, { device: 'meta' })],
    ['a sparse tensor', () => torch.ones(3).toSparse()],
    ['a tensor with a graph', () => leaf().mul(2)],
    [
      'a tensor that was disposed of',
      () => {
        const t = torch.ones(3);
        t.dispose();
        return t;
      },
    ],
    [
      'a tensor from a vmap that has ended',
      () => {
        let escaped: Tensor | undefined;
        vmap((t: Tensor) => {
          escaped = t;
          return t;
        })(torch.ones(3));
        return escaped;
      },
    ],
    [
      'a tensor from a grad that has ended',
      () => {
        let escaped: Tensor | undefined;
        func.grad((t: Tensor) => {
          escaped = t;
          return t.sum();
        })(torch.ones(3));
        return escaped;
      },
    ],
  ];
  test.each(garbage)('returns %s', (_, make) => {
    try {
      call(broken(method, make));
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  });

  test('returns a promise', () => {
    expect(() => call(broken(method, () => Promise.reject(new Error('nobody waits'))))).toThrow(
      new RegExp(`\\.${method}\\(\\) must be synchronous, but it returned a Promise`),
    );
  });
});

describe('what a method frees', () => {
  test('saved tensors, gradients and inputs', () => {
    class Freeing extends Square {
      static override forward(x: Tensor) {
        const y = x.mul(x);
        return y;
      }
      static override backward(ctx: Ctx, g: Tensor) {
        const result = g.mul(ctx.savedTensors[0]).mul(2);
        ctx.savedTensors.forEach((t) => t.dispose());
        g.dispose();
        return result;
      }
    }
    const x = leaf();
    const y = Freeing.apply(x).sum();
    for (let i = 0; i < 3; i++) expect(grad(y, x, { retainGraph: true })[0].toArray()).toEqual([2, 4, 6]);
    expect(
      func
        .jacrev((t: Tensor) => Freeing.apply(t))(plain())
        .diagonal()
        .toArray(),
    ).toEqual([2, 4, 6]);
    expect(x.toArray()).toEqual([1, 2, 3]);
  });

  test('an input, in forward', () => {
    const f = broken('forward', (x: Tensor) => {
      const y = x.mul(2);
      x.dispose();
      return y;
    });
    expect(() => f(leaf())).toThrow('has been disposed of');
    expect(() => func.grad((x: Tensor) => f(x).sum())(plain())).toThrow('has been disposed of');
  });

  test('the output, in setupContext', () => {
    const f = broken('setupContext', (_: Ctx, __: unknown, output: Tensor) => {
      output.dispose();
    });
    expect(() => f(leaf())).toThrow('has been disposed of');
  });

  test('everything that a scope makes, but not what the graph holds', () => {
    const x = leaf();
    const y = torch.scope(() => Square.apply(x).sum());
    expect(torch.scope(() => grad(y, x)[0].toArray())).toEqual([2, 4, 6]);
  });
});

describe('what a method starts', () => {
  test('another custom function, and itself', () => {
    class Factorial extends Base {
      static override forward(ctx: Ctx & { n: number }, x: Tensor, n: number): Tensor {
        ctx.n = n;
        ctx.saveForBackward(x);
        return n === 0 ? torch.ones(3) : Factorial.apply(x, n - 1).mul(x);
      }
      static override backward(ctx: Ctx & { n: number }, g: Tensor) {
        return [g.mul(ctx.n).mul(Factorial.apply(ctx.savedTensors[0], ctx.n - 1)), null];
      }
    }
    const x = leaf();
    const [first] = grad(Factorial.apply(x, 4).sum(), x, { createGraph: true });
    expect(first.toArray()).toEqual([4, 32, 108]);
    expect(grad(first.sum(), x)[0].toArray()).toEqual([12, 48, 108]);
  });

  test('a backward pass inside backward', () => {
    class Inner extends Square {
      static override backward(ctx: Ctx, g: Tensor) {
        const [x] = ctx.savedTensors;
        return torch.enableGrad(() => {
          const t = x.detach().requiresGrad_();
          return grad(t.mul(t), t, g)[0];
        });
      }
    }
    const x = leaf();
    expect(grad(Inner.apply(x).sum(), x)[0].toArray()).toEqual([2, 4, 6]);
  });

  test('backward passes inside one another without end: an error, no crash', () => {
    let depth = 0;
    class Endless extends Square {
      static override backward(ctx: Ctx, g: Tensor): Tensor {
        if (++depth > 5000) return g;
        return torch.enableGrad(() => {
          const t = ctx.savedTensors[0].detach().requiresGrad_();
          return grad(Endless.apply(t), t, g)[0];
        });
      }
    }
    const x = leaf();
    expect(() => grad(Endless.apply(x).sum(), x)).toThrow(/thread|call stack/);
    expect(depth).toBeGreaterThan(40);
  });

  test.each(['forward', 'backward', 'jvp', 'setupContext'] as const)('transforms inside %s', (method) => {
    const original = Square[method] as (...args: never[]) => unknown;
    const f = broken(method, (...args: never[]) => {
      expect(
        func
          .hessian((t: Tensor) => Square.apply(t).sum())(plain())
          .trace()
          .item(),
      ).toBe(6);
      expect(
        vmap(func.jacfwd((t: Tensor) => Square.apply(t)))(torch.ones(2, 3))
          .sum()
          .item(),
      ).toBe(12);
      return original(...args);
    });
    for (const { call } of every.filter(({ method: other }) => other === method)) call(f);
  });

  test('a mode that it does not leave', () => {
    const f = broken('forward', (x: Tensor) => {
      torch.setGradEnabled(true);
      return x.mul(x);
    });
    const x = leaf();
    expect(grad(f(x).sum(), x)[0].toArray()).toEqual([2, 4, 6]);
  });
});

describe('the graph and its functions', () => {
  test('a graph of many custom functions is freed without overrunning the stack', () => {
    const last = (): Tensor => {
      let x = leaf();
      for (let i = 0; i < 50_000; i++) x = Square.apply(x.mul(0.5));
      return x;
    };
    expect(() => torch.scope(() => last().sum().item())).not.toThrow();
  });

  test('a context outlives its graph, but not what was saved', () => {
    let kept: Ctx | undefined;
    const f = broken('setupContext', (ctx: Ctx, [x]: [Tensor]) => {
      ctx.saveForBackward(x);
      kept = ctx;
    });
    const x = leaf();
    const y = f(x);
    expect(kept!.savedTensors[0].toArray()).toEqual([1, 2, 3]);
    y.sum().backward();
    expect(() => kept!.savedTensors).toThrow('Trying to backward through the graph a second time');
    const z = f(x);
    z.dispose();
    expect(() => kept!.savedTensors).toThrow('Trying to backward through the graph a second time');
    f(plain());
    expect(kept!.savedTensors).toEqual([]);
  });

  test('needsInputGrad', () => {
    class Three extends Base {
      static override forward(ctx: Ctx, _x: Tensor, _n: number, _y: Tensor) {
        return ctx.needsInputGrad;
      }
    }
    expect(Three.apply(leaf(), 3, plain())).toEqual([true, false, false]);
  });

  test('gradients that are not there', () => {
    const seen: unknown[] = [];
    class Two extends Base {
      static override forward(ctx: Ctx, x: Tensor, materialize: boolean): Tensor[] {
        ctx.setMaterializeGrads(materialize);
        return [x.mul(2), x.mul(3), x.gt(0)];
      }
      static override backward(_: Ctx, ...grads: (Tensor | null)[]) {
        seen.push(grads.map((g) => g && g.toArray()));
        return [grads[0], null];
      }
    }
    for (const materialize of [true, false]) {
      const x = leaf();
      grad(Two.apply(x, materialize)[0].sum(), x);
    }
    expect(seen).toEqual([
      [
        [1, 1, 1],
        [0, 0, 0],
        [false, false, false],
      ],
      [[1, 1, 1], null, null],
    ]);
  });

  test('in place under a generated vmap rule, which PyTorch refuses', () => {
    class Double_ extends Base {
      static override generateVmapRule = true;
      static override forward(x: Tensor) {
        return x.mul_(2);
      }
      static override setupContext(ctx: Ctx, [x]: [Tensor]) {
        ctx.markDirty(x);
      }
      static override backward(_: Ctx, g: Tensor) {
        return g.mul(2);
      }
    }
    const m = torch.ones(2, 3);
    const g = func.grad((t: Tensor) => vmap((x: Tensor) => Double_.apply(x.sin()))(t).sum())(m);
    expect(g.allclose(m.cos().mul(2))).toBe(true);
  });

  test('a float output without a gradient under a generated vmap rule', () => {
    class Half extends Base {
      static override generateVmapRule = true;
      static override forward(x: Tensor): [Tensor, Tensor] {
        return [x.mul(2), x.mul(3)];
      }
      static override setupContext(ctx: Ctx, _: unknown, [, second]: [Tensor, Tensor]) {
        ctx.markNonDifferentiable(second);
      }
      static override backward(_: Ctx, g: Tensor) {
        return g.mul(2);
      }
    }
    const m = leaf();
    const [first, second] = vmap((x: Tensor) => Half.apply(x))(m);
    expect([first.requiresGrad, second.requiresGrad]).toEqual([true, false]);
  });

  test('what is no custom function', () => {
    expect(() => (Base as unknown as { apply(x: Tensor): Tensor }).apply(leaf())).toThrow(
      'You must implement the forward function',
    );
  });
});
