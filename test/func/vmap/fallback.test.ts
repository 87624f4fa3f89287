/** Operators without a batching rule: a loop inside libtorch, in any nesting, in place too. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { expectError } from '../../support/errors';
import { checkVmap, expectClose, rand, randn, withoutFallback } from '../../support/vmap';

const { vmap, RuntimeError } = torch;
// Made by PyTorch for such tests: it will never have a batching rule.
const op = (x: Tensor, y: Tensor): Tensor => torch.ops.aten._test_functorch_fallback(x, y) as Tensor;
// What has no batching rule in PyTorch 2.13 and writes in place.
const inPlace = (x: Tensor, y: Tensor): Tensor => x.nextafter_(y);

beforeEach(() => {
  torch.manualSeed(0);
  torch.func.setBatchingFallback('silent');
});
afterAll(() => {
  torch.func.setBatchingFallback('warn');
});

function warningsOf(body: () => unknown): string[] {
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    body();
    return emit.mock.calls.map(([message]) => String(message));
  } finally {
    emit.mockRestore();
  }
}

test('warns once for an operator, naming it, unless told to be silent', () => {
  const call = (): unknown => vmap(op)(randn(11), randn(11));
  expect(warningsOf(call)).toEqual([]);
  torch.func.setBatchingFallback('warn');
  expect(warningsOf(call)).toEqual([
    expect.stringContaining('There is a performance drop because we have not yet implemented the batching rule for'),
  ]);
  expect(warningsOf(call)).toEqual([]);
});

test('is an error when told to be', () => {
  expectError(
    () => withoutFallback(() => vmap(op)(randn(11), randn(11))),
    RuntimeError,
    /^aten::_test_functorch_fallback hit the vmap fallback which is currently disabled/,
  );
});

test('an empty batch is refused', () => {
  const [x, y] = [randn(0, 11), randn(11)];
  const message = /The fallback path does not support vmap over dims of size 0/;
  expectError(() => vmap(op, { inDims: [0, null] })(x, y), RuntimeError, message);
  expectError(() => vmap(op, { inDims: [null, 0] })(y, x), RuntimeError, message);
  expectError(() => vmap(op)(x, x), RuntimeError, message);
  const empty = randn(0, 3, 11);
  expectError(() => vmap(op, { inDims: [0, null] })(empty, randn(3, 11)), RuntimeError, message);
  expectError(() => vmap(op, { inDims: [null, 0] })(randn(3, 11), empty), RuntimeError, message);
});

test('any dimension, nested, and large batches', () => {
  const options = { fallback: true, gradients: false };
  checkVmap(op, [randn(5, 7, 11), randn(5, 7, 11)], options);
  checkVmap(op, [randn(7, 11, 5), randn(5, 7, 11)], { ...options, inDims: [2, 0] });
  checkVmap(op, [randn(7, 11, 5), randn(5, 7, 11)], { ...options, levels: [{}, { inDims: [2, 0] }] });
  const [x, y] = [randn(100, 10, 10, 5), randn(100, 10, 10)];
  expectClose(vmap(vmap(vmap(op)))(x, y), op(x, y.view([100, 10, 10, 1])));
});

test('an operator with several results', () => {
  const several = (x: Tensor): unknown => torch.varMean(x);
  const options = { fallback: true };
  checkVmap(several, [randn(2, 10)], options);
  checkVmap(several, [randn(2, 3, 10)], { ...options, levels: [{}, {}] });
  const x = randn(2, 3, 1237, 10);
  expectClose(vmap(vmap(vmap(several)))(x), [...torch.varMean(x, 3)]);
});

test('indexAdd of many samples', () => {
  const index = torch.tensor([0, 4, 2], { dtype: 'int64' });
  for (const size of [5, 1237]) {
    const [x, values] = [randn(size, 7, 11, 13), randn(size, 3, 1, 13)];
    expectClose(
      vmap((a: Tensor, b: Tensor) => a.indexAdd(0, index, b.expand([3, 11, 13])))(x, values),
      x.indexAdd(1, index, values.expand([size, 3, 11, 13])),
    );
  }
});

describe('in place', () => {
  test('of one tensor: the argument is written, and is the result', () => {
    const fn = (x: Tensor): Tensor => x.acos_();
    for (const [shape, levels, outDims] of [
      [[2, 5], 1, 0],
      [[2, 5], 1, 1],
      [[2, 3, 5], 2, 0],
      [[2, 3, 10000, 5], 3, 0],
    ] as const) {
      const original = rand(...shape);
      const x = original.clone();
      let mapped = vmap(fn, { outDims });
      for (let i = 1; i < levels; i++) mapped = vmap(mapped);
      const result = mapped(x);
      const expected = original.acos();
      expectClose(x, expected);
      expectClose(result, outDims === 1 ? expected.t() : expected);
      // One memory.
      x.fill_(7);
      expect(result.eq(7).all().item()).toBe(true);
    }
  });

  test('of two tensors mapped alike', () => {
    for (const fn of [inPlace, (x: Tensor, y: Tensor) => x.atan2_(y)]) {
      const options = { fallback: true, gradients: false };
      checkVmap(fn, [randn(5, 7, 11), randn(5, 7, 11)], options);
      checkVmap(fn, [randn(7, 11, 5), randn(5, 7, 11)], { ...options, inDims: [2, 0], outDims: 2 });
      checkVmap(fn, [randn(7, 11, 5), randn(5, 7, 11)], { ...options, levels: [{}, { inDims: [2, 0] }] });
      const [x, y] = [randn(100, 10, 10, 5), randn(100, 10, 10)];
      const expected = fn(x.clone(), y.view([100, 10, 10, 1]));
      vmap(vmap(vmap(fn)))(x, y);
      expectClose(x, expected);
    }
  });

  test('of a tensor that is mapped over more than what is written into it, or less', () => {
    const fn = (x: Tensor, y: Tensor): Tensor => x.atan2_(y);
    const options = { gradients: false };
    checkVmap(fn, [rand(2, 7), rand(7)], { ...options, inDims: [0, null] });
    checkVmap(fn, [rand(2, 3, 7), rand(2, 7)], { ...options, levels: [{ inDims: [0, null] }, {}] });
    const refuse = (body: () => unknown): void =>
      expectError(
        body,
        RuntimeError,
        /is not possible because there exists a Tensor|doesn't match the broadcast shape/,
      );
    refuse(() => vmap(fn, { inDims: [null, 0] })(rand(7), rand(2, 7)));
    refuse(() => vmap(vmap(fn, { inDims: [0, null] }), { inDims: [null, 0] })(rand(3, 7), rand(2, 7)));
    refuse(() => vmap(vmap(fn, { inDims: [0, null] }), { inDims: [null, 1] })(rand(3, 7), rand(7, 2)));
    refuse(() => vmap(vmap(fn, { inDims: [null, 0] }))(rand(2, 7), rand(2, 3, 7)));
  });
});

test('the gradient of a convolution without a bias has an undefined part', () => {
  const x = randn(2, 3, 4, 5).requiresGrad_();
  const weight = randn(3, 3, 1, 1);
  const pullback = (v: Tensor): Tensor =>
    torch.autograd.grad([torch.nn.functional.conv2d(x, weight)], [x], { gradOutputs: [v] })[0]!;
  checkVmap(pullback, [randn(7, 2, 3, 4, 5)], { gradients: false });
});
