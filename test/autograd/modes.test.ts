/** Grad modes as functions and resources, with exceptions, out of order, and over an await. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';
import { expectError, state } from '../support/errors';

const { RuntimeError } = torch;
const leaf = (): Tensor => torch.ones(2, { requiresGrad: true });
const records = (): boolean => leaf().mul(2).requiresGrad;
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Mode {
  name: string;
  enter: () => torch.autograd.ModeGuard;
  run: <T>(body: () => T) => T;
  inside: { grad: boolean; inference: boolean };
}

const modes: Mode[] = [
  { name: 'noGrad', enter: torch.noGrad, run: torch.noGrad, inside: { grad: false, inference: false } },
  { name: 'enableGrad', enter: torch.enableGrad, run: torch.enableGrad, inside: { grad: true, inference: false } },
  {
    name: 'setGradEnabled(false)',
    enter: () => torch.setGradEnabled(false),
    run: (body) => torch.setGradEnabled(false, body),
    inside: { grad: false, inference: false },
  },
  {
    name: 'inferenceMode',
    enter: torch.inferenceMode,
    run: torch.inferenceMode,
    inside: { grad: false, inference: true },
  },
  {
    name: 'inferenceMode(false)',
    enter: () => torch.inferenceMode(false),
    run: (body) => torch.inferenceMode(false, body),
    inside: { grad: true, inference: false },
  },
];

const seen = () => ({ grad: torch.isGradEnabled(), inference: torch.isInferenceModeEnabled() });

let before: object;
beforeEach(() => {
  before = state();
});
afterEach(() => {
  expect(state()).toEqual(before);
});

describe.each(modes)('$name', ({ name, enter, run, inside }) => {
  test('as a function', () => {
    expect(run(seen)).toEqual(inside);
    expect(run(records)).toBe(inside.grad);
    expect(seen()).toEqual({ grad: true, inference: false });
  });

  test('as a resource', () => {
    {
      using _ = enter();
      expect(seen()).toEqual(inside);
      expect(records()).toBe(inside.grad);
    }
    expect(seen()).toEqual({ grad: true, inference: false });
  });

  test('is left when the body throws, with the same error', () => {
    const error = new Error('mine');
    for (const attempt of [
      () =>
        run(() => {
          throw error;
        }),
      () => {
        using _ = enter();
        throw error;
      },
    ]) {
      let thrown: unknown;
      try {
        attempt();
      } catch (caught) {
        thrown = caught;
      }
      expect(thrown).toBe(error);
      expect(seen()).toEqual({ grad: true, inference: false });
    }
  });

  test('nests in every other and restores it', () => {
    for (const outer of modes) {
      outer.run(() => {
        const inference = name.startsWith('inferenceMode') ? inside.inference : outer.inside.inference;
        expect(run(seen)).toEqual({ grad: inside.grad, inference });
        expect(seen()).toEqual(outer.inside);
        {
          using _ = enter();
          torch.noGrad(() => torch.enableGrad(() => torch.isGradEnabled()));
        }
        expect(seen()).toEqual(outer.inside);
      });
    }
  });

  test('a body that returns a Promise is refused, and the mode left', async () => {
    const before = seen();
    expectError(
      () => run(() => Promise.resolve(1)),
      TypeError,
      `${name.replace('(false)', '')}(): the body must be synchronous, but it returned a Promise; await before or after the call`,
    );
    // A rejection that nobody waits for must not end the process.
    expectError(() => run(() => Promise.reject(new Error('lost'))), TypeError, /Promise/);
    await tick();
    expect(seen()).toEqual(before);
  });

  test('disposing twice does nothing', () => {
    const guard = enter();
    guard[Symbol.dispose]();
    const after = state();
    guard[Symbol.dispose]();
    expect(state()).toEqual(after);
  });
});

test('a mode that holds in an async function ends at the await, and leaving the block says so', async () => {
  const observed: boolean[] = [];
  const task = async (): Promise<void> => {
    using _ = torch.noGrad();
    observed.push(torch.isGradEnabled());
    await tick();
    // The mode is over; the code that runs here is not what the author meant, which the error says.
    observed.push(torch.isGradEnabled());
  };
  const other = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      await tick();
      observed.push(torch.isGradEnabled());
    }
  };
  const results = await Promise.allSettled([task(), other()]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  const { reason } = results[0] as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(RuntimeError);
  expect((reason as Error).message).toMatch(
    /^noGrad\(\): the block was left through an await while the mode was in force/,
  );
  expect(observed.slice(0, 1)).toEqual([false]);
  expect(observed.slice(1)).toEqual([true, true, true, true, true, true]);
});

test('the synchronous code of the caller is the one thing that a careless block reaches', async () => {
  const task = async (): Promise<void> => {
    using _ = torch.noGrad();
    await null;
  };
  const promise = task();
  // Documented: nothing in JavaScript tells that the call has come back through an await.
  expect(torch.isGradEnabled()).toBe(false);
  await expect(promise).rejects.toThrow(/left through an await/);
  expect(torch.isGradEnabled()).toBe(true);
});

test('interleaved tasks that enter modes between their awaits do not see each other', async () => {
  const task = async (mode: Mode, rounds: number): Promise<void> => {
    for (let i = 0; i < rounds; i++) {
      await (i % 2 === 0 ? tick() : null);
      expect(seen()).toEqual({ grad: true, inference: false });
      {
        using _ = mode.enter();
        expect(seen()).toEqual(mode.inside);
        expect(records()).toBe(mode.inside.grad);
      }
      expect(mode.run(seen)).toEqual(mode.inside);
    }
  };
  await Promise.all([...modes, ...modes].map((mode, i) => task(mode, 5 + i)));
});

test('transforms and autograd.functional between the awaits of other tasks are not disturbed', async () => {
  const gradients = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) {
      await tick();
      const g = torch.func.grad((x: Tensor) => x.pow(2).sum())(torch.tensor([1, 2]));
      expect(g.toArray()).toEqual([2, 4]);
      expect(torch.autograd.functional.vjp((x) => x.pow(2).sum(), torch.tensor([1, 2]))[1].toArray()).toEqual([2, 4]);
    }
  };
  const careless = async (): Promise<void> => {
    using _ = torch.inferenceMode();
    await tick();
  };
  const results = await Promise.allSettled([careless(), gradients(), careless(), gradients()]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
});

test('a guard that nobody disposes of ends with the synchronous run', async () => {
  torch.noGrad();
  expect(torch.isGradEnabled()).toBe(false);
  await null;
  expect(torch.isGradEnabled()).toBe(true);
});

test('guards out of order: the error names the later ones, and the first state is back', () => {
  const outer = torch.noGrad();
  const inner = torch.inferenceMode();
  expect(() => {
    outer[Symbol.dispose]();
  }).toThrow('noGrad(): left before inferenceMode(), entered later. Modes must be left in the reverse order');
  expect(seen()).toEqual({ grad: true, inference: false });
  inner[Symbol.dispose]();
  expect(seen()).toEqual({ grad: true, inference: false });
});

test('setGradEnabled without a body stays, over an await too', async () => {
  torch.setGradEnabled(false);
  await tick();
  expect(torch.isGradEnabled()).toBe(false);
  torch.noGrad(() => torch.setGradEnabled(true));
  expect(torch.isGradEnabled()).toBe(false);
  torch.setGradEnabled(true);
  expect(torch.isGradEnabled()).toBe(true);
});

test('setGradEnabled held over an await is an error too, after restoring', async () => {
  const task = async (): Promise<void> => {
    using _ = torch.setGradEnabled(false);
    await tick();
  };
  await expect(task()).rejects.toThrow('setGradEnabled(): the block was left through an await');
  expect(torch.isGradEnabled()).toBe(true);
});

test('wrong modes are refused', () => {
  expectError(
    () => torch.setGradEnabled(1 as never),
    TypeError,
    "setGradEnabled(): argument 'mode' must be a boolean, not number",
  );
  expectError(
    () => torch.inferenceMode(0 as never),
    TypeError,
    "inferenceMode(): argument 'mode' must be a boolean, not number",
  );
});

test('noGrad does not stop tangents', () => {
  const { dualLevel, makeDual, unpackDual } = torch.autograd.forwardAd;
  const tangent = dualLevel(() =>
    torch.noGrad(() => unpackDual(makeDual(torch.ones(2), torch.ones(2)).mul(3)).tangent),
  );
  expect(tangent?.toArray()).toEqual([3, 3]);
  expect(native.forwardGradMode()).toBe(true);
});

describe('inference mode', () => {
  test('marks what is made in it', () => {
    const made = torch.inferenceMode(() => torch.ones(2));
    expect(made.isInference()).toBe(true);
    expect(made.requiresGrad).toBe(false);
    expect(made.clone().isInference()).toBe(false);
    expect(() => made._version).toThrow('Inference tensors do not track version counter.');
  });

  test('functions of normal tensors give inference tensors, views of them stay normal', () => {
    const x = leaf();
    const [y, view] = torch.inferenceMode(() => [x.mul(2), x.view([2, 1])]);
    expect([y.isInference(), y.requiresGrad, y.isLeaf]).toEqual([true, false, true]);
    expect(view.isInference()).toBe(false);
  });

  test('an inference tensor may change in place inside, and take part outside where nothing is saved', () => {
    const x = torch.inferenceMode(() => torch.ones(2).add_(1));
    expect(x.toArray()).toEqual([2, 2]);
    expect(leaf().add(x).requiresGrad).toBe(true);
  });
});
