/** Products, reductions, joins, convolutions and losses under `vmap`: those of a loop. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { expectError } from '../../support/errors';
import { B0, B1, B2, checkChoices, checkVmap, expectClose, rand, randn } from '../../support/vmap';

const { vmap, RuntimeError } = torch;
const F = torch.nn.functional;
type Fn = (...args: any[]) => any;

beforeEach(() => {
  torch.manualSeed(0);
});

describe('products', () => {
  const products: [string, Fn, number[], number[]][] = [
    ['dot', (a, b) => a.dot(b), [5], [5]],
    ['mv', (a, b) => a.mv(b), [2, 5], [5]],
    ['mm', (a, b) => a.mm(b), [2, 5], [5, 3]],
    ['bmm', (a, b) => a.bmm(b), [2, 3, 5], [2, 5, 3]],
    ['matmul', (a, b) => a.matmul(b), [2, 5], [5, 3]],
  ];
  test.each(products)('%s: either mapped, both, nested', (_, fn, left, right) => {
    checkVmap(fn, [rand(B0, ...left), rand(...right)], { inDims: [0, null] });
    checkVmap(fn, [rand(...left), rand(B0, ...right)], { inDims: [null, 0] });
    checkVmap(fn, [rand(B0, ...left), rand(B0, ...right)]);
    checkVmap(fn, [rand(B1, B0, ...left), rand(...right)], { levels: [{ inDims: [0, null] }, { inDims: [1, null] }] });
    checkVmap(fn, [rand(...left), rand(B1, B0, ...right)], { levels: [{ inDims: [null, 0] }, { inDims: [null, 1] }] });
    checkVmap(fn, [rand(B1, B0, ...left), rand(B0, B1, ...right)], { levels: [{}, { inDims: [1, 0] }] });
    checkVmap(fn, [rand(B1, ...left), rand(B0, ...right)], { levels: [{ inDims: [0, null] }, { inDims: [null, 0] }] });
    checkChoices(fn, [rand(...left), rand(...right)]);
  });
  test.each(products.slice(0, 4))('%s: sizes that do not fit', (_, fn, left, right) => {
    expect(() => vmap(fn)(randn(B0, ...left, 2), randn(B0, 2))).toThrow(RuntimeError);
    expect(() => vmap(fn, { inDims: [0, null] })(randn(B0, ...left), randn(2, 2, 2, 2))).toThrow(RuntimeError);
    expect(() => vmap(fn, { inDims: [null, 0] })(randn(2, 2, 2, 2), randn(B0, ...right))).toThrow(RuntimeError);
  });

  test('matmul of a matrix that the inner vmap does not see', () => {
    const fn = (x: Tensor, y: Tensor): Tensor => x.matmul(y);
    checkVmap(fn, [randn(5, 2, 2, 2), randn(5, 7, 2)], { levels: [{ inDims: [null, 0] }, {}] });
  });

  test('cross takes the dimension of size 3 of a sample, though the batch has that size', () => {
    const fn = (x: Tensor, y: Tensor): Tensor => torch.cross(x, y);
    checkVmap(fn, [rand(3, 2, 3), rand(3, 2, 3)]);
    checkVmap(fn, [rand(3, 3, 2, 3), rand(3, 3, 2, 3)], { levels: [{}, { inDims: [0, 1] }] });
    checkVmap(fn, [rand(3, 2, 3), rand(3, 3, 2, 3)], { levels: [{ inDims: [null, 0] }, { inDims: [0, 1] }] });
  });

  test('the gradient of matmul inside vmap', () => {
    const fn = torch.func.grad((x: Tensor, y: Tensor) => x.matmul(y).sum());
    checkVmap(fn, [randn(2, 2, 3, 3), randn(2, 3, 3)], { gradients: false });
  });

  test('trace and slogdet', () => {
    checkVmap((x: Tensor) => x.trace(), [rand(B0, 2, 5)]);
    checkVmap((x: Tensor) => x.trace(), [rand(2, B0, 5)], { inDims: 1 });
    checkVmap((x: Tensor) => x.trace(), [rand(B1, 2, B0, 5, B2)], { levels: [{ inDims: 2 }, {}, { inDims: 2 }] });
    for (const slogdet of [torch.linalg.slogdet, torch.slogdet] as Fn[]) {
      checkVmap(slogdet, [rand(B0, 1, 1)], { gradients: false });
      checkVmap(slogdet, [rand(B0, 2, 2)], { gradients: false });
      checkVmap(slogdet, [rand(B0, 3, 2, 2)], { gradients: false });
      checkVmap(slogdet, [rand(3, 2, 2, B0)], { inDims: 3, gradients: false });
    }
  });
});

describe('reductions', () => {
  test.each(['sum', 'mean'] as const)('%s, whole or of a dimension', (name) => {
    const whole = (x: Tensor): Tensor => x[name]();
    const along =
      (dim: number) =>
      (x: Tensor): Tensor =>
        x[name](dim);
    for (const fn of [whole, along(0), along(-1)]) {
      checkVmap(fn, [randn(B0)]);
      checkVmap(fn, [randn(B0, 3)]);
      checkVmap(fn, [randn(2, 5, B0, 3)], { inDims: 2 });
      checkVmap(fn, [randn(B0, B1)], { levels: [{}, {}] });
      checkVmap(fn, [randn(B1, 2, 5, B0, 3)], { levels: [{}, { inDims: 3 }] });
      checkVmap(fn, [randn(2, 5, B0, B1, 3)], { levels: [{ inDims: 2 }, { inDims: 2 }] });
    }
    checkVmap(along(2), [randn(2, 5, B0, 3)], { inDims: 2, outDims: 2 });
    checkVmap(along(-2), [randn(B1, 2, 5, B0, 3)], { levels: [{}, { inDims: 3 }] });
    checkVmap(along(2), [randn(2, 5, B0, B1, 3)], { levels: [{ inDims: 2 }, { inDims: 2, outDims: 2 }] });
  });

  test('a sum over a sample that is a number', () => {
    const x = torch.tensor([10]);
    for (const fn of [(t: Tensor) => t.sum(), (t: Tensor) => t.sum(0), (t: Tensor) => t.sum(-1)]) {
      expectClose(vmap(fn)(x), x);
    }
  });

  test('argmax', () => {
    checkChoices((x: Tensor) => x.argmax(), [randn()]);
    for (const dim of [null, 0, -1, 1]) {
      checkChoices((x: Tensor) => (dim === null ? x.argmax() : x.argmax(dim)), [randn(2, 3)]);
    }
  });
});

describe('joins', () => {
  test('cat', () => {
    const cat = (dim: number): Fn => ((...parts: Tensor[]) => torch.cat(parts, dim)) as Fn;
    checkVmap(cat(0), [rand(B0, 2), rand(B0, 3)]);
    checkVmap(cat(0), [rand(B0, 0), rand(B0, 0)]);
    checkVmap(cat(0), [rand(2), rand(B0, 0)], { inDims: [null, 0] });
    checkVmap(cat(1), [rand(2, 5), rand(B0, 0), rand(2, 3)], { inDims: [null, 0, null] });
    checkVmap(cat(1), [rand(B0, 2, 3), rand(B0, 0)]);
    checkVmap(cat(1), [rand(B0, 2, 3, 4), rand(0)], { inDims: [0, null] });
    checkVmap(cat(0), [rand(0), rand(B0, 2), rand(B0, 0)], { inDims: [null, 0, 0] });
    checkVmap(cat(0), [rand(2, 17), rand(3, 17, B0)], { inDims: [null, 2] });
    checkVmap(cat(-1), [rand(17, 2), rand(17, 3, B0)], { inDims: [null, 2] });
    checkVmap(cat(0), [rand(B1, 2), rand(B0, 3)], { levels: [{ inDims: [0, null] }, { inDims: [null, 0] }] });
    checkVmap(cat(0), [rand(B1, 2), rand(B0, B1, 3)], { levels: [{}, { inDims: [null, 0] }] });
  });

  test('stack', () => {
    const stack = (dim: number): Fn => ((...parts: Tensor[]) => torch.stack(parts, dim)) as Fn;
    checkVmap(stack(0), [rand(B0, 3), rand(B0, 3)]);
    checkVmap(stack(0), [rand(3), rand(B0, 3)], { inDims: [null, 0] });
    checkVmap(stack(0), [rand(2, 17), rand(2, 17, B0)], { inDims: [null, 2] });
    checkVmap(stack(-1), [rand(2, 17), rand(2, 17, B0)], { inDims: [null, 2] });
    checkVmap(stack(0), [rand(B1, 2), rand(B0, 2)], { levels: [{ inDims: [0, null] }, { inDims: [null, 0] }] });
    checkVmap(stack(0), [rand(B1, 2), rand(B0, B1, 2)], { levels: [{}, { inDims: [null, 0] }] });
  });
});

describe('layers', () => {
  const convolutions: [string, Fn, number[], number][] = [
    ['conv1d', F.conv1d, [2, 4, 15], 1],
    ['conv2d', F.conv2d, [2, 4, 7, 9], 2],
    ['conv3d', F.conv3d, [2, 4, 5, 6, 7], 3],
  ];
  test.each(convolutions)('%s: input, weight and bias mapped or not', (_, conv, shape, dims) => {
    const kernel = new Array<number>(dims).fill(3);
    const plain = (x: Tensor, w: Tensor, b?: Tensor): Tensor => conv(x, w, b);
    const grouped = (x: Tensor, w: Tensor, b?: Tensor): Tensor =>
      conv(x, w, b, { groups: 2, stride: 3, padding: 1, dilation: 2 });
    const options = { tolerance: 1e-9 };
    checkChoices(plain, [randn(...shape), randn(8, 4, ...kernel), randn(8)], options);
    checkChoices((x: Tensor, w: Tensor) => plain(x, w), [randn(...shape), randn(8, 4, ...kernel)], options);
    checkChoices(grouped, [randn(...shape), randn(8, 2, ...kernel), randn(8)], options);
    checkChoices((x: Tensor, w: Tensor) => grouped(x, w), [randn(...shape), randn(8, 2, ...kernel)], options);
  });

  test('the double backward of a convolution', () => {
    const fn = (...args: Tensor[]): unknown =>
      torch.ops.aten._convolution_double_backward(
        ...args,
        ...([[1, 1], [0, 0], [1, 1], false, [0, 0], 1, [true, true, true]] as any[]),
      );
    const inputs = [
      randn(2, 1, 5, 5),
      randn(2, 1, 2, 2),
      randn(2),
      randn(2, 2, 4, 4),
      randn(2, 1, 2, 2),
      randn(2, 1, 5, 5),
    ];
    checkChoices(fn, inputs, { gradients: false, tolerance: 1e-9 });
  });

  test('adaptiveAvgPool2d', () => {
    const fn = (x: Tensor): Tensor => F.adaptiveAvgPool2d(x, [3, 3]);
    for (const inDims of [0, 1, 4]) checkVmap(fn, [randn(3, 5, 7, 9, 11)], { inDims });
  });

  test('groupNorm', () => {
    const x = randn(2, 3, 24, 5, 7);
    const fn = (t: Tensor, groups: number, weight: Tensor, bias: Tensor): Tensor =>
      F.groupNorm(t, groups, { weight, bias });
    checkVmap(fn, [x, 3, randn(24), randn(24)], { inDims: [0, null, null, null] });
    checkVmap(fn, [x, 4, randn(2, 24), randn(2, 24)], { inDims: [0, null, 0, 0] });
  });

  test.each([
    { affine: true, tracked: true, training: true },
    { affine: true, tracked: true, training: false },
    { affine: false, tracked: true, training: true },
    { affine: false, tracked: true, training: false },
    { affine: true, tracked: false, training: true },
    { affine: false, tracked: false, training: true },
  ])(
    'batchNorm of an ensemble: affine $affine, tracked $tracked, training $training',
    ({ affine, tracked, training }) => {
      const n = 10;
      const fn = (
        x: Tensor,
        mean: Tensor | null,
        variance: Tensor | null,
        weight: Tensor | null,
        bias: Tensor | null,
      ) => {
        const y = F.batchNorm(x, mean, variance, { weight, bias, training });
        // The statistics are written in place.
        return tracked ? [y, mean, variance] : y;
      };
      const inputs = [
        randn(n, 8, 3, 4, 4),
        ...(tracked ? [randn(n, 3), rand(n, 3)] : [null, null]),
        ...(affine ? [randn(n, 3), randn(n, 3)] : [null, null]),
      ];
      const inDims = inputs.map((input) => (input === null ? null : 0));
      checkVmap(fn, inputs, { inDims, gradients: !tracked });
    },
  );

  test('nllLoss', () => {
    for (const reduction of ['mean', 'sum', 'none'] as const) {
      const fn = (x: Tensor, target: Tensor): Tensor => F.nllLoss(x, target, { reduction });
      checkVmap(fn, [randn(3, 2, 5), torch.randint(0, 5, [3, 2])]);
      checkVmap(fn, [randn(3, 2, 5), torch.randint(0, 5, [2])], { inDims: [0, null] });
    }
  });

  test('oneHot with a number of classes', () => {
    checkChoices((x: Tensor) => F.oneHot(x, 3), [torch.tensor(2, { dtype: 'int64' })]);
    checkChoices((x: Tensor) => F.oneHot(x, 4), [torch.randint(0, 3, [2, 3, 4])]);
    expectError(
      () => vmap((x: Tensor) => F.oneHot(x))(torch.tensor([0, 1], { dtype: 'int64' })),
      RuntimeError,
      /one_hot/,
    );
  });
});
