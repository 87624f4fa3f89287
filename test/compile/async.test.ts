/** Calls of compiled functions off the event loop. The oracles are synchronous calls, eager execution and closed forms. */

import { getEventListeners } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';
import { begun, idle, slowFunction } from '../support/compile/slow';

const { grad, vmap, jacrev } = torch.func;

beforeEach(() => {
  torch.manualSeed(0);
});

const { threads } = torch.asyncQueue();
afterEach(async () => {
  torch.setNumThreads(threads);
  await idle();
});

const map = (x: Tensor) => torch.stack([x.prod(), x.select(0, 0).sin(), x.select(0, 1).exp()]);

describe('results', () => {
  const weight = torch.tensor([0.5, 2]);
  test.each<[string, (...args: never[]) => unknown, () => unknown[]]>([
    ['a tensor', vmap(jacrev(map)), () => [torch.randn([7, 2])]],
    ['a gradient of a closure', grad((x: Tensor) => x.mul(weight).sin().sum()), () => [torch.randn([2])]],
    [
      'a tree with constants, one tensor twice, and a view of another',
      (x: Tensor, { scale }: { scale: number }) => {
        const y = x.mul(scale);
        return { y, again: y, part: y.select(0, 0), text: 'text', list: [x.sin(), null] };
      },
      () => [torch.randn([3, 2]), { scale: 3 }],
    ],
    ['a library call', (x: Tensor) => torch.linalg.eigvalsh(x.mul(x.T)), () => [torch.randn([4, 4])]],
    ['float64 without dimensions', (x: Tensor) => x.exp(), () => [torch.tensor(0.3, { dtype: 'float64' })]],
    ['a constant', (x: Tensor) => [x.cos(), torch.tensor([1, 2])], () => [torch.randn([2])]],
  ] as [string, (...args: never[]) => unknown, () => unknown[]][])('%s', async (_, f, args) => {
    const compiled = torch.compile(f, { fullgraph: true }) as torch.Compiled & typeof f;
    for (let i = 0; i < 3; i++) {
      const given = args() as never[];
      const expected = f(...given);
      expectSame(await compiled.async(...given), expected);
    }
    expect(compiled.explain()[0].blocking).toBeNull();
  });

  test('a tensor that the function returns twice is one object, and an argument is itself', async () => {
    const f = torch.compile((x: Tensor) => {
      const y = x.sin();
      return [y, y, x] as const;
    });
    const x = torch.randn([2]);
    f(x);
    const [first, second, third] = await f.async(x);
    expect(first).toBe(second);
    expect(third).toBe(x);
  });

  test('a view of an argument shares its memory, as after a synchronous call', async () => {
    const f = torch.compile((x: Tensor) => [x.select(0, 1), x.sum()] as const);
    const x = torch.ones(2, 2);
    f(x);
    const [row] = await f.async(x);
    const version = x._version;
    row.add_(5);
    expect(x.toArray()).toEqual([
      [1, 1],
      [6, 6],
    ]);
    expect(x._version).toBe(version + 1);
  });

  test('calls in flight at once have their own memory', async () => {
    const { f, x } = slowFunction(48);
    const inputs = Array.from({ length: 12 }, (_, i) => x.mul(1 + i / 10));
    const expected = inputs.map((input) => f(input));
    const results = await Promise.all(inputs.map((input) => f.async(input as never)));
    results.forEach((result, i) => expectSame(result, expected[i]));
  });

  test('modes of the caller hold for the call', async () => {
    const f = torch.compile((x: Tensor) => x.sin());
    const x = torch.inferenceMode(() => torch.ones(2));
    // The body of a mode must not return a Promise.
    const callIn = (mode: (body: () => void) => void, argument: Tensor): Promise<Tensor> => {
      let call: Promise<Tensor>;
      mode(() => {
        call = f.async(argument);
      });
      return call!;
    };
    for (let i = 0; i < 2; i++) expect((await callIn(torch.inferenceMode, x)).isInference()).toBe(true);
    const parameter = torch.ones(2).requiresGrad_();
    torch.noGrad(() => f(parameter));
    expect((await callIn(torch.noGrad, parameter)).requiresGrad).toBe(false);
    // With a graph the function runs as if it were not compiled.
    const y = await f.async(parameter);
    y.sum().backward();
    expectSame(parameter.grad, torch.ones(2).cos());
  });

  test('another size of a dynamic dimension', async () => {
    const f = torch.compile((x: Tensor) => x.sub(x.mean(0)), { dynamic: true });
    for (const n of [2, 3, 4, 5, 4]) {
      const x = torch.randn([n, 3]);
      expectSame(await f.async(x), x.sub(x.mean(0)));
    }
    expect(f.explain()[0].signature).toBe('Float[n, 3]');
  });

  test.each(['eager', 'aot_eager'] as const)('backend %s', async (backend) => {
    const f = torch.compile((x: Tensor) => x.sin().mul(weight), { backend });
    const x = torch.randn([2]);
    for (let i = 0; i < 2; i++) expectSame(await f.async(x), x.sin().mul(weight));
  });
});

describe('what a call sees', () => {
  test('is what its argument held, whatever is written to it or to a view of it meanwhile', async () => {
    const { f, x } = slowFunction(64);
    const expected = f(x);
    const row = x.select(0, 3);
    const calls = [f.async(x as never)];
    row.fill_(7);
    const later = x.clone();
    calls.push(f.async(x as never));
    x.zero_();
    expectSame((await Promise.all(calls)) as Tensor[], [expected, f(later)]);
    expect(x.abs().max().item()).toBe(0);
    expect(row.abs().max().item()).toBe(0);
  });

  test('includes the tensors from outside', async () => {
    const weight = torch.ones(300, 300);
    const f = torch.compile((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 20; i++) y = y.matmul(weight).mul(1 / 300);
      return y;
    });
    const x = torch.ones(300, 300);
    f(x);
    expect(f.explain()[0].blocking).toBeNull();
    const calls = [f.async(x)];
    weight.mul_(0);
    calls.push(f.async(x));
    const [before, after] = await Promise.all(calls);
    expect([before.min().item(), before.max().item()].map(Math.fround)).toEqual([1, 1].map(expect.closeTo));
    expect(after.abs().max().item()).toBe(0);
  });

  test('outlives disposal', async () => {
    const { f, x } = slowFunction(64);
    const expected = f(x);
    const calls = Array.from({ length: 4 }, () => f.async(x as never));
    x.dispose();
    for (const result of await Promise.all(calls)) expectSame(result, expected);
    await expect(f.async(x as never)).rejects.toThrow(/has been disposed of/);
  });

  test('may lie in a mapped file', async () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-async-')), 'x.safetensors');
    torch.safetensors.saveFile({ w: torch.ones(300, 300), x: torch.ones(300, 300) }, file);
    const { w, x } = torch.safetensors.loadFile(file);
    fs.rmSync(path.dirname(file), { recursive: true });
    const f = torch.compile((y: Tensor) => y.matmul(w).matmul(w).sum());
    f(x);
    const expected = f(x).item();
    for (const write of [false, true]) {
      const calls = [f.async(x), f.async(x)];
      if (write) w.zero_();
      if (write) x.zero_();
      for (const y of await Promise.all(calls)) expect(y.item()).toBe(expected);
    }
    expect([w.abs().max().item(), x.abs().max().item()]).toEqual([0, 0]);
  });
});

describe('order', () => {
  test('writes to arguments and random numbers come in the order of the calls', async () => {
    const add = torch.compile((x: Tensor, y: Tensor) => x.add_(y).mul(2));
    const noise = torch.compile((x: Tensor) => torch.rand([3]).add(x));
    const x = torch.zeros(3);
    const ones = torch.ones(3);
    add(torch.zeros(3), ones);
    noise(ones);
    expect(add.explain()[0].blocking).toMatch(/writes/);
    expect(noise.explain()[0].blocking).toMatch(/random/);
    torch.manualSeed(3);
    const calls = [add.async(x, ones), noise.async(x), add.async(x, ones), noise.async(x)];
    const results = await Promise.all(calls);
    torch.manualSeed(3);
    const [first, second] = [torch.rand([3]), torch.rand([3])];
    expectSame(results, [ones.mul(2), first.add(1), ones.mul(4), second.add(2)]);
    expect(x.toArray()).toEqual([2, 2, 2]);
  });

  test('calls start in their order', async () => {
    torch.setNumThreads(1);
    const { f, x } = slowFunction(32);
    const order: number[] = [];
    await Promise.all(Array.from({ length: 9 }, (_, i) => f.async(x as never).then(() => order.push(i))));
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('a function that reads values runs at once, and again where they differ', async () => {
    const f = torch.compile((x: Tensor) => x.index(x.gt(0)).sqrt());
    expectSame(await f.async(torch.tensor([4, -1])), torch.tensor([2]));
    expectSame(await f.async(torch.tensor([9, 25])), torch.tensor([3, 5]));
    expect(f.explain()[0].blocking).toMatch(/values/);
  });
});

describe('errors', () => {
  const pick = (x: Tensor, i: Tensor) => x.gather(0, i).sin();
  const x = torch.randn([3]);
  const good = torch.tensor([0, 2], { dtype: 'int64' });
  const bad = torch.tensor([0, 9], { dtype: 'int64' });

  test('have the class, the message and the call site of the synchronous call', async () => {
    const f = torch.compile(pick, { fullgraph: true });
    f(x, good);
    expect(f.explain()[0].blocking).toBeNull();
    const errorOf = (call: () => unknown): Error => {
      try {
        call();
      } catch (error) {
        return error as Error;
      }
      throw new Error('no error');
    };
    const expected = errorOf(() => f(x, bad));
    let above = '';
    function callSite(): Promise<Tensor> {
      above = new Error().stack!;
      return f.async(x, bad);
    }
    const error = await callSite().then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    const lineOf = (frame: string): number => Number(/async\.test\.ts:(\d+)/.exec(frame)![1]);
    expect(error).toBeInstanceOf(expected.constructor);
    expect(error!.message).toBe(expected.message);
    const [first, second] = error!.stack!.split('\n').filter((line) => line.startsWith('    at'));
    expect(error!.stack).toContain(`${expected.name}: ${expected.message}\n`);
    expect(lineOf(first)).toBe(lineOf(above) + 1);
    expect(lineOf(second)).toBeGreaterThan(lineOf(first));
    expectSame(await f.async(x, good), pick(x, good));
  });

  test('of the recorded call, of wrong arguments and of transforms come through the Promise', async () => {
    const f = torch.compile(pick);
    await expect(f.async(x, bad)).rejects.toThrow(torch.RuntimeError);
    await expect(f.async(x, Array(2) as never)).rejects.toThrow(/holes/);
    const calls: Promise<unknown>[] = [];
    vmap((row: Tensor) => {
      calls.push(f.async(row, good));
      return row;
    })(torch.ones(2, 3));
    await expect(calls[0]).rejects.toThrow(/async\(\): inside a transform/);
  });
});

describe('signals', () => {
  test('an aborted signal refuses the call', async () => {
    const f = torch.compile(map);
    const spy = jest.fn(map);
    await expect(torch.compile(spy).async(torch.ones(2), { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }) as never,
    );
    expect(spy).not.toHaveBeenCalled();
    await expect(f.async(torch.ones(2), { signal: AbortSignal.abort('no') })).rejects.toBe('no');
  });

  test('a call that waits is withdrawn', async () => {
    torch.setNumThreads(1);
    const { f, x } = slowFunction(500);
    const first = f.async(x as never);
    await begun();
    const controller = new AbortController();
    const second = f.async(x as never, { signal: controller.signal } as never);
    expect(torch.asyncQueue().waiting).toBe(1);
    controller.abort(new Error('enough'));
    expect(torch.asyncQueue().waiting).toBe(0);
    await expect(second).rejects.toThrow('enough');
    expectSame(await first, f(x));
  });

  test('a call that runs ends between two steps', async () => {
    torch.setNumThreads(1);
    const { f, x } = slowFunction(400);
    const start = performance.now();
    f(x);
    const whole = performance.now() - start;
    const controller = new AbortController();
    const call = f.async(x as never, { signal: controller.signal } as never);
    await begun();
    const aborted = performance.now();
    controller.abort();
    await expect(call).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }) as never);
    await idle();
    // One of 60 steps may still run.
    expect(performance.now() - aborted).toBeLessThan(whole / 2);
  });

  test('a program over many points ends between two pieces', async () => {
    torch.setNumThreads(1);
    const f = torch.compile((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 120; i++) y = y.sin().exp();
      return y.sum();
    });
    const x = torch.ones(2_000_000);
    f(x);
    const start = performance.now();
    f(x);
    const whole = performance.now() - start;
    const controller = new AbortController();
    const call = f.async(x, { signal: controller.signal });
    await begun();
    const aborted = performance.now();
    controller.abort();
    await expect(call).rejects.toThrow();
    await idle();
    expect(performance.now() - aborted).toBeLessThan(whole / 2);
  });

  test('no listener stays behind, and an abort after the end has no effect', async () => {
    const f = torch.compile(map);
    const x = torch.ones(2);
    f(x);
    const { signal, abort } = ((controller) => ({ signal: controller.signal, abort: () => controller.abort() }))(
      new AbortController(),
    );
    const call = f.async(x, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    const y = await call;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    abort();
    expectSame(y, f(x));
  });

  test('only an object with an AbortSignal and nothing else is taken for options', async () => {
    const received: unknown[][] = [];
    const f = torch.compile((...args: unknown[]) => {
      received.push(args);
      return (args[0] as Tensor).sin();
    });
    const x = torch.ones(2);
    const { signal } = new AbortController();
    const arguments_ = [{ signal: x }, { signal: undefined }, { signal, x }, {}, signal];
    for (const argument of arguments_) await f.async(x, argument);
    await f.async(x, { signal });
    expect(received.map((args) => args.length)).toEqual([2, 2, 2, 2, 2, 1]);
  });
});
