/** The parts of programs: control flow, structures, sizes, mutations and modes give what Python gives. */

import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { makeFolder } from '../support/files';
import { expectClose } from '../support/numbers';
import { python } from '../support/parity/files';
import { expectSame } from '../support/structures';

const { func } = torch;
type Tensors = Record<string, Tensor>;

interface Call {
  args: unknown[];
  kwargs: Record<string, unknown>;
  result: unknown;
  /** The arguments after the call. */
  after: unknown[];
}

const NAMES = [
  ...['cond', 'map', 'scan', 'while', 'associative', 'pointwise', 'structures', 'numbers', 'derived', 'mutations'],
  ...['functional', 'constants', 'modes', 'autocast', 'unbacked', 'tied', 'kinds', 'fastpath', 'masked', 'writes'],
];

/** Those of the programs that Python itself reads. */
const READABLE = NAMES.filter((name) => !['structures'].includes(name));

const folder = makeFolder();

beforeAll(async () => {
  const code = `
import sys
sys.path.insert(0, ${JSON.stringify(__dirname)})
import programs
programs.write(folder, ${JSON.stringify(NAMES)})`;
  await python(folder, code);
  for (const name of READABLE) {
    torch.export.save(torch.export.load(path.join(folder, `${name}.pt2`)), path.join(folder, `${name}-again.pt2`));
  }
  await python(
    folder,
    `${code.slice(0, code.indexOf('programs.write'))}\nprograms.check(folder, ${JSON.stringify(READABLE)})`,
  );
}, 300_000);

const load = (name: string): torch.export.ExportedModule<unknown[], unknown> =>
  torch.export.load<unknown[], unknown>(path.join(folder, `${name}.pt2`)).module();

test.each(NAMES)('%s', (name) => {
  const module = load(name);
  const expected = torch.load<{ calls: Call[]; buffers: Tensors }>(path.join(folder, `${name}-expected.pt`));
  for (const { args, kwargs, result, after } of expected.calls) {
    const named = Object.keys(kwargs).length > 0 ? [kwargs] : [];
    expectSame(module(...args, ...named), result, 'the result');
    expectSame(args, after, 'the arguments');
  }
  expectSame(Object.fromEntries(module.namedBuffers()), expected.buffers, 'the buffers');
});

test.each(READABLE)('%s: Python runs the program that is written again', (name) => {
  interface Results {
    calls: { result: unknown; after: unknown[] }[];
    buffers: Tensors;
  }
  const [expected, again] = ['expected', 'again-expected'].map((end) => {
    return torch.load<Results>(path.join(folder, `${name}-${end}.pt`));
  });
  expected.calls.forEach(({ result, after }, i) => {
    expectSame(again.calls[i].result, result, 'the result');
    expectSame(again.calls[i].after, after, 'the arguments');
  });
  expectSame(again.buffers, expected.buffers, 'the buffers');
  // Reading and writing it once more changes nothing.
  const files = ['', '-again'].map((end) => String(torch.export.load(path.join(folder, `${name}${end}.pt2`))));
  expect(files[1]).toBe(files[0]);
});

describe('under transforms', () => {
  const X = torch.linspace(-1, 1, 6, { dtype: 'float64' }).reshape(3, 2);
  const flat = (value: unknown): Tensor => torch.cat((value as Tensor[]).map((y) => y.to('float64').reshape(-1)));
  const CASES: [string, Tensor][] = [
    ['cond', torch.stack([X, X.add(1), X.sub(1)])],
    ['writes', torch.stack([X, X.mul(2)])],
    ['scan', torch.stack([X, X.mul(2)])],
    ['while', X],
    ['associative', torch.linspace(0.5, 1.5, 28, { dtype: 'float64' }).reshape(2, 7, 2)],
    ['pointwise', torch.linspace(0.5, 1.5, 20, { dtype: 'float64' }).reshape(2, 5, 2)],
    ['masked', torch.linspace(-2, 2, 48, { dtype: 'float64' }).reshape(2, 1, 2, 3, 4)],
  ];

  test.each(CASES)('%s: vmap, where samples differ, is a loop; forward mode is reverse mode', (name, xs) => {
    const module = load(name);
    const f = (x: Tensor): Tensor => {
      const result = module(x);
      return flat(Array.isArray(result) ? result : [result]);
    };
    const loop = (g: (x: Tensor) => Tensor): Tensor => torch.stack(xs.unbind().map(g));
    expectClose(torch.vmap(f)(xs), loop(f), 1e-12);
    expectClose(torch.vmap(func.jacrev(f))(xs), loop(func.jacrev(f)), 1e-12);
    expectClose(torch.vmap(func.jacfwd(f))(xs), loop(func.jacrev(f)), 1e-12);
    expectClose(torch.vmap(func.hessian((x: Tensor) => f(x).sum()))(xs), loop(func.hessian((x) => f(x).sum())), 1e-12);
  });

  test('map: the derivative in the slices and in the other value', () => {
    const module = load('map');
    const f = (x: Tensor, y: Tensor): Tensor => module(x, y) as Tensor;
    const expected = (x: Tensor, y: Tensor): Tensor => x.mul(y).cumsum(1);
    for (const argnums of [0, 1]) {
      const [found, known] = [f, expected].map((g) => func.jacrev(g, { argnums })(X, X.select(0, 0)));
      expectClose(found, known, 1e-12);
    }
  });

  test('a part without gradients has none, and the other parts have theirs', () => {
    const module = load('modes');
    const params: Tensors = Object.fromEntries(module.namedParameters());
    const loss = (p: Tensors): Tensor => func.functionalCall(module, p, [X]) as Tensor;
    const gradient = func.grad((p: Tensors) => loss(p).sum())(params);
    // The part with the sine is a constant.
    expectClose(gradient['linear.weight'], torch.ones(3, 2, { dtype: 'float64' }).t().matmul(X), 1e-12);
  });

  test('the fast path of transformers decomposes into operators with derivatives', () => {
    const module = load('fastpath');
    const expected = torch.load<{ calls: Call[] }>(path.join(folder, 'fastpath-expected.pt'));
    const [x, mask] = expected.calls[0].args as Tensor[];
    const f = (x: Tensor): Tensor => module(x, mask) as Tensor;
    expect(String(torch.export.load(path.join(folder, 'fastpath.pt2')))).toMatch(/_transformer_encoder_layer_fwd/);
    // Inside of a transform the decomposition runs.
    expectClose(func.vjp(f, x)[0], expected.calls[0].result as Tensor, 1e-12);
    expectClose(func.jacfwd(f)(x), func.jacrev(f)(x), 1e-12);
    x.requiresGrad_();
    f(x).sum().backward();
    expectClose(x.grad as Tensor, func.grad((x: Tensor) => f(x).sum())(x.detach()), 1e-12);
  });
});

test('sizes and guards that do not hold are refused at the call', () => {
  const derived = load('derived');
  expect(() => derived(torch.arange(7), torch.arange(3))).toThrow(/Expected input at x.shape\[0\] to be of the form/);
  expect(() => derived(torch.arange(8), torch.arange(3))).toThrow(
    'Expected input at y.shape[0] to be equal to 4, but got 3',
  );
  expect(() => derived(torch.zeros(102), torch.zeros(51))).toThrow(
    'Expected input at y.shape[0] to be <= 50, but got 51',
  );
  expect(() => derived(torch.zeros(2), torch.zeros(1))).toThrow(/Guard failed: \(x.size\(\)\[0\] \/\/ 2\) != 1/);
  const unbacked = load('unbacked');
  expect(() => unbacked(torch.zeros(5, { dtype: 'int64' }))).toThrow(/Runtime assertion failed for expression u0 >= 1/);
});

test('tied weights are two parameters that share their memory, as in Python', () => {
  const module = load('tied');
  const [a, b] = ['a.weight', 'b.weight'].map((name) => Object.fromEntries(module.namedParameters())[name]);
  torch.noGrad(() => a.zero_());
  expect(b === undefined || b.eq(0).all().item()).toBe(true);
});
