/** Nodes of the graph, hooks on them, on what they save, and after accumulation. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';
import { parity, some } from '../support/parity/cases';

const { graph, grad } = torch.autograd;
const { func } = torch;
const leaf = (): Tensor => torch.tensor([1, 2, 3], { requiresGrad: true });

afterEach(() => {
  expect(native.levelDepth()).toBe(0);
  expect(torch.isGradEnabled()).toBe(true);
});

parity('against PyTorch', (cases) => {
  cases.inputs({ x: some([3], 'float64', 3) });
  const add = (python: string, javascript: (r: Tensor) => unknown, name = python): void => {
    cases.add(
      `r = x.clone().requires_grad_()\nG = torch.autograd.graph\nseen = []\n${python.includes('return ') ? python : `return ${python}`}`,
      ({ x }) => javascript((x as Tensor).requiresGrad_()),
      { name },
    );
  };
  add('(r.sin() * r).grad_fn.name()', (r) => r.sin().mul(r).gradFn!.name());
  add('[f.name() for f, _ in (r.sin() * r).grad_fn.next_functions]', (r) =>
    r
      .sin()
      .mul(r)
      .gradFn!.nextFunctions.map(([node]) => node!.name()),
  );
  add('[i for _, i in torch.cat(r.split(1)).grad_fn.next_functions]', (r) =>
    torch.cat(r.split(1)).gradFn!.nextFunctions.map(([, index]) => index),
  );
  add('(r * 2).grad_fn.next_functions[1][0]', (r) => r.mul(2).gradFn!.nextFunctions.at(1)?.[0] ?? null);
  add('r.grad_fn', (r) => r.gradFn);
  add(
    'y = r * 3\ny.grad_fn.register_hook(lambda gi, go: [seen.append([list(gi), list(go)]), tuple(None if g is None else g * 2 for g in gi)][1])\nreturn torch.autograd.grad(y.sum(), r), seen',
    (r) => {
      const seen: unknown[] = [];
      const y = r.mul(3);
      y.gradFn!.registerHook((gi, go) => {
        seen.push([gi, go]);
        return gi.map((g) => g && g.mul(2));
      });
      // A scalar has no place among the inputs of a node here.
      return [
        grad(y.sum(), r),
        seen.map((entry) =>
          (entry as Tensor[][]).map((list, i) => (i === 0 ? [...list, ...(list.length < 2 ? [null] : [])] : list)),
        ),
      ];
    },
    'a hook after a node',
  );
  add(
    'y = r * 3\ny.grad_fn.register_prehook(lambda go: (go[0] * 10,))\nreturn torch.autograd.grad(y.sum(), r)',
    (r) => {
      const y = r.mul(3);
      y.gradFn!.registerPrehook(([g]) => [g!.mul(10)]);
      return grad(y.sum(), r);
    },
    'a hook before a node',
  );
  add(
    'r.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))\nr.register_post_accumulate_grad_hook(lambda p: setattr(p, "grad", None))\n(r * 2).sum().backward()\n(r * 3).sum().backward()\nreturn seen, r.grad',
    (r) => {
      const seen: Tensor[] = [];
      r.registerPostAccumulateGradHook((p) => void seen.push(p.grad!.clone()));
      r.registerPostAccumulateGradHook((p) => {
        p.grad = null;
      });
      r.mul(2).sum().backward();
      r.mul(3).sum().backward();
      return [seen, r.grad];
    },
    'hooks after accumulation',
  );
  add(
    'with G.saved_tensors_hooks(lambda t: [seen.append(t.shape), t.double() * 2][1], lambda t: t / 2):\n    y = (r * r).sin() * 2\nreturn torch.autograd.grad(y.sum(), r), len(seen)',
    (r) => {
      let packed = 0;
      const y = graph.savedTensorsHooks(
        (t: Tensor) => {
          packed++;
          return t.mul(2);
        },
        (t: Tensor) => t.div(2),
        () => r.mul(r).sin().mul(2),
      );
      return [grad(y.sum(), r), packed];
    },
    'hooks on saved tensors',
  );
  add(
    'with G.saved_tensors_hooks(lambda t: (t, 2), lambda p: p[0] * p[1]):\n    with G.saved_tensors_hooks(lambda t: (t, 3), lambda p: p[0] * p[1]):\n        a = r.sin()\n    b = r.sin()\nreturn torch.autograd.grad(a.sum(), r), torch.autograd.grad(b.sum(), r)',
    (r) => {
      const scaled = (k: number, body: () => Tensor[]): Tensor[] =>
        graph.savedTensorsHooks(
          (t: Tensor) => ({ t, k }),
          (p) => p.t.mul(p.k),
          body,
        );
      const [a, b] = scaled(2, () => [scaled(3, () => [r.sin()])[0], r.sin()]);
      return [grad(a.sum(), r), grad(b.sum(), r)];
    },
    'the innermost hooks are used',
  );
  for (const [name, python, javascript] of [
    [
      'pack that changes its input',
      'with G.saved_tensors_hooks(lambda t: t.mul_(2), lambda t: t):\n    return (r * 1).sin()',
      (r: Tensor) =>
        graph.savedTensorsHooks(
          (t: Tensor) => t.mul_(2),
          (t) => t,
          () => r.mul(1).sin(),
        ),
    ],
    [
      'hooks inside grad',
      'def f(t):\n    with G.saved_tensors_hooks(lambda t: t, lambda t: t):\n        return t.sin().sum()\nreturn grad(f)(x)',
      (r: Tensor) =>
        func.grad((t: Tensor) =>
          graph.savedTensorsHooks(
            (s: Tensor) => s,
            (s) => s,
            () => t.sin().sum(),
          ),
        )(r.detach()),
    ],
    [
      'hooks around grad',
      'with G.saved_tensors_hooks(lambda t: t, lambda t: t):\n    return grad(lambda t: t.sin().sum())(x)',
      (r: Tensor) =>
        graph.savedTensorsHooks(
          (s: Tensor) => s,
          (s) => s,
          () => func.grad((t: Tensor) => t.sin().sum())(r.detach()),
        ),
    ],
    [
      'hooks where they are disabled',
      'with G.disable_saved_tensors_hooks("no"):\n    with G.saved_tensors_hooks(lambda t: t, lambda t: t):\n        return 1',
      () =>
        graph.disableSavedTensorsHooks('no', () =>
          graph.savedTensorsHooks(
            (t: Tensor) => t,
            (t) => t,
            () => 1,
          ),
        ),
    ],
    [
      'disabling where there are hooks',
      'with G.saved_tensors_hooks(lambda t: t, lambda t: t):\n    with G.disable_saved_tensors_hooks("no"):\n        return 1',
      () =>
        graph.savedTensorsHooks(
          (t: Tensor) => t,
          (t) => t,
          () => graph.disableSavedTensorsHooks('no', () => 1),
        ),
    ],
    [
      'hooks under jvp and vmap',
      'def f(t):\n    with G.saved_tensors_hooks(lambda t: t, lambda t: t):\n        return t.sin()\nreturn vmap(f)(x), jvp(f, (x,), (x,))',
      (r: Tensor) => {
        const f = (t: Tensor): Tensor =>
          graph.savedTensorsHooks(
            (s: Tensor) => s,
            (s) => s,
            () => t.sin(),
          );
        const x = r.detach();
        return [torch.vmap(f)(x), func.jvp(f, [x], [x])];
      },
    ],
  ] as [string, string, (r: Tensor) => unknown][]) {
    add(python, javascript, name);
  }
});

describe('nodes', () => {
  test('the same node in two objects', () => {
    const x = leaf();
    const y = x.sin();
    expect(y.gradFn!.equals(y.gradFn)).toBe(true);
    expect(y.gradFn!.equals(x.sin().gradFn)).toBe(false);
    expect(y.gradFn!.equals(null)).toBe(false);
    const [[accumulate]] = y.gradFn!.nextFunctions;
    const [[other]] = x.cos().gradFn!.nextFunctions;
    expect(accumulate!.name()).toBe('torch::autograd::AccumulateGrad');
    expect(accumulate!.equals(other)).toBe(true);
    expect(String(y.gradFn)).toBe('<SinBackward0>');
    expect(String(accumulate)).toBe('<AccumulateGrad>');
    expect(x.cos().gradFn!._sequenceNr()).toBeGreaterThan(y.gradFn!._sequenceNr());
  });

  test('a node keeps its graph', () => {
    const x = leaf();
    const node = torch.scope(() => ({ node: x.sin().mul(2).gradFn! })).node;
    expect(node.nextFunctions[0][0]!.nextFunctions[0][0]!.name()).toBe('torch::autograd::AccumulateGrad');
  });

  test('nodes are not made by hand', () => {
    expect(() => new graph.Node({})).toThrow("argument 'node' must be a node of the graph");
  });
});

describe('hooks on nodes', () => {
  test.each(['registerHook', 'registerPrehook'] as const)('%s: removed, thrown, garbage', (method) => {
    const x = leaf();
    const y = x.mul(3);
    const node = y.gradFn!;
    const run = (): number[] => grad(y.sum(), x, { retainGraph: true })[0].toArray() as number[];
    const error = new RangeError('mine');
    const handle = node[method](() => {
      throw error;
    });
    expect(run).toThrow(error);
    handle.remove();
    expect(run()).toEqual([3, 3, 3]);
    const garbage: [unknown, RegExp][] = [
      [3, /expected Variable, but hook returned 'number'/],
      [Promise.reject(new Error('nobody waits')), /the hook of a node must be synchronous/],
      [[], /incorrect number of values/],
      [[torch.ones(7)], /size|incorrect number/],
    ];
    for (const [value, message] of garbage) {
      using _ = node[method](() => value as never);
      expect(run).toThrow(message);
    }
    expect(() => node[method](3 as never)).toThrow("argument 'hook' must be a function");
    expect(run()).toEqual([3, 3, 3]);
  });
});

describe('hooks after accumulation', () => {
  test('where they cannot be, and what they throw', () => {
    const x = leaf();
    expect(() => torch.ones(2).registerPostAccumulateGradHook(() => undefined)).toThrow("doesn't require gradient");
    expect(() => x.mul(2).registerPostAccumulateGradHook(() => undefined)).toThrow('non-leaf tensors');
    expect(() => x.registerPostAccumulateGradHook(3 as never)).toThrow("argument 'hook' must be a function");
    const error = new Error('mine');
    const handle = x.registerPostAccumulateGradHook(() => {
      throw error;
    });
    expect(() => x.sum().backward()).toThrow(error);
    handle.remove();
    x.registerPostAccumulateGradHook((() => 3) as never);
    expect(() => x.sum().backward()).toThrow('should return null or nothing');
  });
});

describe('hooks on saved tensors', () => {
  test('what they throw and return', () => {
    const x = leaf();
    const error = new Error('mine');
    const fail = (): never => {
      throw error;
    };
    expect(() =>
      graph.savedTensorsHooks(
        fail,
        (t: Tensor) => t,
        () => x.sin(),
      ),
    ).toThrow(error);
    const y = graph.savedTensorsHooks(
      (t: Tensor) => t,
      fail,
      () => x.sin(),
    );
    expect(() => grad(y.sum(), x)).toThrow(error);
    const z = graph.savedTensorsHooks(
      (t: Tensor) => t,
      (() => 7) as never,
      () => x.sin(),
    );
    expect(() => grad(z.sum(), x)).toThrow('unpack_hook expected to be a Tensor but got result of type number');
    expect(() => graph.savedTensorsHooks(3 as never, (t: Tensor) => t)).toThrow("argument 'pack' must be a function");
    // None is in force any more.
    expect(grad(x.sin().sum(), x)[0].allclose(x.cos())).toBe(true);
  });

  test('with using, and of custom functions', () => {
    class Square extends torch.autograd.Function {
      static override forward(ctx: torch.autograd.FunctionCtx, x: Tensor) {
        ctx.saveForBackward(x);
        return x.mul(x);
      }
      static override backward(ctx: torch.autograd.FunctionCtx, g: Tensor) {
        return g.mul(ctx.savedTensors[0]).mul(2);
      }
    }
    const x = leaf();
    const packed: number[][] = [];
    const call = (): Tensor => {
      using _ = graph.savedTensorsHooks(
        (t: Tensor) => {
          packed.push(t.toArray() as number[]);
          return t.toArray() as number[];
        },
        (values) => torch.tensor(values).mul(10),
      );
      return Square.apply(x);
    };
    expect(grad(call().sum(), x)[0].toArray()).toEqual([20, 40, 60]);
    expect(packed).toEqual([[1, 2, 3]]);
  });

  test('saveOnCpu', () => {
    const x = leaf();
    const y = graph.saveOnCpu(() => x.sin().mul(x));
    expect(grad(y.sum(), x)[0].allclose(x.sin().add(x.mul(x.cos())))).toBe(true);
    // The saved tensor is a copy: a write does not reach it.
    const a = x.mul(1);
    const z = graph.saveOnCpu(() => a.sin());
    torch.noGrad(() => a.fill_(0));
    expect(grad(z.sum(), x)[0].allclose(x.cos())).toBe(true);
  });

  test('operators inside the hooks are not packed', () => {
    const x = leaf();
    let calls = 0;
    const y = graph.savedTensorsHooks(
      (t: Tensor) => {
        calls++;
        return torch.enableGrad(() => leaf().sin().mul(t));
      },
      (t: Tensor) => t,
      () => x.sin(),
    );
    expect(calls).toBe(1);
    grad(y.sum(), x);
  });
});
