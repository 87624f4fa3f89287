/** That hooks and custom functions that refer to their own tensor are freed with it. */

import { runProgram } from '../support/child';

jest.setTimeout(300_000);

const PRELUDE = `
  class KeepsOutput extends torch.autograd.Function {
    static forward(x) { return x.mul(2); }
    static setupContext(ctx, inputs, output) { ctx.output = output; }
    static backward(ctx, g) { return g.mul(2); }
  }
  class KeepsOutputs extends torch.autograd.Function {
    static forward(x) { return [x.mul(2), x.mul(3)]; }
    static setupContext(ctx, inputs, outputs) { ctx.outputs = outputs; }
    static backward(ctx, a, b) { return a.mul(2).add(b.mul(3)); }
  }
  const leaf = () => torch.ones(300, 300, { requiresGrad: true });
  const later = () => new Promise((resolve) => setTimeout(resolve, 20));
`;

const CASES = {
  'a leaf whose hook refers to it': 'const w = leaf(); w.registerHook(() => void w.shape); return w;',
  'a leaf whose hook refers to it, after backward':
    'const w = leaf(); w.registerHook((g) => g.mul(w.detach())); w.sin().sum().backward(); return w;',
  'a leaf whose hook after accumulation refers to it':
    'const w = leaf(); w.registerPostAccumulateGradHook(() => void w.shape); w.sum().backward(); return w;',
  'a result whose hook refers to it':
    'const y = leaf().mul(2); y.registerHook(() => void y.shape); y.sum().backward(); return y;',
  'a custom function whose context has its output': 'return KeepsOutput.apply(leaf());',
  'a custom function whose context has its output, after backward':
    'const y = KeepsOutput.apply(leaf()); y.sum().backward(); return y;',
  'a custom function whose context has its outputs': 'return KeepsOutputs.apply(leaf())[1];',
  'a custom function whose context has its output, in func.grad':
    'let y; torch.func.grad((x) => (y = KeepsOutput.apply(x)).sum())(torch.ones(300, 300)); return y;',
  'a custom function whose context has its output, its graph dropped without backward':
    'const y = KeepsOutput.apply(leaf()); y.sin().sum(); return y;',
};

test.each(Object.entries(CASES))('%s', async (_, body) => {
  const alive = await runProgram<number>(`${PRELUDE}
    const make = () => { ${body} };
    (async () => {
      const made = Array.from({ length: 100 }, () => new WeakRef(make()));
      for (let i = 0; i < 6; i++) { await later(); gc(); }
      report(made.filter((one) => one.deref() !== undefined).length);
    })();
  `);
  expect(alive).toBe(0);
});

test.each(Object.entries(CASES))('in a loop without a turn of the event loop: %s', async (_, body) => {
  const growth = await runProgram<number>(`${PRELUDE}
    const make = () => { ${body} };
    for (let i = 0; i < 200; i++) make();
    const before = rss();
    for (let i = 0; i < 2000; i++) make();
    report(rss() - before);
  `);
  // Each call makes at least one tensor of 0.36 MB: 720 MB.
  expect(growth).toBeLessThan(300);
});

test('a hook lives as long as the graph, although nothing else refers to it or its tensor', async () => {
  const calls = await runProgram<number[]>(`${PRELUDE}
    const calls = [0, 0, 0];
    const make = () => {
      const w = leaf();
      w.registerHook(() => { calls[0]++; void w.shape; });
      const y = KeepsOutput.apply(w);
      y.registerHook(() => { calls[1]++; void y.shape; });
      const [, z] = KeepsOutputs.apply(y);
      z.registerHook(() => { calls[2]++; });
      return z.sum();
    };
    (async () => {
      const losses = Array.from({ length: 50 }, make);
      for (let i = 0; i < 6; i++) {
        await later();
        gc();
        leaf().registerHook(() => undefined);
        leaf().sum().backward();
      }
      for (const loss of losses) loss.backward();
      report(calls);
    })();
  `);
  expect(calls).toEqual([50, 50, 50]);
});

test('a node, read from a tensor that is gone, keeps its callbacks', async () => {
  const values = await runProgram<unknown>(`${PRELUDE}
    const calls = [];
    const nodeOf = () => {
      const y = KeepsOutput.apply(leaf());
      y.registerHook(() => { calls.push('hook'); });
      return y.gradFn;
    };
    (async () => {
      const node = nodeOf();
      for (let i = 0; i < 6; i++) { await later(); gc(); leaf().sum().backward(); }
      report([node.name(), node.nextFunctions[0][0].name()]);
    })();
  `);
  expect(values).toEqual(['KeepsOutputBackward', 'torch::autograd::AccumulateGrad']);
});

test('a graph keeps neither the arguments of a custom function nor the objects that hooks were registered on', async () => {
  const alive = await runProgram<number[]>(`${PRELUDE}
    const argument = [], hooked = [], nodes = [];
    const make = () => {
      const x = leaf().mul(1);
      argument.push(new WeakRef(x));
      const y = KeepsOutput.apply(x).mul(2);
      y.registerHook(() => undefined);
      hooked.push(new WeakRef(y));
      const node = y.gradFn;
      node.registerHook(() => undefined);
      node.registerPrehook(() => undefined);
      nodes.push(new WeakRef(node));
      return y.sum();
    };
    (async () => {
      const losses = Array.from({ length: 20 }, make);
      for (let i = 0; i < 6; i++) { await later(); gc(); }
      report([argument, hooked, nodes].map((refs) => refs.filter((one) => one.deref() !== undefined).length));
      losses.length = 0;
    })();
  `);
  expect(alive).toEqual([0, 0, 0]);
});
