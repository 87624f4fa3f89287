/** Tensor hooks: what they see and change, their errors, and that they are released. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError, state } from '../support/errors';

const { RuntimeError } = torch;
const { functional, grad } = torch.autograd;
const leaf = (): Tensor => torch.tensor([1, 2, 3], { requiresGrad: true });

test('a hook sees the gradient of its tensor, a leaf or not', () => {
  const x = leaf();
  const h = x.mul(2);
  const seen: unknown[] = [];
  x.registerHook((g) => void seen.push(['x', g.toArray()]));
  h.registerHook((g) => void seen.push(['h', g.toArray()]));
  h.pow(2).sum().backward();
  expect(seen).toEqual([
    ['h', [4, 8, 12]],
    ['x', [8, 16, 24]],
  ]);
  expect(x.grad?.toArray()).toEqual([8, 16, 24]);
});

test('hooks run in their order, each with what the one before returned', () => {
  const x = leaf();
  x.registerHook((g) => g.mul(2));
  x.registerHook((g) => g.add(1));
  expect(grad(x.sum(), x)[0].toArray()).toEqual([3, 3, 3]);
});

test('a removed hook is not called, the others are', () => {
  const x = leaf();
  const first = x.registerHook((g) => g.mul(2));
  x.registerHook((g) => g.mul(5));
  first.remove();
  first.remove();
  expect(grad(x.sum(), x)[0].toArray()).toEqual([5, 5, 5]);
  {
    using _ = x.registerHook((g) => g.mul(100));
    expect(grad(x.sum(), x)[0].toArray()).toEqual([500, 500, 500]);
  }
  expect(grad(x.sum(), x)[0].toArray()).toEqual([5, 5, 5]);
});

test('a hook can remove itself and register others while it runs', () => {
  const x = leaf();
  let calls = 0;
  const handle = x.registerHook(() => {
    calls++;
    handle.remove();
  });
  grad(x.sum(), x);
  grad(x.sum(), x);
  expect(calls).toBe(1);
});

// PyTorch calls the hooks that are registered when the run reaches them.
test.each(['tensor', 'node, before', 'node, after', 'after accumulation'] as const)(
  'a hook that removes another or adds one takes effect in the next run: %s',
  (kind) => {
    const x = leaf();
    const y = x.mul(2);
    const register = (hook: () => void): torch.autograd.RemovableHandle => {
      if (kind === 'tensor') return y.registerHook(hook);
      if (kind === 'node, before') return y.gradFn!.registerPrehook(hook);
      if (kind === 'node, after') return y.gradFn!.registerHook(hook);
      return x.registerPostAccumulateGradHook(hook);
    };
    const calls: string[] = [];
    let added = false;
    register(() => {
      calls.push('first');
      second.remove();
      if (!added) register(() => void calls.push('added'));
      added = true;
    });
    const second = register(() => void calls.push('second'));
    y.sum().backward({ retainGraph: true });
    expect(calls).toEqual(['first', 'second']);
    y.sum().backward();
    expect(calls).toEqual(['first', 'second', 'first', 'added']);
  },
);

test('a tensor without a gradient, whose node runs, gives its hook null, which it cannot replace', () => {
  const x = leaf();
  const [unused, used] = x.split(1);
  const seen: unknown[] = [];
  unused.registerHook((g) => void seen.push(g));
  used.sum().backward({ retainGraph: true });
  expect(seen).toEqual([null]);
  unused.registerHook(() => torch.ones(1));
  expectError(() => used.sum().backward(), RuntimeError, "can't replace a None gradient with a non-None value");
});

test('what a pack hook makes outlives the scope and the operator that saved it', () => {
  const x = leaf();
  const made: Tensor[] = [];
  const y = torch.scope(() =>
    torch.autograd.graph.savedTensorsHooks(
      (t) => {
        made.push(t);
        return t.mul(1);
      },
      (t) => t,
      () => x.exp(),
    ),
  );
  expect(made).toHaveLength(1);
  expect(made[0]).not.toBe(y);
  expect(torch.equal(grad(y.sum(), x)[0], x.detach().exp())).toBe(true);
});

test('what a hook throws reaches the caller as it is, and the engine runs again', () => {
  const x = leaf();
  const error = new Error('mine');
  const handle = x.registerHook(() => {
    throw error;
  });
  const before = state();
  const attempts = [
    () => {
      x.pow(2).sum().backward();
    },
    () => grad(x.pow(2).sum(), x),
    () => grad(x.pow(2), x, torch.ones(4, 3), { isGradsBatched: true }),
  ];
  for (const attempt of attempts) {
    let thrown: unknown;
    try {
      attempt();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBe(error);
    expect(state()).toEqual(before);
  }
  // Not only errors can be thrown.
  const symbol = Symbol('mine');
  handle.remove();
  const other = x.registerHook(() => {
    throw symbol;
  });
  let thrown: unknown;
  try {
    grad(x.sum(), x);
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toBe(symbol);
  other.remove();
  expect(grad(x.pow(2).sum(), x)[0].toArray()).toEqual([2, 4, 6]);
});

test('the engine may run inside a hook, and fail there', () => {
  const x = leaf();
  const inner = leaf();
  const error = new Error('inner');
  inner.registerHook(() => {
    throw error;
  });
  // Without createGraph nothing is recorded while the engine runs.
  const other = leaf();
  x.registerHook((g) => torch.enableGrad(() => g.mul(grad(other.pow(2).sum(), other)[0])));
  expect(grad(x.sum(), x)[0].toArray()).toEqual([2, 4, 6]);
  x.registerHook(() => {
    torch.enableGrad(() => grad(inner.sum(), inner));
  });
  let thrown: unknown;
  try {
    grad(x.sum(), x);
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toBe(error);
});

test('a hook may be caught in a hook', () => {
  const [x, inner] = [leaf(), leaf()];
  inner.registerHook(() => {
    throw new Error('inner');
  });
  x.registerHook((g) => {
    try {
      torch.enableGrad(() => grad(inner.sum(), inner));
    } catch {
      return g.mul(7);
    }
    return undefined;
  });
  expect(grad(x.sum(), x)[0].toArray()).toEqual([7, 7, 7]);
});

test('wrong results and arguments are refused', () => {
  const x = leaf();
  const handle = x.registerHook((() => 1) as never);
  expectError(() => grad(x.sum(), x), TypeError, 'a hook must return a Tensor or nothing, but it returned number');
  handle.remove();
  const late = x.registerHook((() => Promise.reject(new Error('lost'))) as never);
  expectError(
    () => grad(x.sum(), x),
    TypeError,
    /registerHook\(\): the hook must be synchronous, but it returned a Promise/,
  );
  late.remove();
  const shape = x.registerHook(() => torch.ones(2));
  expectError(() => grad(x.sum(), x), RuntimeError, /has changed the size of value/);
  shape.remove();
  expectError(
    () => x.registerHook(1 as never),
    TypeError,
    "registerHook(): argument 'hook' must be a function, not number",
  );
  expectError(
    () => torch.ones(2).registerHook(() => undefined),
    RuntimeError,
    "cannot register a hook on a tensor that doesn't require gradient",
  );
});

test('with createGraph the hook is part of what is differentiated', () => {
  const x = leaf();
  x.registerHook((g) => g.mul(g));
  const [g] = grad(x.pow(2).sum(), x, { createGraph: true });
  expect(g.toArray()).toEqual([4, 16, 36]);
});

test('in functions that are differentiated by torch.func and autograd.functional', () => {
  const f = (t: Tensor): Tensor => {
    const h = t.mul(1);
    h.registerHook((g) => g.mul(10));
    return h.sum();
  };
  const x = torch.tensor([1, 2]);
  expect(functional.vjp(f, x)[1].toArray()).toEqual([10, 10]);
  expect(torch.func.grad(f)(x).toArray()).toEqual([10, 10]);
  expect(torch.vmap(torch.func.grad(f))(torch.ones(3, 2)).toArray()).toEqual([
    [10, 10],
    [10, 10],
    [10, 10],
  ]);
});

test('hooks are released with the graph: their functions can be collected', async () => {
  const collect = (globalThis as { gc?: () => void }).gc ?? (await collector());
  const references: WeakRef<object>[] = [];
  for (let i = 0; i < 200; i++) {
    const big = { values: new Float64Array(1000) };
    references.push(new WeakRef(big));
    torch.scope(() => {
      const x = leaf();
      const h = x.mul(2);
      h.registerHook((g) => g.mul(big.values.length === 0 ? 0 : 1));
      h.sum().backward();
    });
  }
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    // A registration is when released hooks are forgotten.
    leaf()
      .registerHook(() => undefined)
      .remove();
  }
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(references.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(20);
});

async function collector(): Promise<() => void> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
