/** Worker threads: each has its own levels, modes and tensors, and ends cleanly. */

import { execFileSync, spawnSync } from 'node:child_process';
import * as path from 'node:path';

const PACKAGE = JSON.stringify(path.join(__dirname, '..', 'dist', 'index.js'));

/** Runs a program of several threads in a process of its own; `run(body)` starts one. */
function program(main: string): string {
  const source = `
    const { Worker } = require('node:worker_threads');
    const run = (body, workerData, resourceLimits) => new Promise((resolve, reject) => {
      const worker = new Worker(
        "const { parentPort, workerData } = require('node:worker_threads');" +
        "const torch = require(" + JSON.stringify(${PACKAGE}) + "); torch.setNumThreads(1);" + body,
        { eval: true, workerData, resourceLimits });
      let message;
      worker.on('message', (m) => { message = m; });
      worker.on('error', reject);
      worker.on('exit', (code) => code === 0 ? resolve(message) : reject(new Error('exit code ' + code)));
    });
    (async () => { ${main} })().then(
      (result) => process.stdout.write(JSON.stringify(result)),
      (error) => { console.error(error); process.exit(1); });`;
  return execFileSync(process.execPath, ['-e', source], { encoding: 'utf8', timeout: 100_000 });
}

const TRANSFORM = `
  const { vmap } = torch;
  const { jacrev, hessian, grad, jvp } = torch.func;
  let sum = 0;
  for (let i = 0; i < 200; i++) {
    const x = torch.tensor([1, 2, 3], { dtype: 'float64' }).mul(workerData);
    sum += vmap(jacrev((t) => t.sin().cumsum(0)))(torch.stack([x, x])).sum().item();
    sum += hessian((t) => t.softmax(0).mul(t).sum())(x).abs().sum().item();
    sum += jvp((t) => grad((s) => s.pow(3).sum())(t), [x], [x])[1].sum().item();
  }
  parentPort.postMessage(sum);`;

test('two threads transform at once, and get what one alone gets', () => {
  const [together, alone] = JSON.parse(
    program(`
      const body = ${JSON.stringify(TRANSFORM)};
      const together = await Promise.all([run(body, 1), run(body, 2)]);
      const alone = [await run(body, 1), await run(body, 2)];
      return [together, alone];`),
  ) as [number[], number[]];
  expect(together).toEqual(alone);
  expect(together[0]).not.toBe(together[1]);
});

test('the main thread goes on with its own levels while a worker runs', () => {
  const output = program(`
    const torch = require(${PACKAGE});
    const started = run(${JSON.stringify(TRANSFORM)}, 1);
    const values = [];
    for (let i = 0; i < 50; i++) {
      values.push(torch.func.grad((t) => t.pow(2).sum())(torch.tensor([i])).item());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await started;
    return values;`);
  expect(JSON.parse(output)).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i));
});

const COMPILE = `
  const { vmap } = torch;
  const { jacrev, hessian } = torch.func;
  const outside = torch.tensor([1, 2, 3], { dtype: 'float64' }).mul(workerData);
  const sums = [];
  // Every round compiles new functions, so that the recordings of the threads overlap.
  for (let i = 0; i < 15; i++) {
    const plain = (t) => vmap(jacrev((s) => s.sin().mul(outside).cumsum(0).add(i)))(t).add(hessian((s) => s.prod().exp())(t.select(0, 0)));
    const compiled = torch.compile(plain, { fullgraph: true });
    const x = torch.randn([2, 3], { dtype: 'float64', generator: new torch.Generator().manualSeed(i) });
    const [first, second, expected] = [compiled(x), compiled(x.mul(2)), [plain(x), plain(x.mul(2))]];
    if (!torch.allclose(first, expected[0]) || !torch.allclose(second, expected[1])) throw new Error('round ' + i);
    sums.push(first.sum().item() + second.sum().item());
  }
  parentPort.postMessage(sums);`;

test('two threads compile at once, and each records its own operators', () => {
  const [together, alone] = JSON.parse(
    program(`
      const body = ${JSON.stringify(COMPILE)};
      const together = await Promise.all([run(body, 1), run(body, 2)]);
      const alone = [await run(body, 1), await run(body, 2)];
      return [together, alone];`),
  ) as [number[][], number[][]];
  expect(together).toEqual(alone);
  expect(together[0]).not.toEqual(together[1]);
});

test('the grad mode of a thread is its own', () => {
  const output = program(`
    const torch = require(${PACKAGE});
    // The main thread stays in the mode, without returning to its event loop, until the worker has looked.
    const shared = new Int32Array(new SharedArrayBuffer(8));
    let done;
    const inMain = torch.noGrad(() => {
      done = run(
        'workerData[1] = torch.isGradEnabled() ? 1 : 2; workerData[0] = 1; Atomics.notify(workerData, 0);', shared);
      Atomics.wait(shared, 0, 0, 30000);
      return torch.isGradEnabled();
    });
    await done;
    return [shared[1] === 1, inMain, torch.isGradEnabled()];`);
  expect(JSON.parse(output)).toEqual([true, false, true]);
});

test("an error inside a transform is the worker's error, and the process lives", () => {
  const output = program(`
    const messages = [];
    for (let i = 0; i < 3; i++) {
      await run("torch.func.grad(() => { throw new Error('from the worker'); })(torch.ones(2));")
        .catch((error) => messages.push(error.message));
    }
    return messages;`);
  expect(JSON.parse(output)).toEqual(['from the worker', 'from the worker', 'from the worker']);
});

test('threads that end in the middle of things', () => {
  const output = program(`
    // With tensors alive, inside a transform, by process.exit, and terminated from outside.
    await run('globalThis.kept = Array.from({ length: 1000 }, () => torch.ones(100));');
    await run('torch.func.grad((t) => { process.exit(0); })(torch.ones(2));');
    await run('const guard = torch.noGrad(); globalThis.g = guard;');
    const worker = new Worker(
      'const torch = require(' + JSON.stringify(${PACKAGE}) + ');' +
      'require("node:worker_threads").parentPort.postMessage(1);' +
      'const x = torch.ones(8); for (;;) torch.vmap(torch.func.jacrev((t) => t.sin()))(torch.stack([x, x]));',
      { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await worker.terminate();
    return await run('parentPort.postMessage(torch.func.grad((t) => t.sum())(torch.ones(2)).toArray())');`);
  expect(JSON.parse(output)).toEqual([1, 1]);
});

// What a worker may be in the middle of. The environment of a terminated worker can receive no error.
const ENDLESS = {
  scopes: 'for (;;) torch.scope(() => torch.ones(3).sin());',
  errors: 'for (;;) { try { torch.ones(2).add(torch.ones(3)); } catch {} try { torch.ones(2).sum("x"); } catch {} }',
  values: 'for (;;) { const x = torch.ones(3); x.data(); x.toArray(); String(x); x.index(0); x.split(1); x.max(0); }',
  hooks: `for (;;) {
    const x = torch.ones(3, { requiresGrad: true });
    x.registerHook((g) => g.mul(2));
    torch.autograd.graph.savedTensorsHooks((t) => t, (t) => t, () => x.exp().sum().backward());
  }`,
  'custom functions': `
    class Twice extends torch.autograd.Function {
      static forward(x) { return x.mul(2); }
      static setupContext(ctx, [x]) { ctx.saveForBackward(x); }
      static backward(ctx, g) { return g.mul(2); }
      static jvp(ctx, t) { return t.mul(2); }
    }
    const x = torch.ones(3);
    for (;;) { torch.func.grad((t) => Twice.apply(t).sum())(x); torch.func.jvp((t) => Twice.apply(t), [x], [x]); }`,
  transforms: 'for (;;) torch.func.hessian((x) => x.sin().sum())(torch.ones(3));',
};

test.each(Object.entries(ENDLESS))('workers that are terminated in the middle of %s', (_, body) => {
  const output = program(`
    const code = (before, after) => "const { parentPort } = require('node:worker_threads');" + before +
      'const torch = require(' + JSON.stringify(${PACKAGE}) + ');' + after + ${JSON.stringify(body)};
    const started = "parentPort.postMessage('started');";
    for (let i = 0; i < 24; i++) {
      // Every fourth one while it still loads the package.
      const loading = i % 4 === 3;
      const worker = new Worker(loading ? code(started, '') : code('', started), { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (loading ? 200 : 40)));
      await worker.terminate();
    }
    return 'survived';`);
  expect(JSON.parse(output)).toBe('survived');
});

// PyTorch's test_deep_reentrant nests 2,000; the default stack of a worker has room for fewer than 1,000.
test('2,000 backward passes inside one another, in a worker with a stack of 32 MB', () => {
  const body = `
    class Nested extends torch.autograd.Function {
      static forward(ctx, x) { ctx.saveForBackward(x); return x.mul(1); }
      static backward(ctx, g) {
        if (depth === 2000) return g;
        depth += 1;
        const t = ctx.savedTensors[0].detach().requiresGrad_();
        return torch.enableGrad(() => torch.autograd.grad(Nested.apply(t), t, g.mul(1.001))[0]);
      }
    }
    const x = torch.ones(1, { dtype: 'float64', requiresGrad: true });
    let depth = 0;
    const run = () => torch.autograd.grad(Nested.apply(x), x)[0].item();
    let value;
    try { value = run(); } catch (error) { value = error.message; }
    parentPort.postMessage({ value, depth });`;
  const [small, large] = JSON.parse(
    program(`
      const body = ${JSON.stringify(body)};
      return [await run(body), await run(body, null, { stackSizeMb: 32 })];`),
  ) as { value: unknown; depth: number }[];
  expect(small.value).toMatch(
    /backward passes are nested, .* a worker with more resourceLimits\.stackSizeMb allows more/,
  );
  expect(large.depth).toBe(2000);
  expect(large.value).toBeCloseTo(1.001 ** 2000, 10);
});

test('process.exit while workers compute has its exit code', () => {
  const body = `const torch = require(${PACKAGE}); const x = torch.ones(3);
    for (;;) { torch.vmap(torch.func.grad((t) => t.pow(3)))(x).toArray(); torch.scope(() => x.sin()); x.split(1); }`;
  const main = `
    const { Worker } = require('node:worker_threads');
    require(${PACKAGE});
    for (let i = 0; i < 4; i++) new Worker(${JSON.stringify(body)}, { eval: true });
    setTimeout(() => process.exit(3), 600 + 600 * Math.random());`;
  for (let i = 0; i < 12; i++) {
    const { status, signal, stderr } = spawnSync(process.execPath, ['-e', main], { encoding: 'utf8' });
    expect({ status, signal, stderr }).toEqual({ status: 3, signal: null, stderr: '' });
  }
});

test('many threads, one after another', () => {
  const output = program(`
    let sum = 0;
    for (let i = 0; i < 15; i++) sum += await run('parentPort.postMessage(torch.ones(3).sum().item())');
    return sum;`);
  expect(JSON.parse(output)).toBe(45);
});
