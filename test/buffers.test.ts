/** Tensors over the memory of JavaScript: `frombuffer` and `sharedData`. */

import * as torch from '../lib';
import type { Tensor } from '../lib';

// The library that TypeScript checks against does not have these yet.
type Growable = SharedArrayBuffer & { grow(bytes: number): void };
const growable = (bytes: number): Growable =>
  new (SharedArrayBuffer as unknown as new (bytes: number, options: object) => Growable)(bytes, {
    maxByteLength: 1 << 20,
  });
const resizable = (): ArrayBuffer =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer)(8, { maxByteLength: 16 });

describe('frombuffer', () => {
  test('shares the memory of a SharedArrayBuffer, both ways', () => {
    const buffer = new SharedArrayBuffer(32);
    const values = new Float64Array(buffer);
    const x = torch.frombuffer(buffer, { dtype: 'float64' });
    expect([x.shape, x.dtype]).toEqual([[4], 'float64']);
    values[1] = 5;
    x.index(2).fill_(7);
    expect(x.toArray()).toEqual([0, 5, 7, 0]);
    expect([...values]).toEqual([0, 5, 7, 0]);
  });

  test('of an ArrayBuffer, a typed array, a part of one and a Buffer', () => {
    const buffer = new ArrayBuffer(16);
    const x = torch.frombuffer(buffer, { dtype: 'int32' });
    new Int32Array(buffer)[3] = 9;
    expect(x.toArray()).toEqual([0, 0, 0, 9]);
    const array = Float32Array.of(1, 2, 3, 4, 5, 6);
    const part = torch.frombuffer(array.subarray(2, 5), { offset: 4, count: 2 });
    expect([part.dtype, part.toArray()]).toEqual(['float32', [4, 5]]);
    array[3] = 40;
    part.index(1).fill_(50);
    expect([part.toArray(), [...array]]).toEqual([
      [40, 50],
      [1, 2, 3, 40, 50, 6],
    ]);
    expect(torch.frombuffer(Buffer.from([1, 2, 3])).toArray()).toEqual([1, 2, 3]);
  });

  test('keeps the memory', () => {
    const make = (): Tensor => torch.frombuffer(new SharedArrayBuffer(8_000_000), { dtype: 'float64' }).fill_(3);
    const tensors = Array.from({ length: 20 }, make);
    for (let i = 0; i < 20; i++) new SharedArrayBuffer(8_000_000);
    for (const x of tensors) expect(x.sum().item()).toBe(3_000_000);
    const transferred = new ArrayBuffer(8);
    const y = torch.frombuffer(transferred, { dtype: 'float64' });
    const there = structuredClone(transferred, { transfer: [transferred] });
    new Float64Array(there)[0] = 4;
    expect(y.item()).toBe(4);
    expect(() => torch.frombuffer(transferred, { dtype: 'float64' })).toThrow(/detached/);
  });

  test('of a buffer that grows', () => {
    const buffer = growable(8);
    const small = torch.frombuffer(buffer, { dtype: 'float64' });
    buffer.grow(16);
    const large = torch.frombuffer(buffer, { dtype: 'float64' }).fill_(2);
    expect([small.toArray(), large.toArray()]).toEqual([[2], [2, 2]]);
    // Within the memory of the tensor.
    expect(large.asStrided([2], [1]).toArray()).toEqual([2, 2]);
  });

  test('is not recorded', () => {
    const values = Float32Array.of(1, 2);
    const f = torch.compile((x: Tensor) => torch.frombuffer(values).mul(x), { fullgraph: true });
    expect(() => f(torch.ones(2))).toThrow(/memory is shared with JavaScript/);
  });

  test('takes part in autograd', () => {
    const x = torch.frombuffer(Float64Array.of(1, 2), { requiresGrad: true });
    x.pow(2).sum().backward();
    expect(x.grad!.toArray()).toEqual([2, 4]);
  });

  test('two over the same buffer are known to overlap', () => {
    const make = (): [Tensor, Tensor] => {
      const buffer = new SharedArrayBuffer(24);
      new Float64Array(buffer).set([1, 2, 3]);
      return [torch.frombuffer(buffer, { dtype: 'float64' }), torch.frombuffer(buffer, { dtype: 'float64' })];
    };
    const compiled = torch.compile((x: Tensor, y: Tensor) => {
      x.narrow(0, 1, 2).fill_(7);
      return y.mul(10);
    });
    compiled(torch.ones([3], { dtype: 'float64' }), torch.ones([3], { dtype: 'float64' }));
    expect(compiled(...make()).toArray()).toEqual([10, 70, 70]);
  });

  test.each([
    ['a non-buffer value', [1, 2], {}, TypeError, /argument 'buffer' must be a SharedArrayBuffer.*, not array/],
    ['a buffer without a dtype', new SharedArrayBuffer(8), {}, TypeError, /argument 'dtype' must be a dtype/],
    [
      'a DataView without a dtype',
      new DataView(new ArrayBuffer(8)),
      {},
      TypeError,
      /typed array of numbers, not DataView/,
    ],
    ['an unknown option', new SharedArrayBuffer(8), { length: 2 }, TypeError, /unknown option 'length'/],
    ['a non-integer count', new Float32Array(2), { count: 1.5 }, TypeError, /'count'/],
    ['a resizable buffer', resizable(), { dtype: 'int8' }, torch.ValueError, /resizable/],
    [
      'an odd place',
      new SharedArrayBuffer(16),
      { dtype: 'float32', offset: 2, count: 1 },
      torch.ValueError,
      /first element is at byte 2 .* multiple of element size \(4\)/,
    ],
  ] as [string, never, object, never, RegExp][])('refuses %s', (_, buffer, options, error, message) => {
    const call = (): Tensor => torch.frombuffer(buffer, options);
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});

describe('sharedData', () => {
  const DTYPES = [
    ...(['bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'uint16', 'uint32', 'uint64', 'float8_e5m2'] as const),
    ...(['float16', 'bfloat16', 'float32', 'float64', 'complex32', 'complex64', 'complex128'] as const),
  ];

  test.each(DTYPES)('of %s has the elements of data()', (dtype) => {
    const x = torch.tensor([1, 0, 1, 1, 0, 1]).to(dtype).narrow(0, 1, 4);
    const values = x.sharedData();
    expect(values.buffer.constructor.name).toBe('SharedArrayBuffer');
    expect(values.constructor.name).toBe(x.data().constructor.name);
    expect([...values]).toEqual([...x.data()]);
  });

  test('is the memory itself, and keeps it', () => {
    const x = torch.zeros(3);
    const values = x.sharedData() as Float32Array;
    values[1] = 5;
    expect(x.toArray()).toEqual([0, 5, 0]);
    x.add_(1);
    x.dispose();
    expect([...values]).toEqual([1, 6, 1]);
    const y = torch.frombuffer(values);
    values[0] = 9;
    expect(y.toArray()).toEqual([9, 6, 1]);
  });

  test('of no elements', () => {
    expect(torch.empty([0, 2]).sharedData()).toHaveLength(0);
    expect(torch.ones(4).narrow(0, 2, 0).sharedData()).toHaveLength(0);
  });

  test.each([
    ['requires a gradient', () => torch.ones(2, { requiresGrad: true }), /requires a gradient.*x\.detach\(\)/],
    ['is not contiguous', () => torch.ones(2, 3).transpose(0, 1), /not contiguous.*x\.contiguous\(\)/],
    ['has no memory', () => torch.ones(2, { device: 'meta' }), /on meta.*x\.cpu\(\)/],
    ['is to be conjugated', () => torch.ones(2, { dtype: 'complex64' }).conj(), /conjugation.*x\.clone\(\)/],
  ])('refuses a tensor that %s', (_, make, message) => {
    expect(() => make().sharedData()).toThrow(message);
  });
});
