/** Collections that the addon provokes, in programs that replace what they need, and memory that no collection frees. */

import { runProgram } from '../support/child';

jest.setTimeout(300_000);

test('timers and gc of the global object that a test replaces change nothing', async () => {
  const growth = await runProgram<number>(`
    globalThis.setInterval = () => 5;
    globalThis.gc = () => { throw new Error('mocked gc'); };
    torch.ones(3_000_000);
    const before = peak();
    for (let i = 0; i < 200; i++) torch.ones(3_000_000);
    report(peak() - before);
  `);
  // 200 tensors take 2,300 MB.
  expect(growth).toBeLessThan(400);
});

test('a collection that fails at the limit of the stack does not end those after it', async () => {
  const growth = await runProgram<number>(`
    let done = false;
    const recurse = () => {
      try { recurse(); } catch {}
      if (done) return;
      try { torch.ones(9_000_000); done = true; } catch {}
    };
    recurse();
    const before = peak();
    for (let i = 0; i < 200; i++) torch.ones(3_000_000);
    report(peak() - before);
  `);
  expect(growth).toBeLessThan(400);
});

test('tensors of files are collected', async () => {
  const growth = await runProgram<number>(`
    const fs = require('fs'), os = require('os'), path = require('path');
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'file-')), 'x');
    fs.writeFileSync(file, Buffer.alloc(40_000_000));
    (async () => {
      const before = peak();
      for (let i = 0; i < 60; i++) {
        torch.fromFile(file, false, 10_000_000).fill_(1);
        await new Promise(setImmediate);
      }
      fs.rmSync(path.dirname(file), { recursive: true });
      report(peak() - before);
    })();
  `);
  // 60 tensors take 2,300 MB.
  expect(growth).toBeLessThan(1000);
});

test('the blocks of a worker that has ended are returned', async () => {
  const pool = await runProgram<number>(`
    const { Worker } = require('worker_threads');
    const file = Object.keys(require.cache).find((name) => /dist.index\\.js$/.test(name));
    const code = 'const torch = require(' + JSON.stringify(file) + '); for (let i = 0; i < 25; i++) torch.ones(10_000_000)';
    new Worker(code, { eval: true }).on('exit', () => report(torch.memoryUsage().reserved / 2 ** 20));
  `);
  expect(pool).toBeLessThan(100);
});
