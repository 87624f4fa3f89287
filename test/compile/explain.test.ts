/** What explain() says of a compiled function: work by closed forms, reasons, times. */

import * as torch from '../../lib';
import type { CompiledStep, Explanation, Tensor } from '../../lib';

const { grad, vmap } = torch.func;

function explanationOf(func: (...args: Tensor[]) => unknown, ...shapes: number[][]): Explanation {
  return torch.compile(func, { fullgraph: true }).explain(...shapes.map((shape) => torch.randn(shape)))[0];
}

const workOf = ({ flops, bytesRead, bytesWritten }: Explanation | CompiledStep) => [flops, bytesRead, bytesWritten];

describe('work', () => {
  test('of a program: an instruction and element each, operands and results once', () => {
    const n = 1000;
    const explanation = explanationOf((x, y, z) => x.mul(y).add(z), [n], [n], [n]);
    expect(explanation.steps).toHaveLength(1);
    expect(explanation.steps[0].kind).toBe('program');
    expect(explanation.steps[0].operators).toEqual(['aten::mul.Tensor', 'aten::add.Tensor']);
    expect(workOf(explanation)).toEqual([2 * n, 3 * 4 * n, 4 * n]);
  });

  test('of a multiply-add: two', () => {
    const n = 300;
    const explanation = explanationOf((x, y, z) => x.addcmul(y, z), [n], [n], [n]);
    expect(workOf(explanation)).toEqual([2 * n, 3 * 4 * n, 4 * n]);
  });

  test('of an operand that is broadcast: its own elements', () => {
    const explanation = explanationOf((x, y) => x.mul(y).sin(), [40, 50], [50]);
    expect(workOf(explanation)).toEqual([2 * 2000, 4 * (2000 + 50), 4 * 2000]);
  });

  test('of a conversion: its bytes alone', () => {
    const explanation = explanationOf((x) => x.to('float64'), [128]);
    expect(workOf(explanation)).toEqual([0, 4 * 128, 8 * 128]);
  });

  test('of samples of few numbers', () => {
    // [a b, c d] for samples of [a, b, c, d].
    const explanation = explanationOf(
      vmap((x: Tensor) => torch.stack([x.select(0, 0).mul(x.select(0, 1)), x.select(0, 2).mul(x.select(0, 3))])),
      [500, 4],
    );
    expect(explanation.steps.map(({ description }) => description.replace(/:.*/, ''))).toEqual(['number by number']);
    expect(workOf(explanation)).toEqual([2 * 500, 4 * 4 * 500, 2 * 4 * 500]);
  });

  test.each([
    {
      name: 'mm',
      shapes: [
        [30, 40],
        [40, 50],
      ],
      flops: 2 * 30 * 40 * 50,
      read: 30 * 40 + 40 * 50,
      written: 30 * 50,
    },
    {
      name: 'bmm',
      shapes: [
        [7, 30, 40],
        [7, 40, 50],
      ],
      flops: 7 * 2 * 30 * 40 * 50,
      read: 7 * (30 * 40 + 40 * 50),
      written: 7 * 30 * 50,
    },
    { name: 'mv', shapes: [[300, 400], [400]], flops: 2 * 300 * 400, read: 300 * 400 + 400, written: 300 },
  ])('of a matrix product: 2mkn ($name)', ({ shapes, flops, read, written }) => {
    const explanation = explanationOf((a, b) => a.matmul(b), ...shapes);
    expect(explanation.steps.map(({ kind }) => kind)).toEqual(['product']);
    expect(workOf(explanation)).toEqual([flops, 4 * read, 4 * written]);
  });

  test('of a chain: the steps of all chunks', () => {
    const [n, m] = [4096, 64];
    const layer = (x: Tensor, w: Tensor) => x.mm(w).sin().mm(w);
    const explanation = explanationOf(layer, [n, m], [m, m]);
    expect(explanation.steps.map(({ kind }) => kind)).toEqual(['chain']);
    const [chain] = explanation.steps;
    expect(chain.steps.map(({ kind }) => kind)).toEqual(['product', 'program', 'product']);
    expect(workOf(chain)).toEqual([2 * 2 * n * m * m + n * m, 4 * (n * m + m * m), 4 * n * m]);
  });

  test('of library calls: of convolutions and sums by a formula, of others unknown', () => {
    const [batch, from, to, size, kernel] = [2, 4, 6, 10, 3];
    const convolution = explanationOf(
      (x, w) => torch.nn.functional.conv2d(x, w),
      [batch, from, size, size],
      [to, from, kernel, kernel],
    );
    const places = (size - kernel + 1) ** 2;
    expect(convolution.flops).toBe(2 * batch * places * to * from * kernel * kernel);
    expect(convolution.bytesWritten).toBe(4 * batch * to * places);
    const sum = explanationOf((x) => x.sum(1), [3000, 200]);
    expect(workOf(sum)).toEqual([3000 * 199, 4 * 3000 * 200, 4 * 3000]);
    const sorted = explanationOf((x) => x.sin().sort()[0], [1000]);
    expect(sorted.steps.map(({ kind, flops }) => [kind, flops])).toEqual([
      ['program', 1000],
      ['library', null],
    ]);
    expect(sorted.flops).toBeNull();
  });

  test('of replayed operators', () => {
    const compiled = torch.compile((a: Tensor, b: Tensor) => a.mm(b).t(), { backend: 'aot_eager' });
    const [explanation] = compiled.explain(torch.randn(3, 4), torch.randn(4, 5));
    expect(explanation.steps.map(({ kind, operators }) => [kind, ...operators])).toEqual([
      ['replay', 'aten::mm'],
      ['replay', 'aten::t'],
    ]);
    expect(workOf(explanation)).toEqual([2 * 3 * 4 * 5, 4 * (12 + 20), 4 * 15]);
  });
});

test('samples whose outputs alone take too long are not unrolled', () => {
  const layer = (w: Tensor, b: Tensor, x: Tensor) => torch.nn.functional.linear(x, w, b).tanh();
  const hessians = vmap(torch.func.hessian(layer, { argnums: 2 }), { inDims: [null, null, 0] });
  const { reasons } = explanationOf(hessians, [33, 31], [33], [64, 31]);
  expect(reasons).toEqual(['not number by number: storing the outputs alone would take longer than groups']);
});

test.each<[name: string, func: (x: Tensor) => unknown, x: Tensor, reason: string]>([
  ['sort', (x) => x.sort()[0], torch.randn(100), 'it is not elementwise'],
  [
    'a dtype',
    (x) => x.mul(2),
    torch.ones(100, { dtype: 'complex64' }),
    'the vector machine has no numbers of dtype ComplexFloat',
  ],
  ['random numbers', (x) => x.bernoulli(), torch.full([100], 0.5), 'it draws random numbers'],
  ['an operator without a rule', (x) => x.digamma(), torch.randn(100), 'the vector machine has no instructions for it'],
  [
    'integers',
    (x) => x.mul(3),
    torch.arange(100),
    'the vector machine has no instructions for it with these dtypes and arguments',
  ],
])('a library call has a reason: %s', (_, func, x, reason) => {
  const [{ steps }] = torch.compile(func).explain(x);
  expect(steps.filter(({ kind }) => kind === 'library').map((step) => step.reason)).toEqual([reason]);
});

test('memory for intermediate results is planned', () => {
  const n = 1000;
  // sort reads sin(x), and its result is read again: two results between steps.
  const { plannedBytes } = explanationOf((x) => x.sin().sort()[0].cos(), [n]);
  expect(plannedBytes).toBeGreaterThanOrEqual(4 * n);
  expect(explanationOf((x) => x.sin(), [n]).plannedBytes).toBe(0);
});

describe('times', () => {
  test('of a call with arguments: each step and all of them', () => {
    const compiled = torch.compile(grad((x: Tensor) => x.matmul(x).sin().sum()));
    const x = torch.randn(100, 100);
    compiled(x);
    const [before] = compiled.explain();
    expect(before.times.run).toBeNull();
    expect(before.steps.every(({ milliseconds }) => milliseconds === null)).toBe(true);
    expect(before.times.recording).toBeGreaterThan(0);
    expect(before.times.passes).toBeGreaterThan(0);
    expect(before.times.planning).toBeGreaterThan(0);
    const [{ steps, times }] = compiled.explain(x);
    const total = steps.reduce((sum, { milliseconds }) => sum + milliseconds!, 0);
    expect(steps.every(({ milliseconds }) => milliseconds! > 0)).toBe(true);
    expect(times.run).toBeGreaterThanOrEqual(Math.max(...steps.map(({ milliseconds }) => milliseconds!)));
    expect(total).toBeGreaterThan(0);
  });

  test('of replayed operators', () => {
    const compiled = torch.compile((x: Tensor) => x.sin().cos(), { backend: 'aot_eager' });
    const [{ steps }] = compiled.explain(torch.randn(10));
    expect(steps.map(({ milliseconds }) => milliseconds! > 0)).toEqual([true, true]);
  });

  test('what writes to arguments, or draws random numbers, runs once', () => {
    const x = torch.ones(3);
    const [written] = torch.compile((y: Tensor) => y.add_(1)).explain(x);
    expect(x.data()).toEqual(Float32Array.of(2, 2, 2));
    expect(written.times.run).toBeNull();

    const noise = torch.compile((y: Tensor) => torch.randnLike(y));
    noise(x);
    torch.manualSeed(0);
    const [drawn] = noise.explain(x);
    const next = torch.randn(3);
    expect(drawn.times.run).toBeNull();
    torch.manualSeed(0);
    torch.randn(3);
    expect(next.equal(torch.randn(3))).toBe(true);
  });

  test('a call that runs the function has none', () => {
    const compiled = torch.compile((x: Tensor) => x.mul(x.sum().item()));
    const [explanation] = compiled.explain(torch.ones(3));
    expect([explanation.isCompiled, explanation.steps, explanation.times.run]).toEqual([false, [], null]);
    const differentiated = torch.compile((x: Tensor) => x.mul(2));
    expect(differentiated.explain(torch.ones(3).requiresGrad_())).toHaveLength(0);
  });

  test('of a size for which a graph was planned', () => {
    const compiled = torch.compile((x: Tensor) => x.sin().mul(2), { dynamic: true });
    for (const n of [3, 4]) compiled(torch.ones(n, 5));
    const [{ steps, times }] = compiled.explain(torch.ones(70, 5));
    expect(steps.map(({ flops }) => flops)).toEqual([2 * 70 * 5]);
    expect(times.run).toBeGreaterThan(0);
  });
});

test('TORCH_FUNC_LOGS prints the same', () => {
  let log = '';
  const stderr = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    log += String(text);
    return true;
  });
  process.env.TORCH_FUNC_LOGS = 'graph,passes,fusion,guards';
  try {
    torch.compile(function layer(x: Tensor, w: Tensor) {
      return x.mm(w).sin().sort()[0];
    })(torch.randn(30, 40), torch.randn(40, 50));
  } finally {
    delete process.env.TORCH_FUNC_LOGS;
    stderr.mockRestore();
  }
  const sections = Object.fromEntries(
    log.split(/^torch\.compile layer, /m).map((text) => {
      const [title, ...lines] = text.trimEnd().split('\n');
      return [title.replace(':', ''), lines];
    }),
  );
  expect(sections.guards[0]).toBe('Float[30, 40], Float[40, 50]');
  expect(sections.graph[0]).toBe('recorded:');
  expect(sections.graph.join()).toContain('aten::mm');
  expect(sections.passes[0]).toMatch(/^recorded call: \d+\.\d\d ms$/);
  expect(sections.passes).toContainEqual(expect.stringMatching(/^dead code: \d+ -> 3, \d+\.\d\d ms$/));
  expect(sections.passes.at(-1)).toMatch(/^planning: \d+\.\d\d ms$/);
  const [product, sine, sort, total] = sections.fusion.slice(-4);
  const work = { product: [12e4, 4 * (1200 + 2000), 6000].join(), sine: [1500, 6000, 6000].join() };
  const workOfLine = (line: string) => /; (\d+) flop, (\d+) B read, (\d+) B written$/.exec(line)?.slice(1).join();
  expect([product.split(';')[0], workOfLine(product)]).toEqual(['matrix product 30x40x50', work.product]);
  expect(sine).toContain('(aten::sin)');
  expect(workOfLine(sine)).toBe(work.sine);
  expect(sort).toMatch(/^library call aten::sort.*: it is not elementwise; unknown flop, /);
  expect(total).toMatch(/^3 steps, \d+ B of planned memory; unknown flop, /);
});
