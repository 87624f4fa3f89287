/** Elementwise operators under `vmap`: results, in-place writes and gradients are those of a loop. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { expectError } from '../../support/errors';
import {
  B0,
  B1,
  above1,
  checkBinary,
  checkUnary,
  checkVmap,
  expectClose,
  rand,
  randn,
  withoutFallback,
  type Getter,
} from '../../support/vmap';

const { vmap, RuntimeError } = torch;
type Fn = (...args: any[]) => unknown;

beforeEach(() => {
  torch.manualSeed(0);
});

describe('functions of one tensor', () => {
  const names: [string, Getter][] = [
    ['abs', randn],
    ['acos', rand],
    ['asin', rand],
    ['atan', rand],
    ['ceil', randn],
    ['cos', rand],
    ['cosh', rand],
    ['digamma', above1],
    ['exp', randn],
    ['expm1', randn],
    ['floor', randn],
    ['frac', randn],
    ['lgamma', above1],
    ['log', above1],
    ['log10', above1],
    ['log1p', above1],
    ['log2', above1],
    ['neg', randn],
    ['reciprocal', above1],
    ['relu', randn],
    ['round', randn],
    ['rsqrt', above1],
    ['sigmoid', randn],
    ['sign', randn],
    ['sin', rand],
    ['sinh', rand],
    ['sqrt', above1],
    ['tan', rand],
    ['tanh', rand],
    ['trunc', randn],
  ];
  test.each(names)('%s, and in place', (name, getter) => {
    checkUnary((torch as unknown as Record<string, Fn>)[name], getter);
    checkUnary((x) => x[`${name}_`](), getter, { gradients: false });
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ['clamp({ min })', (x) => x.clamp({ min: -0.5 })],
    ['clamp({ max })', (x) => x.clamp({ max: 0.5 })],
    ['clamp({ min, max })', (x) => x.clamp({ min: -0.5, max: 0.5 })],
    ['clampMin', (x) => x.clampMin(-0.5)],
    ['clampMax', (x) => x.clampMax(0.5)],
  ])('%s', (_, fn) => checkUnary(fn, randn));

  test('isnan and isinf', () => {
    for (const [name, value] of [
      ['isnan', NaN],
      ['isinf', -Infinity],
    ] as const) {
      const x = randn(2, 3, 24, 5, 7);
      checkVmap((t: Tensor) => t[name](), [x.maskedFill(x.gt(0), value)]);
    }
  });
});

describe('functions of two tensors', () => {
  test.each<[string, (x: any, y: any) => Tensor, Getter]>([
    ['add', (x, y) => torch.add(x, y), randn],
    ['sub', (x, y) => torch.sub(x, y), randn],
    ['mul', (x, y) => torch.mul(x, y), randn],
    ['div', (x, y) => torch.div(x, y), above1],
    ['pow', (x, y) => torch.pow(x, y), above1],
  ])('%s, with numbers and with promotion', (name, fn, getter) => {
    checkBinary(fn, getter);
    checkUnary((x) => fn(x, 1.5), getter);
    checkUnary((x) => (name === 'pow' ? fn(1.5, x) : fn(torch.tensor(1.5, { dtype: 'float64' }), x)), getter);
    // A sample of one number is a 0-d tensor: it does not raise the dtype of one with dimensions.
    const narrow = (...shape: number[]): Tensor => getter(...shape).to('float32');
    for (const [left, right] of [
      [narrow(B0), getter(B0)],
      [getter(B0), narrow(B0)],
      [narrow(B0), narrow(B0)],
      [narrow(B0, 2), getter(B0)],
      [getter(B0), narrow(B0, 2)],
    ]) {
      checkVmap(fn, [left, right], { tolerance: 1e-5 });
    }
  });

  test.each(['eq', 'gt', 'ge', 'le', 'lt', 'ne'] as const)('%s, with numbers too', (name) => {
    const integers: Getter = (...shape) => torch.randint(0, 3, shape).to('float64');
    checkBinary((x: Tensor, y: Tensor) => torch[name](x, y), integers);
    checkUnary((x: Tensor) => x[name](1), integers);
  });

  test.each(['clampMin', 'clampMax'] as const)('%s', (name) => {
    checkBinary((x: Tensor, y: Tensor) => torch[name](x, y), randn);
    checkUnary((x: Tensor) => torch[name](x, 0.3), randn);
  });

  test.each(['clampMin_', 'clampMax_'] as const)('%s writes into the mapped argument', (name) => {
    const inPlace = (x: Tensor, y: Tensor | number): Tensor => x[name](y as Tensor);
    const check = (left: number[], right: number[], options = {}): void =>
      checkVmap(inPlace, [randn(...left), randn(...right)], { gradients: false, ...options });
    check([B0, 3], [B0, 3]);
    check([B0], [B0]);
    check([2, B0, 3], [2, B0, 3], { inDims: [1, 1] });
    check([B0, 2, 3], [2, B0, 3], { inDims: [0, 1], outDims: 1 });
    check([B0, 2, 3], [1, 1], { inDims: [0, null] });
    check([B0, B1, 2, 3], [B0, B1, 1, 3], { levels: [{}, {}] });
    checkUnary((x) => inPlace(x, 0.3), randn, { gradients: false });
  });

  test('siluBackward', () => {
    const fn = (g: Tensor, x: Tensor): Tensor => torch.ops.aten.silu_backward(g, x) as Tensor;
    // PyTorch has no derivative of this operator; its second derivatives take another way.
    const options = { gradients: false };
    checkVmap(fn, [above1(B0, 3), above1(B0, 3)], options);
    checkVmap(fn, [above1(), above1(B0)], { ...options, inDims: [null, 0] });
    checkVmap(fn, [above1(2, B0), above1(2)], { ...options, inDims: [1, null] });
  });

  test('resultType sees samples, not the batch', () => {
    const fn = (x: Tensor, y: Tensor | number): Tensor =>
      torch.ones([], { dtype: torch.resultType(x as any, y as any) });
    for (const shape of [[2], [2, 3]]) {
      const x = torch.ones(shape);
      for (const other of [1, 1.6, torch.tensor(1), torch.tensor(1.6, { dtype: 'float64' })]) {
        checkVmap((t: Tensor) => fn(t, other), [x], { gradients: false });
      }
      for (const dtype of ['float64', 'int64'] as const) {
        checkVmap(fn, [x, torch.ones(shape, { dtype })], { gradients: false });
        checkVmap(fn, [x, torch.ones([2], { dtype })], { gradients: false });
      }
    }
  });
});

describe('writing', () => {
  test('copy_', () => {
    const [x, y] = [randn(3), randn(3)];
    vmap((a: Tensor, b: Tensor) => a.copy_(b))(x, y);
    expectClose(x, y);
    const columns = randn(3, 2);
    vmap((a: Tensor, b: Tensor) => a.copy_(b), { inDims: [1, null] })(columns, x);
    expectClose(columns, x.expand(2, 3).t().contiguous());
    expectError(
      () => vmap((a: Tensor, b: Tensor) => a.copy_(b), { inDims: [null, 0] })(x, randn(2, 3)),
      RuntimeError,
      /inplace/,
    );
  });

  test('fill_ and zero_', () => {
    const options = { gradients: false };
    checkUnary((x: Tensor) => x.fill_(0.1), randn, options);
    checkUnary((x: Tensor) => x.fill_(torch.tensor(0.2)), randn, options);
    checkUnary((x: Tensor) => x.zero_(), randn, options);
  });

  test('fill_ with a mapped value', () => {
    const fn = (x: Tensor, value: Tensor): Tensor => x.fill_(value);
    const options = { gradients: false };
    checkVmap(fn, [randn(B0, 5), randn(B0)], options);
    checkVmap(fn, [randn(3, B0), randn(B0)], { ...options, inDims: [-1, 0] });
    checkVmap(fn, [randn(3, B0), randn()], { ...options, inDims: [1, null] });
    expectError(() => vmap(fn, { inDims: [null, 0] })(randn(3), randn(2)), RuntimeError, /fill_|inplace/);
  });
});

describe('dtypes and layouts', () => {
  test('to, and the methods named after dtypes', () => {
    checkVmap((x: Tensor) => x.to('cpu'), [rand(B0)]);
    checkVmap((x: Tensor) => x.to('float32'), [rand(B0)], { tolerance: 1e-6 });
    checkVmap((x: Tensor, other: Tensor) => x.to(other), [rand(B0), torch.rand(B0)], { tolerance: 1e-6 });
    checkVmap((x: Tensor, other: Tensor) => x.to(other), [rand(B0), torch.rand(B0)], {
      inDims: [0, null],
      tolerance: 1e-6,
    });
    checkVmap((x: Tensor) => x.to('float32'), [rand(B0, B1, 3)], { levels: [{}, {}], tolerance: 1e-6 });
    for (const name of ['double', 'float', 'int', 'long'] as const) {
      checkVmap((x: Tensor) => x[name](), [rand(B0)], { tolerance: 1e-6, gradients: name === 'double' });
    }
  });

  test('clone, whose samples are contiguous when asked to be', () => {
    checkUnary((x: Tensor) => x.clone(), randn);
    checkUnary((x: Tensor) => x.clone({ memoryFormat: 'preserve_format' }), randn);
    checkUnary((x: Tensor) => x.clone({ memoryFormat: 'contiguous_format' }), randn);
    const contiguous = (x: Tensor): Tensor => x.clone({ memoryFormat: 'contiguous_format' });
    const once = vmap(contiguous, { inDims: 1, outDims: 1 })(randn(2, B0, 7));
    expect(once.movedim(1, 0).isContiguous()).toBe(true);
    expect(once.index(':', 0).isContiguous()).toBe(true);
    const twice = vmap(vmap(contiguous, { inDims: 2 }), { inDims: 1 })(randn(2, B0, 7, B1));
    expect(twice.isContiguous()).toBe(true);
    for (const memoryFormat of ['channels_last', 'channels_last_3d'] as const) {
      expectError(
        () => vmap((x: Tensor) => x.clone({ memoryFormat }))(randn(B0)),
        RuntimeError,
        /only supported with memory_format torch\.preserve_format or torch\.contiguous_format/,
      );
    }
  });

  test('contiguous leaves contiguous samples where they are', () => {
    checkUnary((x: Tensor) => x.contiguous(), randn);
    const x = randn(B0, 2, 5, 7).movedim(0, 2);
    const result = vmap((t: Tensor) => t.contiguous(), { inDims: 2, outDims: 2 })(x);
    x.fill_(3);
    expect(result.eq(3).all().item()).toBe(true);
    for (const memoryFormat of ['channels_last', 'channels_last_3d'] as const) {
      const message = /^NYI: querying is_contiguous inside of vmap for memory_format/;
      expectError(() => vmap((t: Tensor) => t.contiguous({ memoryFormat }))(randn(3, 3)), RuntimeError, message);
      expectError(
        () => vmap((t: Tensor) => (t.isContiguous({ memoryFormat }), t))(randn(3, 2, 7, 3)),
        RuntimeError,
        message,
      );
    }
  });

  test('isContiguous is about a sample', () => {
    const fn = (x: Tensor): Tensor => torch.tensor(x.isContiguous());
    const all = (result: Tensor): unknown[] => [...new Set(result.flatten().toArray() as unknown[])];
    expect(all(vmap(fn)(randn(B0, 2, 7)))).toEqual([true]);
    expect(all(vmap(fn, { inDims: 1 })(randn(2, B0, 7)))).toEqual([false]);
    expect(all(vmap(fn)(randn(2, B0, 7).movedim(1, 0)))).toEqual([false]);
    expect(all(vmap(fn, { inDims: 2 })(randn(2, 7, B0)))).toEqual([false]);
    expect(all(vmap(vmap(fn))(randn(B0, B1, 3)))).toEqual([true]);
    expect(all(vmap(vmap(fn), { inDims: 1 })(randn(B1, B0, 3)))).toEqual([true]);
    expect(all(vmap(vmap(fn))(randn(B1, B0, 3).movedim(0, 1)))).toEqual([true]);
    expect(all(vmap(vmap(fn, { inDims: 1 }))(randn(B0, 3, B1)))).toEqual([false]);
    expect(all(vmap(fn)(randn(B0, 0, 3)))).toEqual([true]);
    expect(all(vmap(fn, { inDims: 1 })(randn(0, B0, 3)))).toEqual([true]);
    expect(all(vmap(fn)(randn(B0, 0, 3).transpose(-1, -2)))).toEqual([true]);
  });

  test('strides are those of a sample', () => {
    const seen: number[][] = [];
    const fn = (x: Tensor): Tensor => (seen.push(x.strides), x);
    vmap(fn)(randn(B0, 2, 5, 7));
    vmap(fn)(randn(2, B0, 5, 7).movedim(1, 0));
    expect(seen).toEqual([
      [35, 7, 1],
      [35 * B0, 7, 1],
    ]);
  });

  test('isComplex and isFloatingPoint', () => {
    const kinds = (x: Tensor): unknown =>
      vmap((t: Tensor) => torch.tensor([t.isComplex(), t.isFloatingPoint()]))(x)
        .index(0)
        .toArray();
    expect(kinds(torch.ones(3, { dtype: 'complex64' }))).toEqual([true, false]);
    expect(kinds(torch.ones(3))).toEqual([false, true]);
    expect(kinds(torch.ones(3, { dtype: 'int64' }))).toEqual([false, false]);
  });

  test('conj, and its bit', () => {
    for (const dtype of ['float32', 'complex64'] as const) {
      checkUnary(
        (x: Tensor) => x.conj(),
        (...shape) => torch.randn(shape, { dtype }),
        { tolerance: 1e-6 },
      );
    }
    const real = randn(3);
    const same = vmap((x: Tensor) => x.conj())(real);
    real.fill_(2);
    expect(same.toArray()).toEqual([2, 2, 2]);
    const bits: boolean[] = [];
    const x = torch.randn(3, { dtype: 'complex64' });
    const result = vmap((t: Tensor) => {
      const y = t.conj();
      bits.push(t.isConj(), y.isConj());
      return y;
    })(x);
    expect(bits).toEqual([false, true]);
    expectClose(result, x.conj());
  });
});

describe('tensors made from a mapped one', () => {
  test('newEmpty and newEmptyStrided', () => {
    withoutFallback(() => {
      expect(vmap((x: Tensor) => x.newEmpty([2, 3]))(randn(B0)).shape).toEqual([B0, 2, 3]);
      expect(vmap((x: Tensor) => x.newEmpty([]))(randn(B0)).shape).toEqual([B0]);
      expect(vmap(vmap((x: Tensor) => x.newEmpty([2, 3])))(randn(B0, B1)).shape).toEqual([B0, B1, 2, 3]);
      for (const [size, stride] of [
        [
          [2, 3, 5],
          [15, 5, 1],
        ],
        [
          [2, 3, 5],
          [0, 5, 1],
        ],
        [
          [2, 3, 4],
          [2, 4, 6],
        ],
        [
          [2, 3, 4],
          [0, 0, 0],
        ],
        [
          [0, 2, 0],
          [12, 4, 1],
        ],
      ]) {
        const storage = size.includes(0) ? 0 : 1 + size.reduce((sum, n, i) => sum + (n - 1) * stride[i], 0);
        const fn = (x: Tensor): Tensor => x.newEmptyStrided(size, stride);
        const once = vmap(fn)(randn(B0));
        expect([once.shape, once.strides]).toEqual([
          [B0, ...size],
          [storage, ...stride],
        ]);
        const twice = vmap(vmap(fn), { inDims: 1 })(randn(B1, B0));
        expect([twice.shape, twice.strides]).toEqual([
          [B0, B1, ...size],
          [B1 * storage, storage, ...stride],
        ]);
      }
    });
  });

  test('newZeros, onesLike and zerosLike', () => {
    const options = { gradients: false };
    checkVmap((x: Tensor) => x.newZeros([2, 3]), [rand(B0)], options);
    checkVmap((x: Tensor) => x.newZeros([]), [rand(B0)], options);
    checkVmap((x: Tensor) => x.newZeros([3, 5]), [rand(B0, B1)], { ...options, levels: [{}, {}] });
    checkVmap((x: Tensor) => [torch.onesLike(x), torch.zerosLike(x)], [rand(2, 3, 24, 5, 7)], options);
  });
});
