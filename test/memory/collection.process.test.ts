/** That the collector alone frees tensors, in time and all of them. */

import { runProgram } from '../support/child';

jest.setTimeout(300_000);

test('a synchronous loop of 20,000 tensors of 4 MB stays under 1 GB', async () => {
  const { peak } = await runProgram<{ peak: number }>(`
    let last;
    for (let i = 0; i < 20000; i++) last = torch.zeros(1024, 1024);
    report({ peak: peak() });
  `);
  expect(peak).toBeLessThan(1024);
});

test('so does one of views, of results in structures, and of tensors from JavaScript data', async () => {
  const { peak } = await runProgram<{ peak: number }>(`
    const data = new Float32Array(1024 * 1024);
    for (let i = 0; i < 2000; i++) {
      const x = torch.tensor(data);
      const [a, b] = x.view(2, -1).unbind(0);
      a.add(b).max();
    }
    report({ peak: peak() });
  `);
  expect(peak).toBeLessThan(1024);
});

test('dispose, using and scope free at once', async () => {
  const { peak, left } = await runProgram<{ peak: number; left: number }>(`
    const before = torch.memoryUsage().bytes;
    for (let i = 0; i < 300; i++) {
      const x = torch.zeros(1024, 1024, 4);
      x.dispose();
      torch.scope(() => { torch.zeros(1024, 1024, 4).add(1); });
      const y = torch.zeros(1024, 1024, 4);
      y[Symbol.dispose]();
    }
    report({ peak: peak(), left: torch.memoryUsage().bytes - before });
  `);
  expect(left).toBe(0);
  expect(peak).toBeLessThan(400);
});

test('an exception frees what the transforms made', async () => {
  const { peak, bytes, tensors } = await runProgram<{ peak: number; bytes: number; tensors: number }>(`
    const x = torch.ones(512, 1024);
    const failing = (t) => { t.mul(2); throw new Error('no'); };
    for (let i = 0; i < 1000; i++) {
      for (const f of [torch.func.grad(failing), torch.vmap(failing), torch.func.jacrev(failing)]) try { f(x); } catch {}
      try { torch.func.jvp(failing, [x], [x]); } catch {}
    }
    rss();
    report({ peak: peak(), ...torch.memoryUsage() });
  `);
  expect(tensors).toBeLessThan(10);
  expect(bytes).toBeLessThan(2.1 * 1024 * 1024 + 10_000);
  expect(peak).toBeLessThan(1024);
});

test('checkpoints that are mapped start no collections', async () => {
  const { sum, collections } = await runProgram<{ sum: number; collections: number }>(`
    const { PerformanceObserver, constants } = require('node:perf_hooks');
    const folder = require('node:fs').mkdtempSync(require('node:os').tmpdir() + '/torch-func-');
    const file = folder + '/x.safetensors';
    torch.safetensors.saveFile(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [i, torch.ones(2 ** 18)])), file);
    let [sum, collections] = [0, 0];
    gc();
    const observer = new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries()) collections += detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
    });
    observer.observe({ entryTypes: ['gc'] });
    // In total 6.4 GB of files, and as much of tensors.
    for (let i = 0; i < 100; i++) {
      const loaded = torch.safetensors.loadFile(file);
      if (i === 99) sum = Object.values(loaded).reduce((total, x) => total + x.sum().item(), 0);
    }
    require('node:fs').rmSync(folder, { recursive: true });
    setTimeout(() => report({ sum, collections }), 100);
  `);
  expect(sum).toBe(64 * 2 ** 18);
  expect(collections).toBeLessThan(20);
});
