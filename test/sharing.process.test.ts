/** Tensors that worker threads share: their memory, versions and lifetime. */

import * as path from 'node:path';
import { runProgram } from './support/child';

const PACKAGE = JSON.stringify(path.join(__dirname, '..', 'dist', 'index.js'));

/**
 * Starts workers in the programs below: `start(body, workerData)` is a worker whose body has `torch`, `parentPort` and
 * `workerData`, `reply(worker)` its next message, and `ended(worker)` its exit.
 */
const WORKERS = `
  const { Worker, MessageChannel } = require('node:worker_threads');
  const { once } = require('node:events');
  const start = (body, workerData) => {
    const worker = new Worker(
      "const { parentPort, workerData } = require('node:worker_threads');" +
      "const torch = require(" + JSON.stringify(${PACKAGE}) + "); torch.setNumThreads(1);" + body,
      { eval: true, workerData });
    worker.on('error', (error) => { console.error(error); process.exit(1); });
    return worker;
  };
  const reply = async (worker) => (await once(worker, 'message'))[0];
  const ended = (worker) => once(worker, 'exit');
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
  // Young tokens are swept in the background.
  const collect = async () => { for (let i = 0; i < 4; i++) { gc(); await pause(20); } };
  const live = () => torch.memoryUsage().live / MB;
  const main = async () => {`;

const inWorkers = <T>(body: string, flags?: readonly string[]): Promise<T> =>
  runProgram<T>(
    `${WORKERS} ${body} };
    main().then(report, (error) => { console.error(error); process.exit(1); });`,
    flags,
  );

test('writes are seen on both sides', async () => {
  const result = await inWorkers(`
    const x = torch.zeros(2, 3);
    const worker = start(\`
      const x = torch.fromShared(workerData);
      x.index(0).fill_(5);
      parentPort.once('message', () => parentPort.postMessage({ values: x.toArray(), version: x._version }));
      parentPort.postMessage('written');\`, x.share());
    await reply(worker);
    const seen = x.toArray();
    x.index(1).fill_(7);
    worker.postMessage('written');
    return { seen, ...(await reply(worker)) };`);
  const seen = [
    [5, 5, 5],
    [0, 0, 0],
  ];
  expect(result).toEqual({ seen, values: [seen[0], [7, 7, 7]], version: 2 });
});

test('backward refuses what another thread has written to', async () => {
  const message = await inWorkers(`
    const x = torch.tensor([1, 2, 3]);
    const w = torch.ones(3, { requiresGrad: true });
    const loss = w.mul(x).sum();
    await ended(start('torch.fromShared(workerData).mul_(2)', x.share()));
    try { loss.backward(); } catch (error) { return error.message; }`);
  expect(message).toMatch(/modified by an inplace operation.*is at version 1; expected version 0/);
});

test.each([
  ['ends', 'parentPort.postMessage(token);'],
  ['is terminated', 'parentPort.postMessage(token); setInterval(() => {}, 1000);'],
])('a tensor outlives the thread that shared it and %s', async (_, end) => {
  const sums = await inWorkers(`
    const workers = [1, 2, 3].map((value) =>
      start('const x = torch.full([500_000], workerData); const token = x.share(); x.dispose();' + ${JSON.stringify(end)}, value));
    const tokens = await Promise.all(workers.map(reply));
    await Promise.all(workers.map((worker) => worker.terminate()));
    await collect();
    const sums = tokens.map((token) => torch.fromShared(token).sum().item());
    // The same tokens go on to another thread.
    const again = start('parentPort.postMessage(workerData.map((token) => torch.fromShared(token).sum().item()))', tokens);
    return [...sums, ...(await reply(again))];`);
  expect(sums).toEqual([500_000, 1_000_000, 1_500_000, 500_000, 1_000_000, 1_500_000]);
});

test('a tensor of one thread is that of eight others, each of which writes to its part', async () => {
  const values = await inWorkers(`
    const x = torch.zeros(8, 1000);
    const token = x.share();
    const body = 'const row = torch.fromShared(workerData.token).index(workerData.i);' +
      'for (let k = 0; k < 200; k++) row.add_(workerData.i);';
    await Promise.all(Array.from({ length: 8 }, (_, i) => ended(start(body, { i, token }))));
    return [...x.sum(1).toArray(), x._version];`);
  expect(values).toEqual([...Array.from({ length: 8 }, (_, i) => 200_000 * i), 1600]);
});

test('the weights of a module are those of modules on other threads', async () => {
  const result = await inWorkers(`
    torch.manualSeed(0);
    const model = new torch.nn.Sequential(new torch.nn.Linear(4, 8), new torch.nn.Tanh(), new torch.nn.Linear(8, 2));
    const worker = start(\`
      const model = new torch.nn.Sequential(new torch.nn.Linear(4, 8), new torch.nn.Tanh(), new torch.nn.Linear(8, 2));
      model.loadStateDict(torch.fromShared(workerData), { assign: true });
      const f = torch.compile((x) => model(x));
      parentPort.on('message', async (token) => {
        const x = torch.fromShared(token);
        let later;
        const now = torch.noGrad(() => { later = f.async(x); return f(x); });
        parentPort.postMessage(torch.share([now, await later]));
      });\`, torch.share(model.stateDict()));
    const x = torch.randn(3, 4);
    const same = [];
    for (let i = 0; i < 3; i++) {
      worker.postMessage(x.share());
      const results = torch.fromShared(await reply(worker));
      same.push(...results.map((y) => torch.allclose(y, model(x))));
      torch.noGrad(() => { for (const p of model.parameters()) p.mul_(1.5); });
    }
    await worker.terminate();
    return same;`);
  expect(result).toEqual(Array<boolean>(6).fill(true));
});

test('a compiled function runs on other threads, which have neither the function nor its weights', async () => {
  const result = await inWorkers(`
    torch.manualSeed(0);
    const weights = torch.randn(20, 20, { dtype: 'float64' });
    const loss = (x) => x.matmul(weights).tanh().sum();
    let calls = 0;
    const f = torch.compile((x) => { calls += 1; return { gradient: torch.func.grad(loss)(x), n: 3 }; });
    const inputs = Array.from({ length: 40 }, () => torch.randn(20, { dtype: 'float64' }));
    f(inputs[0]);
    const workers = Array.from({ length: 4 }, () => start(\`
      const { f } = torch.fromShared(workerData);
      parentPort.on('message', async (tokens) => {
        const xs = torch.fromShared(tokens);
        const results = await Promise.all(xs.map((x, i) => i % 2 === 0 ? f(x) : f.async(x)));
        parentPort.postMessage(torch.share(results));
      });\`, torch.share({ f })));
    let wrong = 0;
    for (let round = 0; round < 5; round++) {
      const replies = workers.map(reply);
      workers.forEach((worker) => worker.postMessage(torch.share(inputs)));
      for (const results of await Promise.all(replies)) {
        torch.fromShared(results).forEach(({ gradient, n }, i) => {
          // The derivative of sum(tanh(x W)) is (1 - tanh(x W)^2) W^T.
          const y = inputs[i].matmul(weights).tanh();
          if (n !== 3 || !torch.allclose(gradient, y.pow(2).neg().add(1).matmul(weights.t()))) wrong += 1;
        });
      }
      weights.mul_(0.9);
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
    return { wrong, calls };`);
  expect(result).toEqual({ wrong: 0, calls: 1 });
});

test('a compiled function outlives the thread that compiled it', async () => {
  const values = await inWorkers(`
    const worker = start("const w = torch.tensor([2, 3]); const f = torch.compile((x) => x.mul(w).sin()); f(w); parentPort.postMessage(torch.share(f));");
    const token = await reply(worker);
    await worker.terminate();
    await collect();
    const f = torch.fromShared(token);
    return [torch.allclose(f(torch.tensor([1, 1])), torch.tensor([2, 3]).sin()), (await f.async(torch.zeros(2))).toArray()];`);
  expect(values).toEqual([true, [0, 0]]);
});

describe('memory', () => {
  // Of each tensor.
  const MEGABYTES = 4;

  test.each([
    ['tokens that nobody keeps', 'for (let i = 0; i < 50; i++) make().share();'],
    [
      'messages to closed ports',
      'const { port1, port2 } = new MessageChannel(); port2.close(); await pause(20); for (let i = 0; i < 50; i++) port1.postMessage(make().share());',
    ],
    [
      'messages that were not received before their port was closed',
      'const { port1, port2 } = new MessageChannel(); for (let i = 0; i < 50; i++) port1.postMessage(make().share()); await pause(20); port2.close(); await pause(20);',
    ],
    [
      'messages to a worker that is terminated before it receives them',
      `const worker = start("parentPort.postMessage(1); for (;;);"); await reply(worker);
       for (let i = 0; i < 50; i++) worker.postMessage(make().share()); await worker.terminate();`,
    ],
    [
      'tensors of a worker that is terminated',
      `const worker = start("const kept = []; parentPort.on('message', (token) => { kept.push(torch.fromShared(token)); parentPort.postMessage(kept.length); });");
       for (let i = 0; i < 50; i++) { worker.postMessage(make().share()); await reply(worker); } await worker.terminate();`,
    ],
    [
      'typed arrays that nobody keeps, and tensors over them',
      'for (let i = 0; i < 50; i++) torch.frombuffer(make().sharedData());',
    ],
  ])('of %s is freed', async (_, body) => {
    const [before, after] = await inWorkers<number[]>(`
      const make = () => torch.ones(${MEGABYTES} * MB / 4);
      await collect();
      const before = live();
      await (async () => { ${body} })();
      await collect();
      return [before, live()];`);
    // Perhaps the last one is still in a register of the interpreter.
    expect(after - before).toBeLessThanOrEqual(2 * MEGABYTES);
  });

  test('is there as long as one of them has the tensor', async () => {
    const readings = await inWorkers<number[]>(`
      let x = torch.ones(64 * MB / 4);
      const readings = [live()];
      const worker = start("let x = torch.fromShared(workerData); parentPort.on('message', () => { x.dispose(); x = null; parentPort.postMessage(0); }); parentPort.postMessage(x.shape[0]);", x.share());
      await reply(worker);
      x.dispose();
      await collect();
      readings.push(live());
      worker.postMessage('dispose');
      await reply(worker);
      await worker.terminate();
      await collect();
      readings.push(live());
      return readings;`);
    expect(readings.map((reading) => reading >= 64)).toEqual([true, true, false]);
  });

  test('is flat over 100,000 tokens', async () => {
    const [lost, used, sent] = await inWorkers<number[]>(
      `
      const x = torch.ones(10);
      const grown = async (count, body) => {
        const repeat = async () => { for (let i = 0; i < count; i++) body(); await collect(); return rss(); };
        await repeat();
        const before = await repeat();
        return (await repeat()) - before;
      };
      const { port1, port2 } = new MessageChannel();
      const { receiveMessageOnPort } = require('node:worker_threads');
      const result = [
        await grown(40_000, () => torch.ones(10).share()),
        await grown(40_000, () => torch.scope(() => { torch.fromShared(x.share()); })),
        await grown(20_000, () => { port1.postMessage(torch.ones(10).share()); receiveMessageOnPort(port2); }),
      ];
      port1.close();
      return result;`,
      ['--max-semi-space-size=1'],
    );
    // 100 bytes for each would be 4 MB.
    for (const growth of [lost, used, sent]) expect(growth).toBeLessThan(3);
  });
});

test('workers that are terminated while they share', async () => {
  const result = await inWorkers(`
    const x = torch.zeros(1000);
    const body = \`
      const tensors = [torch.fromShared(workerData)];
      parentPort.on('message', (token) => tensors.push(torch.fromShared(token)));
      const step = () => {
        for (let i = 0; i < 5; i++) {
          const y = torch.ones(100_000).mul(i);
          parentPort.postMessage(y.share());
          tensors[0].sharedData()[0] = i;
          if (tensors.length > 10) tensors.splice(1, 5).forEach((x) => x.dispose());
        }
        setTimeout(step, 2);
      };
      step();\`;
    let received = 0;
    const failures = [];
    for (let round = 0; round < 6; round++) {
      const workers = [0, 1].map(() => start(body, x.share()));
      for (const worker of workers) {
        worker.on('message', (token) => {
          const y = torch.fromShared(token);
          if (!y.eq(y.index(0)).all().item()) failures.push(y.toString());
          received += 1;
          for (const other of workers) other.postMessage(token);
          y.dispose();
        });
      }
      await Promise.all(workers.map(reply));
      await pause(Math.random() * 60);
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
    return { failures, received: received >= 12 };`);
  expect(result).toEqual({ failures: [], received: true });
});
