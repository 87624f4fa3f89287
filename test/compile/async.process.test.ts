/** Asynchronous calls and the end of threads and processes, memory, and the event loop. */

import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { runProgram } from '../support/child';

const PACKAGE = JSON.stringify(path.join(__dirname, '..', '..', 'dist', 'index.js'));

/** A compiled function of 60 steps and its argument: `slow` takes some 100 ms on one thread, and `x` is small. */
const SLOW = `
  const slow = torch.compile((x) => {
    let y = x;
    for (let i = 0; i < 60; i++) y = y.matmul(x).tanh();
    return y;
  });
  const x = torch.eye(300);
  slow(x);`;

/** Runs a program that may end in any way; fails if a signal ended it. */
async function ending(body: string): Promise<{ code: number; output: string }> {
  const source = `const torch = require(${PACKAGE}); ${body}`;
  const [code, output] = await promisify(execFile)(process.execPath, ['-e', source], { timeout: 100_000 }).then(
    ({ stdout }) => [0, stdout] as const,
    (error: { code: number | null; signal: string | null; stdout: string; stderr: string }) => {
      if (typeof error.code !== 'number') throw new Error(`ended by ${error.signal}: ${error.stderr}`);
      return [error.code, error.stdout] as const;
    },
  );
  return { code, output };
}

describe('the end of the process', () => {
  test('comes after the calls in flight', async () => {
    const { code, output } = await ending(`${SLOW} slow.async(x).then((y) => console.log(y.shape.join()));`);
    expect([code, output]).toEqual([0, '300,300\n']);
  });

  test.each([
    ['process.exit()', `process.exit(7)`, 7],
    ['an error', `throw new Error('on purpose')`, 1],
  ])('by %s with calls in flight', async (_, end, expected) => {
    for (const wait of ['setImmediate', 'setTimeout']) {
      const { code } = await ending(`${SLOW}
        for (let i = 0; i < 20; i++) slow.async(x);
        ${wait}(() => { ${end}; }, 20);`);
      expect(code).toBe(expected);
    }
  });

  test('of a rejected call that nobody awaits is that of other Promises', async () => {
    const { code } = await ending(`
      const f = torch.compile((x, i) => x.gather(0, i).sin());
      const index = (n) => torch.tensor([n], { dtype: 'int64' });
      f(torch.ones(3), index(0));
      f.async(torch.ones(3), index(9));`);
    expect(code).toBe(1);
  });
});

describe('the end of a worker', () => {
  const WORKER = JSON.stringify(`
    const torch = require(${PACKAGE});
    ${SLOW}
    const { parentPort } = require('node:worker_threads');
    const calls = Array.from({ length: 20 }, () => slow.async(x, { signal: new AbortController().signal }));
    parentPort.postMessage('started');
    Promise.all(calls).then(() => parentPort.postMessage('done'));`);

  test('with calls in flight leaves the other threads alone', async () => {
    const result = await runProgram<{ sums: number[]; expected: number }>(`
      const { Worker } = require('node:worker_threads');
      torch.setNumThreads(2);
      ${SLOW}
      (async () => {
        const expected = slow(x).sum().item();
        const sums = [];
        for (let i = 0; i < 6; i++) {
          const worker = new Worker(${WORKER}, { eval: true });
          await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
          const call = slow.async(x);
          await new Promise((resolve) => setTimeout(resolve, 15 * i));
          await worker.terminate();
          sums.push((await call).sum().item());
        }
        report({ sums, expected });
      })();`);
    expect(result.sums).toEqual(Array(6).fill(result.expected));
  });

  test('that alone has loaded the package', async () => {
    const source = `
      const { Worker } = require('node:worker_threads');
      (async () => {
        for (let i = 0; i < 3; i++) {
          const worker = new Worker(${WORKER}, { eval: true });
          await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
          await worker.terminate();
        }
        await new Promise((resolve) => setTimeout(resolve, 300));
        console.log('alive');
      })();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', source], { timeout: 100_000 });
    expect(stdout).toBe('alive\n');
  });

  test('after its calls is clean', async () => {
    const messages = await runProgram<string[]>(`
      const { Worker } = require('node:worker_threads');
      const messages = [];
      new Worker(${WORKER}, { eval: true }).on('message', (m) => messages.push(m)).on('exit', (code) => report([...messages, code]));`);
    expect(messages).toEqual(['started', 'done', 0]);
  });
});

describe('memory', () => {
  test('results that nothing refers to are reclaimed, and snapshots are not kept', async () => {
    const { growth, tensors, live } = await runProgram<{ growth: number; tensors: number; live: number }>(`
      const f = torch.compile((x, i) => [x.sin(), x.gather(0, i)]);
      const x = torch.ones(1_000_000);
      const index = (n) => torch.tensor([n], { dtype: 'int64' });
      const [good, bad] = [index(2), index(2_000_000)];
      f(x, good);
      const round = async () => {
        const controller = new AbortController();
        const calls = [f.async(x, good), f.async(x, bad), f.async(x, good, { signal: controller.signal })];
        controller.abort();
        await Promise.allSettled(calls);
      };
      (async () => {
        for (let i = 0; i < 50; i++) await round();
        const start = [rss(), torch.memoryUsage()];
        const before = peak();
        for (let i = 0; i < 1000; i++) await round();
        while (torch.asyncQueue().running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
        const growth = peak() - before;
        await new Promise((resolve) => setTimeout(resolve, 5));
        rss();
        const end = torch.memoryUsage();
        report({ growth, tensors: end.tensors - start[1].tensors, live: end.live - start[1].live });
      })();`);
    // 1000 results of 4 MB
    expect(growth).toBeLessThan(400);
    expect(tensors).toBeLessThanOrEqual(0);
    expect(live).toBeLessThanOrEqual(0);
  });
});

test('a write copies memory only while a call holds it', async () => {
  const { held, after, during } = await runProgram<Record<'held' | 'after' | 'during', number>>(`
    const f = torch.compile((x) => x.sin().sum());
    const x = torch.ones(1_000_000);
    f(x);
    const live = () => (gc(), torch.memoryUsage().live);
    (async () => {
      await f.async(x);
      const before = live();
      await f.async(x);
      const held = live() - before;
      x.add_(1);
      const after = live() - before;
      const calls = Array.from({ length: 8 }, () => f.async(x));
      x.add_(1);
      const during = torch.memoryUsage().live - before;
      await Promise.all(calls);
      report({ held, after, during });
    })();`);
  expect([held, after]).toEqual([0, 0]);
  // One copy for all calls.
  expect(during).toBeGreaterThanOrEqual(4e6);
  expect(during).toBeLessThan(6e6);
});

describe('the event loop', () => {
  test('goes on with timers and files while calls run', async () => {
    const { ticks, reads, milliseconds } = await runProgram<Record<'ticks' | 'reads' | 'milliseconds', number>>(`
      const fs = require('node:fs/promises');
      torch.setNumThreads(4);
      ${SLOW}
      (async () => {
        let isDone = false, ticks = 0, reads = 0;
        const start = performance.now();
        const calls = Promise.all(Array.from({ length: 12 }, () => slow.async(x))).then(() => { isDone = true; });
        const timer = setInterval(() => ticks++, 5);
        while (!isDone) {
          await fs.readFile(${PACKAGE});
          reads++;
        }
        clearInterval(timer);
        report({ ticks, reads, milliseconds: performance.now() - start });
      })();`);
    expect(ticks).toBeGreaterThan(milliseconds / 50);
    expect(reads).toBeGreaterThan(milliseconds / 50);
  });
});
