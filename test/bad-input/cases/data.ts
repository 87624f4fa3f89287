/** Wrong data for tensors: JavaScript values, arrays, typed arrays, buffers. */

import { createDeflate } from 'node:zlib';

import * as torch from '../../../lib';
import { type Case, disposed, planted, vector, wrong } from '../../support/bad-input';

type Data = Parameters<typeof torch.tensor>[0];
const of = (data: unknown, options?: object) => () => torch.tensor(data as Data, options as never);
const bytes = (data: unknown, shape: unknown, options?: object) => () =>
  torch.fromTypedArray(wrong(data), wrong(shape), options as never);

function cyclic(): unknown[] {
  const list: unknown[] = [1];
  list.push(list);
  return list;
}

function detached(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** An array whose first element's getter changes it when it is read the second time. */
function changing(change: (list: unknown[]) => void): unknown[] {
  const list: unknown[] = [1, 2, 3];
  let reads = 0;
  Object.defineProperty(list, 0, {
    get() {
      if (++reads === 2) change(list);
      return 1;
    },
  });
  return list;
}

/** An array that a getter makes throw. */
function thrower(length: number, at: number): unknown[] {
  const list: unknown[] = Array.from({ length }, () => 1);
  Object.defineProperty(list, at, { get: planted, enumerable: true });
  return list;
}

class Point {
  constructor(readonly x: number) {}
}

const HOLDS = /tensor\(\): argument 'data' must contain numbers/;

export const data: Case[] = [
  ['undefined', of(undefined), 'TypeError', HOLDS],
  ['null', of(null), 'TypeError', HOLDS],
  ['a string', of('1'), 'TypeError', HOLDS],
  ['a long string', of('x'.repeat(1e6)), 'TypeError', HOLDS],
  ['a symbol', of(Symbol('s')), 'TypeError', HOLDS],
  ['a function', of(() => 1), 'TypeError', HOLDS],
  ['a plain object', of({}), 'TypeError', HOLDS],
  ['half a complex number', of({ re: 1 }), 'TypeError', HOLDS],
  ['a complex number of strings', of({ re: '1', im: '2' }), 'TypeError', HOLDS],
  ['a class instance', of(new Point(1)), 'TypeError', /not Point/],
  ['a Date', of(new Date()), 'TypeError', /not Date/],
  ['a Map', of(new Map()), 'TypeError', /not Map/],
  ['a Set', of(new Set([1])), 'TypeError', /not Set/],
  ['a RegExp', of(/x/), 'TypeError', /not RegExp/],
  ['a Promise', of(Promise.resolve(1)), 'TypeError', /not Promise/],
  [
    'a generator object',
    of(
      (function* () {
        yield 1;
      })(),
    ),
    'TypeError',
    HOLDS,
  ],
  ['a boxed number', of(Object(1)), 'TypeError', /not Number/],
  ['a zlib handle', of(createDeflate()), 'TypeError', /not Deflate/],
  ['a WeakRef', of(new WeakRef({})), 'TypeError', /not WeakRef/],
  ['a Proxy of a tensor', of(new Proxy(vector(), {})), 'TypeError', /looks like a Tensor/],
  ['Object.create(Tensor.prototype)', of(Object.create(torch.Tensor.prototype)), 'TypeError', /looks like a Tensor/],
  ['new Tensor()', of(new torch.Tensor()), 'TypeError', /looks like a Tensor/],
  ['the class itself', of(torch.Tensor), 'TypeError', /not function/],
  ['an object without prototype', of(Object.create(null)), 'TypeError', HOLDS],
  ['a frozen object', of(Object.freeze({ a: 1 })), 'TypeError', HOLDS],
  ['a DataView', of(new DataView(new ArrayBuffer(8))), 'TypeError', /DataView/],
  ['a disposed tensor', of(disposed()), 'RuntimeError', /disposed/],
  ['a disposed tensor in a list', of([1, disposed()]), 'RuntimeError', /disposed/],
  ['a string in a list', of([1, '2']), 'TypeError', /not string/],
  ['null in a list', of([1, null]), 'TypeError', /not null/],
  ['an object in a nested list', of([[1], [{}]]), 'TypeError', /not object/],
  ['a hole', of([1, , 3]), 'TypeError', /not undefined/], // eslint-disable-line no-sparse-arrays
  ['2^32 - 1 holes', of(new Array(2 ** 32 - 1)), 'TypeError', /not undefined/],
  ['2^32 - 1 holes, nested', of([new Array(2 ** 32 - 1)]), 'TypeError', /not undefined/],
  ['a ragged list', of([[1, 2], [3]]), 'ValueError', /expected sequence of length 2 at dim 1 \(got 1\)/],
  ['lists of different depths', of([[1], 2]), 'ValueError', /different depths/],
  ['a number among lists', of([1, [2]]), 'ValueError', /different depths/],
  ['an empty list among full ones', of([[], [1]]), 'ValueError', /expected sequence of length 0/],
  ['a cyclic list', of(cyclic()), 'ValueError', /contains itself|different depths/],
  [
    'a list that holds only itself',
    of(
      (() => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      })(),
    ),
    'ValueError',
    /contains itself/,
  ],
  [
    'a list of tensors of different shapes',
    of([vector(), torch.ones([2])]),
    'RuntimeError',
    /stack expects each tensor to be equal size/,
  ],
  ['a list of a tensor and a string', of([vector(), 'x']), 'TypeError', /not string/],
  ['a getter that throws', of(thrower(3, 1)), 'Planted', /planted/],
  ['a getter that throws, nested', of([[1], thrower(1, 0)]), 'Planted', /planted/],
  [
    'a complex getter that throws',
    of({
      get re() {
        return planted();
      },
      im: 1,
    }),
    'Planted',
    /planted/,
  ],
  ['a Proxy whose get throws', of(new Proxy([1, 2], { get: planted })), 'Planted', /planted/],
  [
    'a list that grows while it is read',
    of(
      changing((list) => {
        for (let i = 0; i < 1e5; i++) list.push(1);
      }),
    ),
    'ValueError',
    /changed while it was being read/,
  ],
  [
    'a list that shrinks while it is read',
    of(
      changing((list) => {
        list.length = 1;
      }),
    ),
    'TypeError',
    /./,
  ],
  [
    'a list whose numbers turn into lists',
    of(
      changing((list) => {
        list[1] = [1, 2, 3];
      }),
      { dtype: 'float64' },
    ),
    'ValueError',
    /different depths/,
  ],
  [
    'a list whose numbers turn into strings',
    of(
      changing((list) => {
        list[1] = 'x';
      }),
      { dtype: 'int64' },
    ),
    'TypeError',
    /not string/,
  ],
  ['NaN as int64', of(NaN, { dtype: 'int64' }), 'RuntimeError', /cannot be converted to type int64/],
  ['Infinity as int32', of([Infinity], { dtype: 'int32' }), 'RuntimeError', /cannot be converted to type int32/],
  [
    '2^60 as int32',
    of(2n ** 60n, { dtype: 'int32' }),
    'RuntimeError',
    /cannot be converted to type int32 without overflow/,
  ],
  ['2^64 as int64', of(2n ** 64n), 'ValueError', /^Overflow when unpacking long long$/],
  ['2^64 as uint64', of(2n ** 64n, { dtype: 'uint64' }), 'RuntimeError', /uint64/],
  ['-1 as uint64', of(-1, { dtype: 'uint64' }), 'RuntimeError', /uint64/],
  ['300 as int8', of([300], { dtype: 'int8' }), 'RuntimeError', /int8 without overflow: 300/],
  [
    'a complex number as float',
    of(new torch.Complex(1, 2), { dtype: 'float32' }),
    'TypeError',
    /^must be real number, not complex$/,
  ],
  [
    'an unknown dtype',
    of(1, { dtype: 'float33' }),
    'TypeError',
    /'dtype' must be a dtype, such as 'float32', not 'float33'/,
  ],
  ['a number as dtype', of(1, { dtype: 32 }), 'TypeError', /'dtype' must be a dtype/],
  ['a symbol as dtype', of(1, { dtype: Symbol('d') }), 'TypeError', /'dtype' must be a dtype/],
  ['a long string as dtype', of(1, { dtype: 'f'.repeat(1e6) }), 'TypeError', /'dtype' must be a dtype.*1000000 bytes/],
  ['an unknown device', of(1, { device: 'gpu' }), 'RuntimeError', /device/],
  ['an empty device', of(1, { device: '' }), 'RuntimeError', /Device string must not be empty/],
  ['a device index that overflows', of(1, { device: 'cuda:99999999999' }), 'RuntimeError', /device/i],
  ['a negative device index', of(1, { device: 'cuda:-1' }), 'RuntimeError', /Invalid device string/],
  [
    'a long string as device',
    of(1, { device: 'c'.repeat(1e7) }),
    'RuntimeError',
    /Invalid device string.*10000000 bytes/,
  ],
  ['a number as device', of(1, { device: 3 }), 'TypeError', /'device' must be a device/],
  ['a list as device', of(1, { device: ['cpu'] }), 'TypeError', /'device' must be a device/],
  ['a device object without type', of(1, { device: {} }), 'TypeError', /'device' must be a device/],
  [
    'a device object with NaN as index',
    of(1, { device: { type: 'cuda', index: NaN } }),
    'TypeError',
    /'device' must be a device/,
  ],
  [
    'a device object with 2^53 as index',
    of(1, { device: { type: 'cuda', index: 2 ** 53 } }),
    'TypeError',
    /'device' must be a device/,
  ],
  [
    'a device getter that throws',
    of(1, {
      device: {
        get type() {
          return planted();
        },
      },
    }),
    'Planted',
    /planted/,
  ],
  ['a device Proxy that throws', of(1, { device: new Proxy({}, { get: planted }) }), 'Planted', /planted/],
  ['a device that libtorch lacks', of(1, { device: 'xla' }), 'RuntimeError', /not linked with support for xla/],
  [
    'options that throw',
    () =>
      torch.tensor(1, {
        get dtype() {
          return planted();
        },
      }),
    'Planted',
    /planted/,
  ],
  ['requiresGrad of integers', of([1n], { requiresGrad: true }), 'RuntimeError', /floating point/],
  ['a detached typed array', of(detached()), 'ValueError', /'data' is detached/],
  ['a detached ArrayBuffer', of(detached().buffer), 'ValueError', /'data' is detached/],
  ['a SharedArrayBuffer', of(new SharedArrayBuffer(8)), 'TypeError', /SharedArrayBuffer/],
  ['fromTypedArray: null', bytes(null, [1]), 'TypeError', /'data' must be a typed array, not null/],
  ['fromTypedArray: a list', bytes([1, 2], [2]), 'TypeError', /'data' must be a typed array/],
  ['fromTypedArray: a DataView', bytes(new DataView(new ArrayBuffer(8)), [2]), 'TypeError', /DataView/],
  ['fromTypedArray: too short', bytes(new Float32Array(5), [2, 3]), 'ValueError', /has 20 bytes/],
  ['fromTypedArray: too long', bytes(new Float32Array(7), [2, 3]), 'ValueError', /has 28 bytes/],
  ['fromTypedArray: half an element', bytes(new Uint8Array(7), [1], { dtype: 'float64' }), 'ValueError', /has 7 bytes/],
  [
    'fromTypedArray: no shape',
    bytes(new Float32Array(2), undefined),
    'TypeError',
    /'shape' must be an array of integers/,
  ],
  [
    'fromTypedArray: a number as shape',
    bytes(new Float32Array(2), 2),
    'TypeError',
    /'shape' must be an array of integers/,
  ],
  ['fromTypedArray: a negative size', bytes(new Float32Array(2), [-2]), 'TypeError', /non-negative integers/],
  ['fromTypedArray: a fraction', bytes(new Float32Array(2), [1.5]), 'TypeError', /non-negative integers/],
  ['fromTypedArray: NaN', bytes(new Float32Array(2), [NaN]), 'TypeError', /non-negative integers/],
  [
    'fromTypedArray: 2^53',
    bytes(new Float32Array(2), [2 ** 53]),
    'ValueError',
    /a tensor of 9007199254740992 elements/,
  ],
  [
    'fromTypedArray: a product that overflows',
    bytes(new Float32Array(2), [2 ** 40, 2 ** 40]),
    'ValueError',
    /too many elements/,
  ],
  [
    'fromTypedArray: a product that wraps to the length',
    bytes(new Float32Array(0), [2n ** 62n, 4n]),
    'ValueError',
    /too many elements/,
  ],
  [
    'fromTypedArray: a bigint beyond int64',
    bytes(new Float32Array(2), [2n ** 64n]),
    'TypeError',
    /non-negative integers/,
  ],
  [
    'fromTypedArray: a tensor as size',
    bytes(new Float32Array(2), [torch.tensor(2n)]),
    'TypeError',
    /non-negative integers/,
  ],
  ['fromTypedArray: a shape that throws', bytes(new Float32Array(2), thrower(1, 0)), 'Planted', /planted/],
  [
    'fromTypedArray: a shape that transfers the buffer',
    () => {
      const array = new Float32Array(1e5);
      const shape = [1e5];
      Object.defineProperty(shape, 0, {
        get: () => {
          structuredClone(array.buffer, { transfer: [array.buffer] });
          return 1e5;
        },
      });
      return torch.fromTypedArray(array, shape);
    },
    'ValueError',
    /'data' is detached/,
  ],
  [
    'fromTypedArray: a disposed tensor as dtype',
    bytes(new Float32Array(2), [2], { dtype: disposed() }),
    'TypeError',
    /dtype/,
  ],
  ['asTensor: null', () => torch.asTensor(wrong(null)), 'TypeError', HOLDS],
  ['asTensor: a disposed tensor', () => torch.asTensor(disposed()), 'RuntimeError', /disposed/],
  [
    'asTensor: a disposed tensor with a dtype',
    () => torch.asTensor(disposed(), { dtype: 'int8' }),
    'RuntimeError',
    /disposed/,
  ],
];
