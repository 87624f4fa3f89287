/** That resident memory does not grow over 10^5 calls of a transform. */

import { runProgram } from './child';

jest.setTimeout(300_000);

// Per call a leak of one handle (about 100 bytes) would show as 10 MB.
const CALLS = 100_000;
const ALLOWED = 8;

test.each([
  ['grad', 'const g = torch.func.grad((t) => t.sin().sum()); run(() => g(x));'],
  ['vmap', 'const g = torch.vmap((t) => t.sin()); run(() => g(m));'],
  ['jvp', 'run(() => torch.func.jvp((t) => t.sin(), [x], [x]));'],
  ['vjp', 'run(() => { const [y, f] = torch.func.vjp((t) => t.sin(), x); f(y); });'],
  ['jacrev', 'const g = torch.func.jacrev((t) => t.sin()); run(() => g(x));'],
  ['jacfwd', 'const g = torch.func.jacfwd((t) => t.sin()); run(() => g(x));'],
  [
    'grad of a function that throws',
    `const g = torch.func.grad((t) => { t.sin(); throw new RangeError('no'); });
     run(() => { try { g(x); } catch {} });`,
  ],
  [
    'a failing operator under vmap of grad',
    `const g = torch.vmap(torch.func.grad((t) => t.view(7)));
     run(() => { try { g(m); } catch {} }, 0.1);`,
  ],
])('%s', async (_, program) => {
  const { grown, depth } = await runProgram<{ grown: number; depth: number }>(`
    const x = torch.tensor([1, 2]);
    const m = torch.ones(3, 2);
    function run(body, share = 1) {
      const calls = ${CALLS} * share;
      // The heap finds its size in the first calls: malloc and V8 keep what they had at their peak.
      for (let i = 0; i < calls; i++) body();
      const before = rss();
      for (let i = 0; i < calls; i++) body();
      report({ grown: rss() - before, depth: torch.memoryUsage().tensors });
    }
    ${program}
  `);
  expect(grown).toBeLessThan(ALLOWED);
  // x, m, and what the last call has made.
  expect(depth).toBeLessThan(50);
});
