/** That graphs are released with the tensors that refer to them. */

import { runProgram } from '../support/child';

jest.setTimeout(300_000);

test.each([
  ['retains its gradient', 'y.retainGrad();'],
  ['has a hook', 'y.registerHook((g) => g.mul(2));'],
])('a tensor that %s is not kept by its own graph', async (_, statement) => {
  const { growth } = await runProgram<{ growth: number }>(`
    const x = torch.ones(4 * MB / 4, { requiresGrad: true });
    const run = () => torch.scope(() => {
      const y = x.mul(2);
      ${statement}
      y.div(2);
    });
    for (let i = 0; i < 20; i++) run();
    const before = rss();
    for (let i = 0; i < 200; i++) run();
    report({ growth: rss() - before });
  `);
  // Kept, they would be 800 MB.
  expect(growth).toBeLessThan(200);
});

// The inputs of the operators take 400 MB: the user's handles and the graph hold them. A graph of the backward pass itself
// would hold twice as much again.
test('grad keeps no graph of the backward pass', async () => {
  const growth = await runProgram<number>(`
    const f = (x) => {
      for (let i = 0; i < 100; i++) x = x.sin();
      return x.sum();
    };
    const x = torch.ones(4 * MB / 4);
    const before = peak();
    torch.func.grad(f)(x);
    report(peak() - before);
  `);
  expect(growth).toBeLessThan(600);
});
