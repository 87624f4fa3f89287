import { inspect } from 'node:util';

import * as torch from '../lib';
import type { Tensor } from '../lib';

const { Complex } = torch;

describe('properties', () => {
  test('of a plain tensor', () => {
    const x = torch.zeros(2, 3, { dtype: 'float64' });
    expect([x.shape, x.dtype, String(x.device), x.layout, x.ndim]).toEqual([[2, 3], 'float64', 'cpu', 'strided', 2]);
    expect([x.dim(), x.numel(), x.nelement(), x.elementSize(), x.storageOffset()]).toEqual([2, 6, 6, 8, 0]);
    expect([x.size(), x.size(-1), x.stride(), x.stride(0), x.strides]).toEqual([[2, 3], 3, [3, 1], 3, [3, 1]]);
    expect([x.requiresGrad, x.isLeaf, x.grad, x.gradFn, x.isView, x.isCuda, x.isMeta]).toEqual([
      false,
      true,
      null,
      null,
      false,
      false,
      false,
    ]);
  });
  test('of a view and of a result', () => {
    const x = torch.arange(6, { dtype: 'float32' }).reshape(2, 3).requiresGrad_();
    const y = x.t();
    expect([y.shape, y.strides, y.isContiguous(), y.isView]).toEqual([[3, 2], [1, 3], false, true]);
    expect(x.sin().gradFn?.name()).toBe('SinBackward0');
    expect(x.sin().isLeaf).toBe(false);
    expect(x.index(1, '1:').storageOffset()).toBe(4);
  });
  test('shape is a copy', () => {
    const x = torch.ones(2);
    x.shape.push(7);
    expect(x.shape).toEqual([2]);
  });
  test('the version counts writes', () => {
    const x = torch.tensor([1, 2]);
    x.add_(1).mul_(2);
    expect(x._version).toBe(2);
  });
  test('a dimension out of range', () => {
    expect(() => torch.ones(2, 3).size(2)).toThrow(torch.IndexError);
    expect(() => torch.ones(2, 3).stride(-3)).toThrow(
      'Dimension out of range (expected to be in range of [-2, 1], but got -3)',
    );
    expect(() => torch.ones(2).size(0.5)).toThrow(torch.IndexError);
  });
  test('the default memory format can be asked for', () => {
    const x = torch.ones(1, 2, 3, 3).contiguous({ memoryFormat: torch.channelsLast });
    expect(x.isContiguous({ memoryFormat: torch.channelsLast })).toBe(true);
    expect(x.isContiguous()).toBe(false);
  });
});

describe('values', () => {
  test('item', () => {
    expect(torch.tensor(1.5).item()).toBe(1.5);
    expect(torch.tensor([[3n]]).item()).toBe(3);
    expect(torch.tensor(2n ** 60n).item()).toBe(2n ** 60n);
    expect(torch.tensor(true).item<boolean>()).toBe(true);
    expect(torch.tensor(new Complex(1, 2)).item<torch.Complex>()).toEqual(new Complex(1, 2));
    expect(torch.tensor(0.1, { dtype: 'bfloat16' }).item()).toBe(0.10009765625);
    expect(() => torch.ones(2).item()).toThrow(torch.RuntimeError);
    expect(() => torch.ones(2).item()).toThrow('a Tensor with 2 elements cannot be converted to Scalar');
    expect(() => torch.ones(0).item()).toThrow(torch.RuntimeError);
    expect(() => torch.ones(1, { device: 'meta' }).item()).toThrow(torch.RuntimeError);
  });
  test('toArray of any rank and stride', () => {
    expect(torch.tensor(3).toArray()).toBe(3);
    expect(torch.arange(6).reshape(2, 3).t().toArray()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(torch.zeros(2, 0).toArray()).toEqual([[], []]);
    expect(torch.ones(2).expand(2, 2).toArray()).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(torch.arange(8).reshape(2, 2, 2).toArray()).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      [
        [4, 5],
        [6, 7],
      ],
    ]);
    expect(torch.tensor([NaN, Infinity, -0]).toArray()).toEqual([NaN, Infinity, -0]);
  });
  test('int64 is never rounded', () => {
    expect(torch.tensor([1n, 2n]).toArray()).toEqual([1, 2]);
    expect(torch.tensor([1n, 2n ** 53n + 1n]).toArray()).toEqual([1n, 2n ** 53n + 1n]);
  });
  test.each([
    ['bool', Uint8Array],
    ['uint8', Uint8Array],
    ['int8', Int8Array],
    ['int16', Int16Array],
    ['int32', Int32Array],
    ['int64', BigInt64Array],
    ['uint16', Uint16Array],
    ['uint32', Uint32Array],
    ['uint64', BigUint64Array],
    ['float16', Uint16Array],
    ['bfloat16', Uint16Array],
    ['float32', Float32Array],
    ['float64', Float64Array],
    ['complex64', Float32Array],
    ['complex128', Float64Array],
  ] as const)('data of %s', (dtype, type) => {
    const data = torch.ones(3, { dtype }).data();
    // Not by instanceof: tests run in a realm of their own.
    expect(data.constructor.name).toBe(type.name);
    expect(data).toHaveLength(dtype.startsWith('complex') ? 6 : 3);
  });
  test('data of a view is in row-major order', () => {
    expect(Array.from(torch.arange(4, { dtype: 'float32' }).reshape(2, 2).t().data() as Float32Array)).toEqual([
      0, 2, 1, 3,
    ]);
    expect(
      Array.from(
        torch
          .tensor([new Complex(1, 2)])
          .conj()
          .data() as Float32Array,
      ),
    ).toEqual([1, -2]);
  });
  test('iteration', () => {
    expect([...torch.arange(4).reshape(2, 2)].map((row) => row.toArray())).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const [a, b] = torch.tensor([1, 2]);
    expect([a.item(), b.item()]).toEqual([1, 2]);
    expect(() => [...torch.tensor(1)]).toThrow('iteration over a 0-d tensor');
  });
});

describe('conversion', () => {
  test('to', () => {
    const x = torch.ones(2);
    const same = x.to('float32');
    same.add_(1);
    expect(x.toArray()).toEqual([2, 2]);
    x.to({ dtype: 'float32', copy: true }).zero_();
    expect(x.toArray()).toEqual([2, 2]);
    // Each handle has a life of its own.
    same.dispose();
    expect(x.isDisposed).toBe(false);
    expect(x.to('float64').dtype).toBe('float64');
    expect(x.to(torch.zeros(1, { dtype: 'int64' })).dtype).toBe('int64');
    expect(x.to('meta').isMeta).toBe(true);
    expect(x.to({ type: 'cpu' }, 'bfloat16').dtype).toBe('bfloat16');
    expect(x.to(torch.device('cpu')).dtype).toBe('float32');
    expect(() => x.to(3 as any)).toThrow(TypeError);
    expect(() => x.to('floaty' as any)).toThrow(torch.RuntimeError);
    expect(() => x.to(null as any)).toThrow(TypeError);
  });
  test.each([
    ['bool', 'bool'],
    ['byte', 'uint8'],
    ['short', 'int16'],
    ['int', 'int32'],
    ['long', 'int64'],
    ['half', 'float16'],
    ['bfloat16', 'bfloat16'],
    ['float', 'float32'],
    ['double', 'float64'],
    ['cfloat', 'complex64'],
    ['cdouble', 'complex128'],
  ] as const)('%s()', (method, dtype) => {
    expect(torch.ones(2)[method]().dtype).toBe(dtype);
  });
});

describe('autograd', () => {
  test('backward accumulates', () => {
    const x = torch.tensor([1, 2], { requiresGrad: true });
    x.pow(2).sum().backward();
    x.sum().backward();
    expect(x.grad!.toArray()).toEqual([3, 5]);
    x.grad = null;
    expect(x.grad).toBeNull();
    x.mul(2).backward(torch.tensor([1, 10]));
    expect(x.grad!.toArray()).toEqual([2, 20]);
  });
  test('requiresGrad is set as a property or by its method', () => {
    const x = torch.ones(2);
    x.requiresGrad = true;
    expect(x.requiresGrad).toBe(true);
    expect(x.requiresGrad_(false)).toBe(x);
    expect(() => torch.ones(2, { dtype: 'int64' }).requiresGrad_()).toThrow(torch.RuntimeError);
    expect(() => torch.ones(2, { dtype: 'int64', requiresGrad: true })).toThrow(
      'Only Tensors of floating point and complex dtype can require gradients',
    );
  });
  test('retainGrad', () => {
    const x = torch.tensor([1, 2], { requiresGrad: true });
    const y = x.mul(2);
    y.retainGrad();
    y.sum().backward();
    expect(y.retainsGrad).toBe(true);
    expect(y.grad!.toArray()).toEqual([1, 1]);
  });
  test('a graph can be run once', () => {
    const x = torch.tensor([1, 2], { requiresGrad: true });
    const y = x.pow(2).sum();
    y.backward();
    expect(() => y.backward()).toThrow(/Trying to backward through the graph a second time/);
  });
});

describe('lifetime', () => {
  const disposed = (): Tensor => {
    const x = torch.ones(2);
    x.dispose();
    return x;
  };
  test('dispose', () => {
    const x = disposed();
    expect(x.isDisposed).toBe(true);
    expect(() => x.dispose()).not.toThrow();
  });
  test.each<[string, (x: Tensor) => unknown]>([
    ['shape', (x) => x.shape],
    ['dtype', (x) => x.dtype],
    ['a method', (x) => x.sin()],
    ['an argument', (x) => torch.ones(2).add(x)],
    ['an element of a list', (x) => torch.cat([torch.ones(2), x])],
    ['an option', (x) => torch.add(torch.ones(2), 1, { out: x })],
    ['an index', (x) => torch.ones(2).index(x)],
    ['item', (x) => x.item()],
    ['toArray', (x) => x.toArray()],
    ['data', (x) => x.data()],
    ['backward', (x) => x.backward()],
    ['vmap', (x) => torch.vmap((t: Tensor) => t)(x)],
    ['grad', (x) => torch.func.grad((t: Tensor) => t.sum())(x)],
    ['a captured one', (x) => torch.vmap((t: Tensor) => t.add(x))(torch.ones(2))],
  ])('using a disposed tensor: %s', (_, use) => {
    expect(() => use(disposed())).toThrow(torch.RuntimeError);
    expect(() => use(disposed())).toThrow(/disposed/);
  });
  test('a disposed tensor can be printed', () => {
    expect(() => inspect(disposed())).not.toThrow();
  });
  test('using', () => {
    let kept: Tensor;
    {
      using x = torch.ones(2);
      kept = x;
    }
    expect(kept.isDisposed).toBe(true);
  });
  test('scope frees what it does not return', () => {
    const outer = torch.ones(2);
    let inner: Tensor | undefined;
    const result = torch.scope(() => {
      inner = outer.add(1);
      return { y: inner.mul(2), list: [outer] };
    });
    expect(inner!.isDisposed).toBe(true);
    expect(outer.isDisposed).toBe(false);
    expect(result.y.toArray()).toEqual([4, 4]);
  });
  test('scope frees when the body throws, and refuses Promises', () => {
    let inner: Tensor | undefined;
    expect(() =>
      torch.scope(() => {
        inner = torch.ones(2);
        throw new Error('body');
      }),
    ).toThrow('body');
    expect(inner!.isDisposed).toBe(true);
    expect(() => torch.scope(async () => torch.ones(2))).toThrow(TypeError);
  });
  test('scopes nest', () => {
    let a: Tensor | undefined;
    const b = torch.scope(() => {
      a = torch.scope(() => torch.ones(2).add(1));
      expect(a.isDisposed).toBe(false);
      return a.mul(2);
    });
    expect(a!.isDisposed).toBe(true);
    expect(b.toArray()).toEqual([4, 4]);
  });
  test('the data lives on in views', () => {
    const x = torch.arange(4);
    const y = x.index('1:3');
    x.dispose();
    expect(y.toArray()).toEqual([1, 2]);
  });
});

describe('foreign objects', () => {
  test.each<[string, unknown]>([
    ['an object of the prototype', Object.create(torch.Tensor.prototype)],
    ['an empty object', {}],
    ['a number', 1],
    ['a Proxy', new Proxy(torch.ones(2), {})],
  ])('%s is no this for a method', (_, value) => {
    expect(() => torch.Tensor.prototype.sin.call(value as Tensor)).toThrow(TypeError);
  });
  test('new Tensor gives nothing usable', () => {
    expect(() => new (torch.Tensor as any)().sin()).toThrow(TypeError);
    expect(() => (new (torch.Tensor as any)() as Tensor).shape).toThrow(TypeError);
  });
  test('a subclass of a tensor type is none', () => {
    class Mine extends (torch.Tensor as any) {}
    expect(torch.isTensor(new (Mine as any)())).toBe(false);
  });
});
