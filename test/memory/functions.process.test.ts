/** That resident memory does not grow over calls of custom functions, whatever keeps what. */

import { runProgram } from '../support/child';

jest.setTimeout(300_000);

const CALLS = 10_000;
// Each call saves 8 kB: one in a hundred that stayed would be 0.8 MB, all 80 MB.
const ALLOWED = 8;

test.each([
  ['apply and backward', 'run(() => { f(r).sum().backward(); r.grad = null; });'],
  ['apply alone', 'run(() => f(r));'],
  ['apply without a graph', 'run(() => f(x));'],
  ['double backward', 'run(() => { const [g] = grad(f(r).sum(), r, { createGraph: true }); grad(g.sum(), r); }, 0.5);'],
  ['vmap of grad', 'const g = torch.vmap(torch.func.grad((t) => f(t).sum())); run(() => g(m), 0.5);'],
  ['jvp', 'run(() => torch.func.jvp(f, [x], [x]));'],
  [
    'a backward that throws',
    `class Throwing extends Square { static backward(ctx, g) { ctx.savedTensors; throw new RangeError('no'); } }
     run(() => { try { Throwing.apply(r).sum().backward(); } catch {} });`,
  ],
  [
    'a context that keeps tensors of its own',
    `class Keeping extends Square {
       static setupContext(ctx, [x], y) { ctx.x = x; ctx.twice = x.mul(2); }
       static backward(ctx, g) { return g.mul(ctx.twice); }
     }
     run(() => { Keeping.apply(r).sum().backward(); r.grad = null; });`,
  ],
  [
    'hooks on nodes',
    'run(() => { const y = f(r); y.gradFn.registerHook(() => {}); y.sum().backward(); r.grad = null; });',
  ],
])('%s', async (_, program) => {
  const { grown, tensors } = await runProgram<{ grown: number; tensors: number }>(`
    const { grad } = torch.autograd;
    class Square extends torch.autograd.Function {
      static generateVmapRule = true;
      static forward(x) { return x.mul(x); }
      static setupContext(ctx, [x], y) { ctx.saveForBackward(x, y, null); ctx.saveForForward(x); }
      static backward(ctx, g) { return g.mul(ctx.savedTensors[0]).mul(2); }
      static jvp(ctx, t) { return t.mul(ctx.savedTensors[0]).mul(2); }
    }
    const f = (t) => Square.apply(t);
    const x = torch.ones(1000);
    const r = torch.ones(1000, { requiresGrad: true });
    const m = torch.ones(3, 300);
    function run(body, share = 1) {
      // The heap and the collector find their sizes in the first calls.
      for (let i = 0; i < 4 * ${CALLS} * share; i++) body();
      const before = rss();
      for (let i = 0; i < ${CALLS} * share; i++) body();
      const grown = rss() - before;
      // What the contexts keep goes with the next call after their graphs.
      body();
      rss();
      report({ grown, tensors: torch.memoryUsage().tensors });
    }
    ${program}
  `);
  expect(grown).toBeLessThan(ALLOWED);
  expect(tensors).toBeLessThan(100);
});

test('autograd.functional keeps no tensor', async () => {
  const { growth } = await runProgram<{ growth: number }>(`
    const { jacobian, hessian, hvp } = torch.autograd.functional;
    const [x, y] = [torch.tensor([1, 2]), torch.tensor([3, 4])];
    const run = () => torch.scope(() => {
      jacobian((t) => t.sin().mul(t), x, { vectorize: true });
      hessian((t) => t.pow(3).sum(), x);
      hvp((t) => t.pow(3).sum(), x, y);
    });
    run();
    const before = torch.memoryUsage().bytes;
    for (let i = 0; i < 20; i++) run();
    report({ growth: torch.memoryUsage().bytes - before });
  `);
  expect(growth).toBe(0);
});
