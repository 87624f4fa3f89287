/** Operators that give views: under `vmap` they are those of a loop, and still share memory. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { expectError } from '../../support/errors';
import { B0, B1, B2, checkUnary, checkVmap, expectClose, rand, randn, type CheckOptions } from '../../support/vmap';

const { vmap, RuntimeError } = torch;
type Unary = (x: Tensor) => any;

beforeEach(() => {
  torch.manualSeed(0);
});

const checkView = (fn: (...args: any[]) => unknown, inputs: readonly unknown[], options: CheckOptions = {}): void =>
  checkVmap(fn, inputs, { ...options, view: true });

/** A view of at least two dimensions at the places that the mapped dimensions can have. */
function checkMatrixView(fn: Unary, rows = 2, columns = 5): void {
  checkView(fn, [rand(B0, rows, columns)]);
  checkView(fn, [rand(rows, B0, columns)], { inDims: 1 });
  checkView(fn, [rand(B1, rows, B0, columns)], { levels: [{}, { inDims: 2 }] });
  checkView(fn, [rand(B1, rows, B0, columns, B2)], { levels: [{ inDims: 2 }, {}, { inDims: 2 }] });
}

describe('shapes', () => {
  test.each<[string, Unary]>([
    ['select', (x) => x.select(1, 1)],
    ['select from the end', (x) => x.select(-1, 0)],
    ['narrow', (x) => x.narrow(-1, 1, 3)],
    ['narrow to nothing', (x) => x.narrow(1, 0, 0)],
    ['transpose', (x) => x.transpose(0, 1)],
    ['transpose, from the end', (x) => x.transpose(-1, -2)],
    ['t', (x) => x.t()],
    ['T', (x) => x.T],
    ['unsqueeze(0)', (x) => x.unsqueeze(0)],
    ['unsqueeze(2)', (x) => x.unsqueeze(2)],
    ['unsqueeze(-1)', (x) => x.unsqueeze(-1)],
    ['movedim', (x) => torch.movedim(x, 0, 1)],
    ['movedim of several', (x) => torch.movedim(x.unsqueeze(1), [1, 0], [0, 2])],
    ['slice', (x) => x.index('0:1')],
    ['slice of the second dimension', (x) => x.index(':', '1:3')],
    ['unbind', (x) => x.unbind(1)],
    ['unbind, from the end', (x) => x.unbind(-1)],
    ['chunk', (x) => x.chunk(2, 1)],
    ['split by size', (x) => torch.split(x, 2, 1)],
    ['split by sizes', (x) => torch.split(x, [1, 3, 1], -1)],
    ['tensorSplit by number', (x) => x.tensorSplit(3, 1)],
    ['tensorSplit by indices', (x) => x.tensorSplit([1, 1, 4], -1)],
    ['diagonal', (x) => x.diagonal()],
    ['diagonal with an offset', (x) => x.diagonal(1, 0, -1)],
    ['unfold', (x) => x.unfold(1, 4, 1)],
    ['unfold with a step', (x) => x.unfold(-1, 2, 2)],
  ])('%s', (_, fn) => checkMatrixView(fn));

  test('T of three dimensions', () => {
    checkView((x: Tensor) => x.T, [rand(B0, 2, 3, 5)]);
    checkView((x: Tensor) => x.T, [rand(2, B0, 3, 5)], { inDims: 1 });
    checkView((x: Tensor) => x.T, [rand(B1, 2, B0, 3, 5)], { levels: [{}, { inDims: 2 }] });
  });

  test('diagonal with a mapped dimension between its own', () => {
    const x = randn(3, 5, 7, 11, 13);
    checkView((t: Tensor) => t.diagonal(2, 1, 2), [x], { inDims: 1 });
    checkView((t: Tensor) => t.diagonal(0, -2, -1), [x], { inDims: 1, outDims: 1 });
    checkView((t: Tensor) => t.diagonal(0, 0, 1), [x], { levels: [{ inDims: 1 }, { inDims: 3 }] });
  });

  test('transpose of a 0-d sample is the sample', () => {
    for (const [a, b] of [
      [0, 0],
      [0, -1],
      [-1, 0],
      [-1, -1],
    ]) {
      checkView((t: Tensor) => t.transpose(a, b), [rand(B0)]);
    }
  });

  test('unbind of an empty dimension', () => {
    checkVmap((x: Tensor) => x.unbind(), [rand(B0, 2, 0)]);
  });

  test('squeeze leaves the mapped dimension alone, though its size is 1', () => {
    const squeezes: [Unary, number][] = [
      [(x) => x.squeeze(), 0],
      [(x) => x.squeeze(0), 1],
      [(x) => x.squeeze(1), 2],
      [(x) => x.squeeze(-1), 1],
      [(x) => x.squeeze(-2), 2],
    ];
    for (const [fn, dimensions] of squeezes) {
      if (dimensions === 0) {
        checkView(fn, [rand(1)]);
        checkView(fn, [rand(B1)]);
      }
      if (dimensions <= 1) {
        checkView(fn, [rand(1, B1, 1)], { levels: [{}, {}] });
        checkView(fn, [rand(B1, 1, 1)], { levels: [{}, { inDims: 2 }] });
      }
      checkView(fn, [rand(1, 3, 5)]);
      checkView(fn, [rand(1, 1, 5)], { inDims: 1 });
      checkView(fn, [rand(1, 0, 1, 5, 1)]);
      checkView(fn, [rand(1, 1, 1, 1, 1)]);
      checkView(fn, [rand(1, B1, 1, 3, 4)], { levels: [{}, {}] });
      checkView(fn, [rand(B1, 1, 1, 4, 5)], { levels: [{}, { inDims: 2 }] });
    }
    expectError(() => vmap((x: Tensor) => x.squeeze(1))(rand(10)), RuntimeError, /^Dimension is out of range/);
  });
});

describe('view, reshape and expand', () => {
  test('view', () => {
    checkView((x: Tensor) => x.view([2, 5]), [rand(B0, 10)]);
    checkView((x: Tensor) => x.view([1, 2, 1, 10]), [rand(B0, 4, 5)]);
    checkView((x: Tensor) => x.view([-1]), [rand(B0, B1, 2, 5, 3)], { levels: [{}, {}] });
    checkView((x: Tensor) => x.reshape([-1]), [rand(B2, B0, B1, 3, 2, 5)], {
      levels: [{}, { inDims: 1 }, { inDims: 1 }],
    });
    expectError(() => vmap((x: Tensor) => x.view([10]), { inDims: 1 })(rand(2, B0, 5)), RuntimeError, /view size/);
  });

  test('viewAs', () => {
    const fn = (x: Tensor, y: Tensor): Tensor => x.viewAs(y);
    checkView(fn, [rand(B0, 10), rand(B0, 2, 5)]);
    checkView(fn, [rand(10), rand(B0, 2, 5)], { inDims: [null, 0] });
    checkView(fn, [rand(B0, 10), rand(2, 5)], { inDims: [0, null] });
    checkView(fn, [rand(B0, 4, 5), rand(2, 1, 1, 10)], { inDims: [0, null] });
    checkView(fn, [rand(B0, B1, 2, 5), rand(B0, B1, 10)], { levels: [{}, {}] });
    expectError(() => vmap(fn, { inDims: [1, 0] })(rand(2, B0, 5), rand(B0, 10)), RuntimeError, /view size/);
  });

  test('reshape is a view where it can be', () => {
    checkView((x: Tensor) => x.reshape([2, 5]), [rand(B0, 10)]);
    checkVmap((x: Tensor) => x.reshape([1, 1, 10]), [rand(2, B0, 5)], { inDims: 1 });
    checkView((x: Tensor) => x.reshape([-1]), [rand(B0, B1, 2, 5)], { levels: [{}, {}] });
    checkVmap((x: Tensor) => x.reshape([-1]), [rand(3, B1, 2, B2, 5, B0)], {
      levels: [{ inDims: 2 }, { inDims: 1 }, { inDims: 5 }],
    });
  });

  test('reshapeAs', () => {
    const fn = (x: Tensor, y: Tensor): Tensor => x.reshapeAs(y);
    checkView(fn, [rand(B0, 10), rand(B0, 2, 5)]);
    checkView(fn, [rand(10), rand(B0, 2, 5)], { inDims: [null, 0] });
    checkView(fn, [rand(B0, 10), rand(2, 5)], { inDims: [0, null] });
    checkVmap(fn, [rand(2, B0, 5), rand(1, 1, 10)], { inDims: [1, null] });
    checkView(fn, [rand(B0, B1, 2, 5), rand(B0, B1, 10)], { levels: [{}, {}] });
  });

  test('flatten', () => {
    checkVmap((x: Tensor) => x.flatten(1, 2), [randn(2, 3, 4, 5)]);
    checkVmap((x: Tensor) => x.flatten(), [randn(3, B0, 5)], { inDims: 1 });
  });

  test('expandAs', () => {
    const fn = (x: Tensor, y: Tensor): Tensor => x.expandAs(y);
    checkView(fn, [rand(B0, 1, 5), rand(B0, 2, 3, 5)]);
    checkView(fn, [rand(B0, 1, 5), rand(2, 3, 5)], { inDims: [0, null] });
    checkView(fn, [rand(1, 5), rand(B0, 2, 3, 5)], { inDims: [null, 0] });
    checkView(fn, [rand(B0, B1, 1, 5), rand(B0, B1, 2, 3, 5)], { levels: [{}, {}] });
    checkView(fn, [rand(B0, B1, 1, 5), rand(B1, B0, 2, 3, 5)], { levels: [{}, { inDims: [0, 1] }] });
    checkView(fn, [rand(B0, B1), rand(B1, 2, 3, 5)], { levels: [{}, { inDims: [0, null] }] });
    checkView(fn, [rand(B0, B1, B2), rand(B0, B1, B2, 2, 3, 5)], { levels: [{}, {}, {}] });
  });

  test('repeat and roll', () => {
    checkVmap((x: Tensor) => x.repeat([2, 3]), [rand(B0, 1, 1)]);
    checkVmap((x: Tensor) => x.repeat([2, 3]), [rand(1, B0, 1)], { inDims: 1 });
    checkVmap((x: Tensor) => x.roll(2), [rand(B0, 2, 5)]);
    checkVmap((x: Tensor) => x.roll(3), [rand(2, B0, 5)], { inDims: 1 });
    checkVmap((x: Tensor) => x.roll(3), [rand(B1, 2, B0, B2, 5)], { levels: [{ inDims: 1 }, {}, { inDims: 2 }] });
  });
});

describe('complex numbers', () => {
  const complex =
    (dtype: 'complex64' | 'complex128') =>
    (...shape: number[]): Tensor =>
      torch.randn(shape, { dtype });

  test.each<[string, Unary]>([
    ['real', (x) => x.real],
    ['imag', (x) => x.imag],
    ['viewAsReal', (x) => torch.viewAsReal(x)],
  ])('%s', (_, fn) => {
    for (const dtype of ['complex64', 'complex128'] as const) {
      checkUnary(fn, complex(dtype), { view: true, tolerance: 1e-6 });
      checkView(fn, [complex(dtype)(3, B0)], { inDims: 1, tolerance: 1e-6 });
    }
  });

  test('viewAsComplex, where two numbers of a sample lie side by side', () => {
    const fn = (x: Tensor): Tensor => torch.viewAsComplex(x);
    for (const dtype of ['float32', 'float64'] as const) {
      const get = (...shape: number[]): Tensor => torch.randn(shape, { dtype });
      const check = (x: Tensor, options: CheckOptions = {}): void =>
        checkView(fn, [x], { tolerance: 1e-6, ...options });
      check(get(B0, 3, 2));
      check(get(2, 5, B0, 3, 2), { inDims: 2 });
      check(get(2, 5, B0, 3, 2), { inDims: 2, outDims: 2 });
      check(get(B0, B1, 2), { levels: [{}, {}] });
      check(get(B1, 2, 5, B0, 3, 2), { levels: [{}, { inDims: 2 }] });
      check(get(2, 5, B0, B1, 3, 2), { levels: [{ inDims: 2 }, { inDims: 2, outDims: 2 }] });
      // The mapped dimension before the pair.
      check(get(3, B0, 2), { inDims: 1 });
      check(get(3, B1, B0, 2), { levels: [{ inDims: 1 }, { inDims: 2 }] });
      // The mapped dimension last, but not in memory.
      check(get(B0, 2).transpose(0, 1), { inDims: 1 });
      check(get(B0, B1, 2).movedim(1, 2), { levels: [{ inDims: 1 }, {}] });
      check(get(B0, 3, B1, 2).movedim(2, 3), { levels: [{ inDims: 2 }, {}] });

      const stride = /Tensor must have a last dimension with stride 1/;
      expectError(() => vmap(fn, { inDims: 1 })(get(2, B0)), RuntimeError, stride);
      expectError(() => vmap(vmap(fn, { inDims: 1 }), { inDims: 1 })(get(2, B0, B1)), RuntimeError, stride);
      const none = /Input tensor must have one or more dimensions/;
      expectError(() => vmap(fn)(get(B0)), RuntimeError, none);
      expectError(() => vmap(vmap(fn))(get(B0, B1)), RuntimeError, none);
      expectError(
        () => vmap(fn, { inDims: 1 })(get(3, 2)),
        RuntimeError,
        /Tensor must have a last dimension of size 2/,
      );
    }
  });
});

describe('asStrided', () => {
  // Samples of shape [2, 3] in memory in various ways.
  const tensors: [string, () => Tensor][] = [
    ['contiguous', () => randn(B0, 2, 3)],
    ['transposed', () => randn(B0, 3, 2).transpose(1, 2)],
    ['the batch innermost', () => randn(3, 2, B0).movedim(-1, 0).transpose(1, 2)],
    ['with an offset', () => randn(2, B0, 2, 3).select(0, 1)],
    ['with an offset, the batch in between', () => randn(2, 2, B0, 3).select(0, 1).movedim(1, 0)],
    ['with gaps', () => randn(B0, 2, 4, 3, 7).index(':', ':', 0, ':', 0)],
    ['with gaps and an offset', () => randn(2, 4, 3, 7, B0).movedim(-1, 0).index(':', ':', 2, ':', 1)],
  ];
  test.each(tensors)('of samples that are %s', (_, make) => {
    const x = make();
    const [s0, s1] = x.strides.slice(1);
    const offset = x.storageOffset();
    const same = (size: number[], stride: number[], start: number, expected: Unary): void => {
      for (const [tensor, inDims] of [
        [x, 0],
        [x.movedim(0, -1), -1],
      ] as const) {
        const result = vmap((t: Tensor) => t.asStrided(size, stride, start), { inDims })(tensor);
        const wanted = vmap(expected, { inDims })(tensor) as Tensor;
        expectClose(result, wanted);
        tensor.mul_(2);
        expectClose(result, wanted);
      }
    };
    same([5, 5, 2, 3], [0, 0, s0, s1], offset, (t) => t.expand([5, 5, 2, 3]));
    same([3, 2], [s1, s0], offset, (t) => t.transpose(0, 1));
    same([2], [s0], offset + s1, (t) => t.select(1, 1));
    same([2], [s0 + s1], offset, (t) => t.diagonal());
    same([2], [s1 * 2], offset, (t) => t.index(0, '::2'));
  });

  test('nested', () => {
    const x = randn(B1, B0, 2, 3);
    const [s0, s1] = x.strides.slice(2);
    expectClose(
      vmap(
        vmap((t: Tensor) => t.asStrided([5, 5, 2, 3], [0, 0, s0, s1])),
        { inDims: 1 },
      )(x),
      vmap(
        vmap((t: Tensor) => t.expand([5, 5, 2, 3])),
        { inDims: 1 },
      )(x),
    );
  });

  test('is refused beyond the memory of a sample', () => {
    const refuse = (body: () => unknown): void =>
      expectError(body, RuntimeError, /This is not supported inside of vmap/);
    refuse(() => vmap((x: Tensor) => x.asStrided([3], [1], 1))(randn(B0, 3)));
    refuse(() => vmap((x: Tensor) => x.asStrided([4, 4], [4, 1], 0))(randn(B0, 3, 5)));
    refuse(() => vmap(vmap((x: Tensor) => x.asStrided([4, 4], [4, 1], 0)))(randn(B0, B1, 3, 5)));
    refuse(() => vmap((x: Tensor) => x.asStrided([3], [1], B0 * 3 - 1))(randn(2, B0, 3).select(0, 1)));
    refuse(() => vmap((x: Tensor) => x.asStrided([3], [1]))(randn(B0, 0, 3)));
    expectError(
      () => vmap((x: Tensor) => x.asStrided([1, 1, 1], [1, 1]))(randn(B0, 2, 3).transpose(0, 1)),
      RuntimeError,
      /size and stride must have the same length/,
    );
  });
});
