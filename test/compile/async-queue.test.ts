/** The queue of asynchronous calls, and what it holds. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';
import { begun, idle, slowFunction } from '../support/compile/slow';

const { threads } = torch.asyncQueue();
afterEach(async () => {
  torch.setNumThreads(threads);
  await idle();
});

describe('the queue', () => {
  afterEach(() => torch.setAsyncQueue({ limit: 1024 }));

  test('counts calls, and refuses those beyond its limit', async () => {
    torch.setNumThreads(1);
    torch.setAsyncQueue({ limit: 2 });
    const { f, x } = slowFunction(400);
    const running = f.async(x as never);
    await begun();
    const waiting = [f.async(x as never), f.async(x as never)];
    expect(torch.asyncQueue()).toMatchObject({ running: 1, waiting: 2, limit: 2, threads: 1 });
    await expect(f.async(x as never)).rejects.toThrow(/queue of asynchronous calls is full: 2 calls wait/);
    await torch.asyncQueue().ready();
    expect(torch.asyncQueue().waiting).toBeLessThan(2);
    await Promise.all([running, ...waiting, f.async(x as never)]);
    expect(torch.asyncQueue()).toMatchObject({ running: 0, waiting: 0 });
  });

  test('ready() holds back any number of callers', async () => {
    torch.setNumThreads(1);
    torch.setAsyncQueue({ limit: 1 });
    const { f, x } = slowFunction(32);
    const waiting: number[] = [];
    const results = Promise.all(
      Array.from({ length: 20 }, async () => {
        await torch.asyncQueue().ready();
        const call = f.async(x as never);
        waiting.push(torch.asyncQueue().waiting);
        return call;
      }),
    );
    await new Promise((done) => setImmediate(done));
    expect(waiting.length).toBeLessThan(4);
    expect(await results).toHaveLength(20);
    expect(Math.max(...waiting)).toBeLessThanOrEqual(1);
  });

  test('as many calls run at once as there are threads', async () => {
    const { f, x } = slowFunction(150);
    for (const count of [1, 2, 4]) {
      torch.setNumThreads(count);
      expect(torch.asyncQueue().threads).toBe(count);
      const calls = Array.from({ length: 16 }, () => f.async(x as never));
      let most = 0;
      let left = calls.length;
      for (const call of calls) void call.then(() => left--);
      while (left > 0) {
        most = Math.max(most, torch.asyncQueue().running);
        await new Promise((done) => setImmediate(done));
      }
      expect(most).toBe(count);
    }
  });

  test('the limit must be a positive integer', () => {
    for (const limit of [0, -1, 1.5, NaN, Infinity, '8', undefined]) {
      expect(() => torch.setAsyncQueue({ limit: limit as number })).toThrow(torch.ValueError);
    }
  });
});

describe('lifetime', () => {
  test('what was compiled may be dropped while it runs', async () => {
    const { f, x } = slowFunction(64);
    const pair = torch.compile((y: Tensor, n: number) => ({ a: y.mul(n), b: [f(y)] }));
    pair(x, 2);
    const expected = pair(x, 2);
    const calls = Array.from({ length: 4 }, () => pair.async(x, 2));
    pair.reset();
    torch.compiler.reset();
    for (const result of await Promise.all(calls)) expectSame(result, expected);
  });

  test('more signatures than are kept', async () => {
    const f = torch.compile((x: Tensor, n: number) => [x.mul(n)]);
    const x = torch.ones(2);
    for (let n = 0; n < 70; n++) f(x, n);
    const calls = [];
    for (let n = 0; n < 70; n++) calls.push(f.async(x, n));
    (await Promise.all(calls)).forEach(([y], n) => expect(y.toArray()).toEqual([n, n]));
  });

  test('no scope disposes of a result', async () => {
    const f = torch.compile((x: Tensor) => x.sin());
    const x = torch.ones(2);
    f(x);
    const calls: Promise<Tensor>[] = [];
    torch.scope(() => {
      calls.push(f.async(x));
    });
    expectSame(await calls[0], x.sin());
  });
});
