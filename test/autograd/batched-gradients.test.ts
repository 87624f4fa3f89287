/** Gradients of a batch of cotangents at once, by `vmap` over `autograd.grad` and by `isGradsBatched`. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { above1, checkVmap, expectClose, rand, randn, withoutFallback } from '../support/vmap';

const { grad } = torch.autograd;
const { vmap } = torch;
const F = torch.nn.functional;
const BATCH = 3;

type Op = (...args: any[]) => unknown;

beforeEach(() => {
  torch.manualSeed(0);
});

const leaf = (x: Tensor): Tensor => x.requiresGrad_();

function differentiable(values: unknown): Tensor[] {
  const list = Array.isArray(values) ? values : [values];
  return list.filter((value): value is Tensor => torch.isTensor(value) && value.requiresGrad);
}

// Cotangents whose batch lies first in memory, or last.
const cotangents = (outputs: readonly Tensor[], last: boolean): Tensor[] =>
  outputs.map((output) => (last ? randn(...output.shape, BATCH).movedim(-1, 0) : randn(BATCH, ...output.shape)));

/** Batches of cotangents for `outputs`, both ways, against a loop. */
function checkProducts(outputs: readonly Tensor[], inputs: readonly Tensor[], fallback: boolean): void {
  const options = { retainGraph: true, allowUnused: true };
  const product = (...gradOutputs: Tensor[]): Tensor[] =>
    grad([...outputs], [...inputs], { ...options, gradOutputs }).filter((g): g is Tensor => g !== null);
  for (const last of [false, true]) {
    const gradOutputs = cotangents(outputs, last);
    checkVmap(product, gradOutputs, { gradients: false, fallback });
    const run = <T>(body: () => T): T => (fallback ? body() : withoutFallback(body));
    const batched = run(() => grad([...outputs], [...inputs], { ...options, gradOutputs, isGradsBatched: true }));
    expectClose(
      batched.filter((g) => g !== null),
      vmap(product)(...gradOutputs),
    );
  }
}

interface Options {
  /** Second derivatives, too. */
  twice?: boolean;
  /** A step of it has no batching rule, in PyTorch neither. */
  fallback?: boolean;
}

function check(op: Op, args: readonly unknown[], { twice = true, fallback = false }: Options = {}): void {
  const inputs = differentiable(args);
  const outputs = differentiable(op(...args));
  expect(outputs.length).toBeGreaterThan(0);
  checkProducts(outputs, inputs, fallback);
  if (!twice) return;
  const again = differentiable(op(...args));
  const ones = again.map((output) => torch.onesLike(output));
  const first = differentiable(grad(again, [...inputs], { gradOutputs: ones, createGraph: true }));
  expect(first.length).toBeGreaterThan(0);
  checkProducts(first, inputs, fallback);
}

describe('arithmetic', () => {
  test.each<[string, (x: any, y: any) => Tensor, boolean]>([
    ['add', (x, y) => torch.add(x, y), false],
    ['sub', (x, y) => torch.sub(x, y), false],
    ['mul', (x, y) => torch.mul(x, y), true],
    ['div', (x, y) => torch.div(x, y), true],
  ])('%s, of tensors and numbers', (_, op, twice) => {
    const [x, y] = [leaf(randn(2, 3)), leaf(above1(2, 3))];
    check(op, [x, y], { twice });
    check(op, [x, 3.14], { twice: false });
    check(op, [torch.tensor(3.14, { dtype: 'float64' }), y], { twice: false });
  });
});

describe('first and second derivatives', () => {
  test.each<[string, (x: Tensor) => Tensor, () => Tensor]>([
    ['logSoftmax', (x) => F.logSoftmax(x, -1), () => randn(3, 2)],
    [
      'binaryCrossEntropy',
      (x) => F.binaryCrossEntropy(x, torch.full([3, 2], 0.3, { dtype: 'float64' })),
      () => rand(3, 2),
    ],
    ['lgamma', (x) => x.lgamma(), () => above1(2, 3)],
    ['log', (x) => x.log(), () => above1(2, 3)],
    ['log1p', (x) => x.log1p(), () => above1(2, 3)],
    ['logsumexp', (x) => x.logsumexp(-1), () => above1(2, 3)],
    ['sigmoid', (x) => x.sigmoid(), () => randn(2, 3)],
  ])('%s', (_, op, make) => check(op, [leaf(make())]));

  test('an index', () => {
    const index = torch
      .tensor([
        [0, 0],
        [1, 1],
      ])
      .to('int64');
    check((x: Tensor) => x.mul(x).index(index), [leaf(randn(2, 3))], { fallback: true });
  });

  test('writing into a view of a copy', () => {
    const fn = (x: Tensor): Tensor => x.mul(x).select(0, 0).cos_();
    check(fn, [leaf(randn(4, 5))], { fallback: true });
  });

  test('writing into a view of a view of a view', () => {
    const fn = (x: Tensor): Tensor => x.mul(x).transpose(0, 2).select(0, 1).diagonal().index('::2').cos_();
    check(fn, [leaf(randn(4, 4, 5))], { fallback: true });
  });
});

describe('first derivatives', () => {
  test.each<[string, (x: Tensor) => unknown, number[]]>([
    ['expand', (x) => x.expand([5, 5, 2, 3]), [2, 3]],
    ['permute', (x) => x.permute(2, 0, 1), [2, 3, 5]],
    ['reshape', (x) => x.reshape([6, 5]), [2, 3, 5]],
    ['select by index', (x) => x.index(1), [2, 3]],
    ['select', (x) => x.select(1, 2), [2, 3]],
    ['select from the end', (x) => x.select(-1, 0), [2, 3]],
    ['slice', (x) => x.index('0:1'), [2, 3, 5]],
    ['slice of the second dimension', (x) => x.index(':', '1:3'), [2, 3, 5]],
    ['slice of the last dimension', (x) => x.index('...', '1:3'), [2, 3, 5]],
    ['diagonal', (x) => x.diagonal(1, 0, 1), [4, 5]],
    ['diagonal, dimensions swapped', (x) => x.diagonal(0, -1, -2), [3, 4, 5]],
    ['trace', (x) => x.trace(), [2, 3]],
    ['threshold', (x) => F.threshold(x, 0.5, 0), [2, 3]],
    ['max', (x) => x.max(), [2, 3]],
    ['min', (x) => x.min(), [2, 3]],
    ['median', (x) => x.median(), [2, 3]],
  ])('%s', (_, op, shape) => check(op, [leaf(randn(...shape))], { twice: false }));

  test('stack', () => {
    check((x: Tensor, y: Tensor) => torch.stack([x, y]), [leaf(randn(2, 3)), leaf(randn(2, 3))], { twice: false });
  });
});

test('the second derivative of a trace is zero', () => {
  const sumOfGradient = (x: Tensor): Tensor =>
    torch.func
      .grad((t: Tensor) => t.trace())(x)
      .sum();
  const x = randn(3, 2, 2);
  expectClose(vmap(torch.func.grad(sumOfGradient))(x), torch.zerosLike(x));
});

test('the Jacobian of a product, row by row', () => {
  const [x, y] = [leaf(randn(3)), randn(3)];
  const row = (v: Tensor): Tensor => grad([x.mul(y)], [x], { gradOutputs: [v] })[0];
  expectClose(vmap(row)(torch.eye(3, { dtype: 'float64' })), torch.diag(y));
});

test('an output that the input has no part in', () => {
  const [x, y] = [leaf(randn()), leaf(randn())];
  const batch = leaf(randn(BATCH));
  const product = (v: Tensor): Tensor =>
    grad([y], [x], { gradOutputs: [v], allowUnused: true })[0] ?? torch.zerosLike(x);
  expectClose(vmap(product)(batch), torch.zeros([BATCH], { dtype: 'float64' }));
  // And after a call without a batch.
  product(batch.select(0, 0));
  expectClose(vmap(product)(batch), torch.zeros([BATCH], { dtype: 'float64' }));
  expect(grad([y], [x], { gradOutputs: [batch], allowUnused: true, isGradsBatched: true })).toEqual([null]);
});
