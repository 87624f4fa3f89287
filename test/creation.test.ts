import * as torch from '../lib';
import type { Dtype } from '../lib';

const { Complex } = torch;

afterEach(() => torch.setDefaultDtype('float32'));

describe('tensor', () => {
  test.each<[string, unknown, Dtype, number[], unknown]>([
    ['a number', 1.5, 'float32', [], 1.5],
    ['an integral number', 3, 'float32', [], 3],
    ['a bigint', 3n, 'int64', [], 3],
    ['a boolean', true, 'bool', [], true],
    ['numbers', [1, 2.5], 'float32', [2], [1, 2.5]],
    ['bigints', [1n, 2n], 'int64', [2], [1, 2]],
    ['booleans', [true, false], 'bool', [2], [true, false]],
    ['booleans and bigints', [true, 2n], 'int64', [2], [1, 2]],
    ['bigints and numbers', [1n, 2.5], 'float32', [2], [1, 2.5]],
    [
      'rows',
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      'float32',
      [3, 2],
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    ['nothing', [], 'float32', [0], []],
    ['rows of nothing', [[], []], 'float32', [2, 0], [[], []]],
    ['a Float32Array', new Float32Array([1, 2]), 'float32', [2], [1, 2]],
    ['a Float64Array', new Float64Array([1.1]), 'float64', [1], [1.1]],
    ['an Int8Array', new Int8Array([-1]), 'int8', [1], [-1]],
    ['an Int16Array', new Int16Array([-1]), 'int16', [1], [-1]],
    ['an Int32Array', new Int32Array([-1]), 'int32', [1], [-1]],
    ['a BigInt64Array', new BigInt64Array([-1n]), 'int64', [1], [-1]],
    ['a Uint8Array', new Uint8Array([255]), 'uint8', [1], [255]],
    ['a Uint8ClampedArray', new Uint8ClampedArray([300]), 'uint8', [1], [255]],
    ['a Uint16Array', new Uint16Array([65535]), 'uint16', [1], [65535]],
    ['a Uint32Array', new Uint32Array([4294967295]), 'uint32', [1], [4294967295]],
    ['a Buffer', Buffer.from([1, 2]), 'uint8', [2], [1, 2]],
    ['an ArrayBuffer', new Uint8Array([7]).buffer, 'uint8', [1], [7]],
    ['part of a buffer', new Float32Array(new Float32Array([9, 1, 2]).buffer, 4), 'float32', [2], [1, 2]],
  ])('%s', (_, data, dtype, shape, values) => {
    const x = torch.tensor(data as torch.Scalar);
    expect(x.dtype).toBe(dtype);
    expect(x.shape).toEqual(shape);
    expect(x.toArray()).toEqual(values);
    expect(x.requiresGrad).toBe(false);
  });

  test('the default dtype', () => {
    torch.setDefaultDtype('float64');
    expect(torch.tensor(1).dtype).toBe('float64');
    expect(torch.tensor([new Complex(1, 2)]).dtype).toBe('complex128');
    torch.setDefaultDtype('bfloat16');
    expect(torch.tensor([1.5]).dtype).toBe('bfloat16');
    expect(torch.tensor(new Float64Array(1)).dtype).toBe('float64');
  });

  test('complex numbers, of the class or of the shape', () => {
    const x = torch.tensor([new Complex(1, -2), { re: 3, im: 4 }, 5]);
    expect(x.dtype).toBe('complex64');
    expect(x.toArray()).toEqual([new Complex(1, -2), new Complex(3, 4), new Complex(5, 0)]);
  });

  test('int64 to its ends', () => {
    const ends = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n];
    expect(torch.tensor(ends).toArray()).toEqual(ends);
    expect(torch.tensor(2n ** 64n - 1n, { dtype: 'uint64' }).item()).toBe(2n ** 64n - 1n);
  });

  test('options', () => {
    const x = torch.tensor([1, 2], { dtype: 'float64', requiresGrad: true });
    expect(x.dtype).toBe('float64');
    expect(x.requiresGrad).toBe(true);
    expect(x.isLeaf).toBe(true);
    expect(torch.tensor([1.7, -1.7], { dtype: 'int32' }).toArray()).toEqual([1, -1]);
    expect(torch.tensor([0, 2], { dtype: 'bool' }).toArray()).toEqual([false, true]);
    expect(torch.tensor([1], { device: 'meta' }).isMeta).toBe(true);
    expect(torch.tensor(new Float32Array([1.5]), { dtype: 'float64' }).toArray()).toEqual([1.5]);
  });

  test('typed arrays are copied', () => {
    const data = new Float32Array([1, 2]);
    const x = torch.tensor(data);
    data[0] = 9;
    expect(x.toArray()).toEqual([1, 2]);
    const out = x.data() as Float32Array;
    out[1] = 9;
    expect(x.toArray()).toEqual([1, 2]);
  });

  test('tensors inside arrays are stacked, and keep their derivative', () => {
    const x = torch.tensor(2, { requiresGrad: true });
    const y = torch.tensor([x, x.mul(3), 1]);
    expect(y.toArray()).toEqual([2, 6, 1]);
    const [g] = torch.autograd.grad(y.sum(), x);
    expect(g.item()).toBe(4);
    expect(
      torch.tensor([
        [x, 1],
        [2, x],
      ]).shape,
    ).toEqual([2, 2]);
  });

  test('a tensor is copied, without its graph', () => {
    const x = torch.ones(2, { requiresGrad: true });
    const y = torch.tensor(x);
    expect(y.requiresGrad).toBe(false);
    y.zero_();
    expect(x.toArray()).toEqual([1, 1]);
  });

  const cycle: unknown[] = [1];
  cycle.push(cycle);
  test.each<[string, unknown, object | undefined, string, RegExp]>([
    ['ragged rows', [[1, 2], [3]], undefined, 'ValueError', /expected sequence of length 2 at dim 1 \(got 1\)/],
    ['a number beside a row', [1, [2]], undefined, 'TypeError|ValueError', /./],
    ['text', 'abc', undefined, 'TypeError', /./],
    ['text inside', [1, 'a'], undefined, 'TypeError', /./],
    ['undefined', undefined, undefined, 'TypeError', /./],
    ['null', null, undefined, 'TypeError', /./],
    ['null inside', [1, null], undefined, 'TypeError', /./],
    ['a plain object', { a: 1 }, undefined, 'TypeError', /./],
    ['a function', () => 1, undefined, 'TypeError', /./],
    ['a cycle', cycle, undefined, 'ValueError|TypeError', /./],
    ['an unknown dtype', 1, { dtype: 'float31' }, 'TypeError', /float31/],
    ['a number too large for the dtype', 300, { dtype: 'uint8' }, 'RuntimeError', /overflow/],
    ['NaN as an integer', NaN, { dtype: 'int64' }, 'RuntimeError|ValueError', /./],
    ['a bigint beyond int64', 2n ** 64n, undefined, 'ValueError', /Overflow/],
    ['a complex number as real', new Complex(1, 2), { dtype: 'float32' }, 'RuntimeError|TypeError', /./],
    ['a DataView', new DataView(new ArrayBuffer(8)), undefined, 'TypeError', /./],
  ])('refuses %s', (_, data, options, name, message) => {
    let error: Error | null = null;
    try {
      torch.tensor(data as never, options as never);
    } catch (thrown) {
      error = thrown as Error;
    }
    expect(error?.name).toMatch(new RegExp(`^(${name})$`));
    expect(error?.message).toMatch(message);
  });
});

describe('fromTypedArray', () => {
  test('elements into a shape', () => {
    const x = torch.fromTypedArray(new Float64Array([1, 2, 3, 4, 5, 6]), [2, 3]);
    expect(x.toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(torch.fromTypedArray(new Float32Array(0), [0, 3]).shape).toEqual([0, 3]);
    expect(torch.fromTypedArray(new Float32Array([4]), []).item()).toBe(4);
  });
  test('bits of bfloat16, pairs of complex numbers', () => {
    expect(torch.fromTypedArray(new Uint16Array([0x3fc0]), [1], { dtype: 'bfloat16' }).toArray()).toEqual([1.5]);
    expect(torch.fromTypedArray(new Float64Array([1, 2]), [1], { dtype: 'complex128' }).toArray()).toEqual([
      new Complex(1, 2),
    ]);
  });
  test('refuses what does not fit', () => {
    expect(() => torch.fromTypedArray(new Float32Array(5), [2, 3])).toThrow(torch.ValueError);
    expect(() => torch.fromTypedArray([1] as any, [1])).toThrow(TypeError);
    expect(() => torch.fromTypedArray(new Float32Array(1), [-1])).toThrow(Error);
    expect(() => torch.fromTypedArray(new Float32Array(1), [2 ** 53])).toThrow(Error);
    expect(() => torch.fromTypedArray(new Float32Array(1), [0.5])).toThrow(Error);
  });
});

describe('asTensor and isTensor', () => {
  test('a tensor is taken as it is', () => {
    const x = torch.ones(2);
    torch.asTensor(x).add_(1);
    expect(x.toArray()).toEqual([2, 2]);
    expect(torch.asTensor(x, { dtype: 'float64' }).dtype).toBe('float64');
    expect(torch.asTensor([1, 2]).toArray()).toEqual([1, 2]);
  });
  test('isTensor', () => {
    expect(torch.isTensor(torch.ones(1))).toBe(true);
    for (const other of [1, null, undefined, {}, [], Object.create(torch.Tensor.prototype)]) {
      expect(torch.isTensor(other)).toBe(false);
    }
  });
});
