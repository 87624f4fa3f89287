/** A server whose requests compute large results, with a small heap of V8: the peak memory above the import. */

import { runProgram } from '../support/child';

jest.setTimeout(300_000);

/** Per-sample gradients of a network: 1024 × 28,704 numbers. */
const RESULT = 1024 * 28_704 * 4;

/** Answers requests, `together` at a time, each of which holds its result for some milliseconds. */
const serve = (requests: number, together: number): Promise<number> =>
  runProgram<number>(
    `
    const http = require('node:http');
    const fs = require('node:fs');
    const { setTimeout: sleep } = require('node:timers/promises');
    const { linear } = torch.nn.functional;
    const layers = [[128, 64], [128, 128], [32, 128]].map(([m, n]) => [torch.randn(m, n).div(Math.sqrt(n)), torch.zeros(m)]);
    const forward = (layers, x) => layers.reduce((h, [w, b], i) => linear(i === 0 ? h : h.tanh(), w, b), x);
    const loss = (layers, x) => forward(layers, x).pow(2).sum();
    const gradients = torch.vmap(torch.func.grad(loss), { inDims: [null, 0] });
    const x = torch.randn(1024, 64);
    fs.writeFileSync('/proc/self/clear_refs', '5'); // resets the peak
    const imported = process.memoryUsage.rss();
    const server = http.createServer(async (request, response) => {
      const result = gradients(layers, x).flat();
      await sleep(5);
      response.end(JSON.stringify(result.map((t) => t.norm().item())));
    });
    server.listen(0, '127.0.0.1', async () => {
      const ask = async () => {
        const norms = await (await fetch('http://127.0.0.1:' + server.address().port)).json();
        if (norms.length !== 6 || !norms.every(Number.isFinite)) throw new Error('wrong answer: ' + norms);
      };
      for (let i = 0; i < ${requests}; i += ${together}) await Promise.all(Array.from({ length: ${together} }, ask));
      report(peakMemory() - imported);
      process.exit();
    });`,
    ['--max-old-space-size=512'],
  );

test('requests one after another stay within three results', async () => {
  expect(await serve(50, 1)).toBeLessThan(3 * RESULT);
});

test('requests at once add one result each', async () => {
  expect(await serve(24, 4)).toBeLessThan((3 + 3) * RESULT);
});
