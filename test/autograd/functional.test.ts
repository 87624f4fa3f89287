/** torch.autograd.functional beside torch.func, under every mode, and what its inputs keep. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { functional } = torch.autograd;
const { hessian, hvp, jacobian, jvp, vhp, vjp } = functional;

const x = torch.tensor([0.3, -1.2, 2], { dtype: 'float64' });
const y = torch.tensor([1.5, 0.25, -0.5], { dtype: 'float64' });
const m = torch.arange(6, { dtype: 'float64' }).reshape([2, 3]).mul(0.3).sub(0.7);

function close(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  if (!torch.allclose(actual, expected, { rtol: 1e-12, atol: 1e-12 })) {
    throw new Error(`${String(actual)} is not ${String(expected)}`);
  }
}

const flatten = (value: unknown): Tensor[] => [value].flat(Infinity) as Tensor[];

function allClose(actual: unknown, expected: unknown): void {
  const [a, b] = [flatten(actual), flatten(expected)];
  expect(a).toHaveLength(b.length);
  a.forEach((tensor, i) => {
    close(tensor, b[i]);
  });
}

const vectorFunctions: [string, (...inputs: Tensor[]) => Tensor | Tensor[], Tensor[]][] = [
  ['sin', (a) => a.sin(), [x]],
  ['a scalar', (a) => a.prod(), [x]],
  ['a product of matrices', (a) => a.T.matmul(a), [m]],
  ['a layer', (w, a) => w.matmul(a).tanh(), [m, x]],
  ['several outputs', (a, b) => [a.mul(b), a.sum(), b.cumsum(0)], [x, y]],
  ['an input not used', (a) => a.exp(), [x, y]],
  ['an output that does not depend', (a) => [a.exp(), torch.ones(2, { dtype: 'float64' })], [x]],
  ['softmax', (a) => a.softmax(0), [x]],
  ['log softmax of rows', (a) => a.logSoftmax(1), [m]],
  ['a norm', (a) => torch.linalg.vectorNorm(a), [x]],
  ['layer norm', (a) => torch.nn.functional.layerNorm(a, [3]), [m]],
  ['indexing', (a) => a.index(torch.tensor([2n, 0n, 2n])), [x]],
  ['sorting', (a) => a.sort().values, [x]],
  ['an inverse', (a) => torch.linalg.inv(a.matmul(a.T).add(torch.eye(2, { dtype: 'float64' }))), [m]],
  ['writing in place', (a) => torch.zeros(3, { dtype: 'float64' }).copy_(a).mul_(a), [x]],
  ['where', (a) => torch.where(a.gt(0), a.sin(), a.pow(2)), [x]],
];

describe.each(vectorFunctions)('jacobian agrees with jacrev and jacfwd: %s', (_name, func, inputs) => {
  const argnums = inputs.map((_, i) => i);
  const expected = torch.func.jacrev(func as any, { argnums })(...inputs);

  test.each([
    ['row by row', {}],
    ['vectorized', { vectorize: true }],
    ['forward', { vectorize: true, strategy: 'forward-mode' as const }],
    ['with a graph', { createGraph: true }],
    ['vectorized with a graph', { vectorize: true, createGraph: true }],
  ])('%s', (_strategy, options) => {
    allClose(jacobian(func as any, inputs, options), expected);
    allClose(torch.func.jacfwd(func as any, { argnums })(...inputs), expected);
    const modes: (<T>(body: () => T) => T)[] = [torch.noGrad, torch.inferenceMode];
    for (const mode of modes)
      allClose(
        mode(() => jacobian(func as any, inputs, options)),
        expected,
      );
  });

  test('products of vectors are those with the Jacobian', () => {
    const outputs = flatten(func(...inputs));
    const blocks = outputs.map((_, i) => {
      const whole = jacobian((...args: Tensor[]) => flatten(func(...args)), inputs) as unknown as Tensor[][];
      return whole[i];
    });
    const vectors = outputs.map((output) => output.mul(0.5).add(1));
    const tangents = inputs.map((input) => input.mul(2).sub(0.1));
    const asList = (...args: Tensor[]): Tensor[] => flatten(func(...args));
    const [, back] = vjp(asList as any, inputs, vectors as never);
    (back as Tensor[]).forEach((product, j) => {
      const parts = outputs.map((output, i) => torch.tensordot(vectors[i], blocks[i][j], output.dim()));
      close(product, torch.stack(parts).sum(0));
    });
    const [, forward] = jvp(asList as any, inputs, tangents as never);
    (forward as Tensor[]).forEach((product, i) => {
      const parts = inputs.map((input, j) => torch.tensordot(blocks[i][j], tangents[j], input.dim()));
      close(product, torch.stack(parts).sum(0));
    });
  });
});

const scalarFunctions: [string, (...inputs: Tensor[]) => Tensor, Tensor[]][] = [
  ['a sum of cubes', (a) => a.pow(3).sum(), [x]],
  ['a matrix', (a) => a.sin().mul(a).sum(), [m]],
  ['two inputs', (w, a) => w.matmul(a).exp().sum(), [m, x]],
  ['linear', (a) => a.sum(), [x]],
  ['an input not used', (a) => a.pow(2).sum(), [x, y]],
  ['cross entropy', (a) => torch.nn.functional.crossEntropy(a, torch.tensor([2n, 0n])), [m]],
  ['softmax', (a) => a.softmax(0).select(0, 1), [x]],
  ['layer norm', (a) => torch.nn.functional.layerNorm(a, [3]).pow(3).sum(), [m]],
];

describe.each(scalarFunctions)('hessian agrees with torch.func.hessian: %s', (_name, func, inputs) => {
  const argnums = inputs.map((_, i) => i);
  const expected = torch.func.hessian(func as any, { argnums })(...inputs) as unknown as Tensor[][];

  test.each([
    ['row by row', {}],
    ['vectorized', { vectorize: true }],
    ['forward over reverse', { vectorize: true, outerJacobianStrategy: 'forward-mode' as const }],
    ['with a graph', { createGraph: true }],
  ])('%s', (_strategy, options) => {
    const modes: (<T>(body: () => T) => T)[] = [torch.enableGrad, torch.noGrad, torch.inferenceMode];
    for (const mode of modes)
      allClose(
        mode(() => hessian(func as any, inputs, options)),
        expected,
      );
  });

  test('vhp and hvp', () => {
    const v = inputs.map((input) => input.mul(2).sub(0.1));
    for (const product of [vhp, hvp]) {
      for (const mode of [torch.enableGrad, torch.inferenceMode] as (<T>(body: () => T) => T)[]) {
        const [value, results] = mode(() => product(func as any, inputs, v as never));
        close(value, func(...inputs));
        (results as Tensor[]).forEach((result, i) => {
          const parts = inputs.map((input, j) => torch.tensordot(expected[i][j], v[j], input.dim()));
          close(result, torch.stack(parts).sum(0));
        });
      }
    }
  });
});

describe('under inference mode', () => {
  test('tensors made in it take part, captured ones too', () => {
    torch.inferenceMode(() => {
      const [a, w] = [x.mul(1), y.mul(1)];
      expect(a.isInference()).toBe(true);
      const f = (t: Tensor) => t.mul(w).sin();
      allClose(jacobian(f, a), torch.func.jacrev(f)(a));
      allClose(jacobian(f, a, { vectorize: true }), torch.func.jacrev(f)(a));
      allClose(vjp(f, a, w)[1], torch.func.jacrev(f)(a).T.matmul(w));
      allClose(jvp(f, a, w)[1], torch.func.jacrev(f)(a).matmul(w));
    });
    expect(torch.isInferenceModeEnabled()).toBe(false);
  });

  test('strict mode sees what depends', () => {
    expectError(
      () => torch.inferenceMode(() => jacobian((a) => a.mul(2), [x, y], { strict: true })),
      torch.RuntimeError,
      'Output 0 of the user-provided function is independent of input 1. This is not allowed in strict mode.',
    );
  });

  test('an error of the function comes out as it is, and leaves nothing behind', () => {
    const error = new Error('mine');
    for (const call of [vjp, jacobian] as ((f: () => never, x: Tensor) => unknown)[]) {
      let thrown: unknown;
      try {
        torch.inferenceMode(() =>
          call(() => {
            throw error;
          }, x),
        );
      } catch (caught) {
        thrown = caught;
      }
      expect(thrown).toBe(error);
    }
  });
});

describe('graphs', () => {
  const calls: [string, (input: Tensor, createGraph: boolean) => unknown][] = [
    ['vjp', (input, createGraph) => vjp((t) => t.pow(3).sum(), input, { createGraph })],
    ['jvp', (input, createGraph) => jvp((t) => t.pow(3), input, y, { createGraph })],
    ['vhp', (input, createGraph) => vhp((t) => t.pow(4).sum(), input, y, { createGraph })],
    ['hvp', (input, createGraph) => hvp((t) => t.pow(4).sum(), input, y, { createGraph })],
    ['jacobian', (input, createGraph) => jacobian((t) => t.pow(3), input, { createGraph })],
    [
      'jacobian, vectorized',
      (input, createGraph) => jacobian((t) => t.pow(3), input, { createGraph, vectorize: true }),
    ],
    ['hessian', (input, createGraph) => hessian((t) => t.pow(4).sum(), input, { createGraph })],
    [
      'hessian, vectorized',
      (input, createGraph) => hessian((t) => t.pow(4).sum(), input, { createGraph, vectorize: true }),
    ],
  ];

  test.each(calls)('%s: results have one only with createGraph', (_name, call) => {
    for (const requiresGrad of [true, false]) {
      const input = x.clone().requiresGrad_(requiresGrad);
      expect(flatten(call(input, false)).map((t) => t.requiresGrad)).not.toContain(true);
      const results = flatten(call(input, true));
      expect(results.map((t) => t.requiresGrad)).not.toContain(false);
      // Under noGrad too: what was asked for is done.
      expect(flatten(torch.noGrad(() => call(input, true))).map((t) => t.requiresGrad)).not.toContain(false);
      if (requiresGrad) {
        const [g] = torch.autograd.grad(
          results.map((t) => t.sum()),
          input,
        );
        expect(g.shape).toEqual([3]);
      }
      expect(input.requiresGrad).toBe(requiresGrad);
      expect(input.grad).toBeNull();
    }
  });

  test.each(calls)('%s: the second derivative agrees with that of torch.func', (name, call) => {
    const input = x.clone().requiresGrad_();
    const [g] = torch.autograd.grad(flatten(call(input, true)).at(-1)?.sum() as Tensor, input);
    const plain: Record<string, (t: Tensor) => Tensor> = {
      vjp: (t) => t.pow(2).mul(3).sum(),
      jvp: (t) => t.pow(2).mul(3).mul(y).sum(),
      vhp: (t) => t.pow(2).mul(12).mul(y).sum(),
      hvp: (t) => t.pow(2).mul(12).mul(y).sum(),
      jacobian: (t) => t.pow(2).mul(3).sum(),
      hessian: (t) => t.pow(2).mul(12).sum(),
    };
    close(g, torch.func.grad(plain[name.split(',')[0]])(x));
  });

  test('the same tensor captured is a constant', () => {
    const input = x.clone().requiresGrad_();
    allClose(
      jacobian((t) => t.mul(input), input),
      torch.diag(x),
    );
  });

  test('what the function changes in place is the copy of nothing: the input keeps its values', () => {
    const input = x.clone();
    expect(() => vjp((t) => t.add_(1).sum(), input)).toThrow(
      'a leaf Variable that requires grad is being used in an in-place operation.',
    );
    allClose(input, x);
  });
});

test('the Jacobian of an output without elements is empty', () => {
  const empty = torch.zeros([0, 2], { dtype: 'float64' });
  const got = jacobian((a: Tensor, b: Tensor) => a.sin().mul(b), [empty, y.narrow(0, 0, 2)]) as Tensor[];
  expect(got.map(({ shape, dtype }) => [shape, dtype])).toEqual([
    [[0, 2, 0, 2], 'float64'],
    [[0, 2, 2], 'float64'],
  ]);
  close(hessian((a: Tensor) => a.sum().mul(2), empty) as Tensor, torch.zeros([0, 2, 0, 2], { dtype: 'float64' }));
});

test('a function that returns a Promise is refused', () => {
  for (const call of Object.values(functional) as ((f: unknown, x: Tensor, v?: unknown) => unknown)[]) {
    const rest = call === (jacobian as unknown) || call === (hessian as unknown) ? [] : [y];
    expectError(
      () => call(() => Promise.resolve(x), x, ...rest),
      TypeError,
      /the function must be synchronous, but it returned a Promise/,
    );
  }
});

test('unknown and repeated options are refused', () => {
  expectError(
    () => vjp((t) => t.sum(), x, { creategraph: true } as never),
    TypeError,
    "vjp(): unknown option 'creategraph'; the options are v, createGraph, strict",
  );
  expectError(
    () => jvp((t) => t.sum(), x, y, { v: y } as never),
    TypeError,
    "jvp() got multiple values for argument 'v'",
  );
  expectError(
    () => (jacobian as any)((t: Tensor) => t, x, true, false, false, 'reverse-mode', 1),
    TypeError,
    /takes from 2 to 6 positional arguments but 7 were given/,
  );
});

test('options by position must be booleans', () => {
  const sum = (t: Tensor): Tensor => t.sum();
  class Options {
    createGraph = true;
  }
  for (const wrong of [new Map(), new Options(), [], 1, 'true', null]) {
    const given = wrong as unknown as boolean;
    expect(() => jacobian(sum, x, given)).toThrow("argument 'createGraph' must be a boolean, not");
    expect(() => hessian(sum, x, false, given)).toThrow("argument 'strict' must be a boolean, not");
    for (const product of [vjp, jvp, vhp, hvp] as ((...args: unknown[]) => unknown)[]) {
      expect(() => product(sum, x, y, given)).toThrow("argument 'createGraph' must be a boolean, not");
    }
  }
});
