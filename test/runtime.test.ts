import { existsSync } from 'node:fs';

import * as torch from '../lib';
import { isDtype } from '../lib/dtype';
import * as runtime from '../lib/runtime';
import { finfo, iinfo } from '../lib/type-info';

/** Expects an error of this name that says this. */
function expectRefusal(call: () => unknown, name: string, message: string): void {
  expect(call).toThrow(expect.objectContaining({ name, message: expect.stringContaining(message) }));
}

describe('threads', () => {
  const before = runtime.getNumThreads();
  afterEach(() => runtime.setNumThreads(before));

  test('are set and told', () => {
    runtime.setNumThreads(1);
    expect(runtime.getNumThreads()).toBe(1);
    expect(runtime.getNumInteropThreads()).toBeGreaterThan(0);
  });

  test.each<[unknown, string, string]>([
    [0, 'RuntimeError', 'expects a positive integer'],
    [-2, 'RuntimeError', 'expects a positive integer'],
    [1.5, 'RuntimeError', 'expects an int, but got float'],
    [NaN, 'RuntimeError', 'expects an int, but got NaN'],
    ['a', 'RuntimeError', 'expects an int, but got string'],
    [undefined, 'RuntimeError', 'expects an int, but got undefined'],
    [2 ** 40, 'ValueError', 'Overflow when unpacking long'],
  ])('refuse %p', (count, name, message) => {
    expectRefusal(() => runtime.setNumThreads(count as number), name, message);
    expectRefusal(() => runtime.setNumInteropThreads(count as number), name, message);
    expect(runtime.getNumThreads()).toBe(before);
  });

  test('between operators are set once at most', () => {
    try {
      runtime.setNumInteropThreads(runtime.getNumInteropThreads());
    } catch {
      // Some other test's work has begun.
    }
    expectRefusal(() => runtime.setNumInteropThreads(2), 'RuntimeError', 'cannot set number of interop threads after');
  });
});

describe('the default dtype', () => {
  afterEach(() => runtime.setDefaultDtype('float32'));

  test.each([
    ['float64', 'complex128'],
    ['float32', 'complex64'],
    ['bfloat16', 'complex64'],
    ['float16', 'complex32'],
  ] as const)('%s', (dtype, complex) => {
    runtime.setDefaultDtype(dtype);
    expect(runtime.getDefaultDtype()).toBe(dtype);
    expect(torch.zeros([1]).dtype).toBe(dtype);
    expect(torch.tensor([1.5]).dtype).toBe(dtype);
    expect(torch.tensor([new torch.Complex(0, 1)]).dtype).toBe(complex);
  });

  test.each<[unknown, string]>([
    ['int32', 'only floating-point types are supported as the default type (got int32)'],
    ['complex64', 'only floating-point types are supported as the default type (got complex64)'],
    ['float8_e4m3fn', 'only floating-point types are supported as the default type (got float8_e4m3fn)'],
    ['a', "invalid dtype object: only floating-point types are supported as the default type (got 'a')"],
    [null, 'invalid dtype object: only floating-point types are supported as the default type (got null)'],
    [undefined, 'invalid dtype object'],
    [7, 'invalid dtype object'],
  ])('%p is refused', (dtype, message) => {
    expectRefusal(() => runtime.setDefaultDtype(dtype as 'float32'), 'TypeError', message);
    expect(runtime.getDefaultDtype()).toBe('float32');
  });
});

describe('finfo and iinfo', () => {
  // From Python's torch.finfo.
  test.each([
    ['float8_e4m3fn', 8, 0.125, 448, 0.015625, 1],
    ['float8_e4m3fnuz', 8, 0.125, 240, 0.0078125, 1],
    ['float8_e5m2', 8, 0.25, 57344, 6.103515625e-5, 1],
    ['float8_e5m2fnuz', 8, 0.125, 57344, 3.0517578125e-5, 1],
    ['float16', 16, 0.0009765625, 65504, 6.103515625e-5, 0.001],
    ['bfloat16', 16, 0.0078125, 3.3895313892515355e38, 1.1754943508222875e-38, 0.01],
    ['float32', 32, 1.1920928955078125e-7, 3.4028234663852886e38, 1.1754943508222875e-38, 1e-6],
    ['float64', 64, 2.220446049250313e-16, 1.7976931348623157e308, 2.2250738585072014e-308, 1e-15],
  ] as const)('%s', (dtype, bits, eps, max, tiny, resolution) => {
    expect(finfo(dtype)).toEqual({ dtype, bits, eps, max, min: -max, tiny, smallestNormal: tiny, resolution });
  });

  test('of powers of two without a sign', () => {
    const { eps, max, min, tiny } = finfo('float8_e8m0fnu');
    expect([eps, max, min, tiny]).toEqual([1, 1.7014118346046923e38, 5.877471754111438e-39, 5.877471754111438e-39]);
  });

  test('of the default dtype, and of the parts of complex numbers', () => {
    expect(finfo().dtype).toBe('float32');
    expect(finfo('complex64')).toEqual(finfo('float32'));
    expect(finfo('complex128')).toEqual(finfo('float64'));
  });

  test.each([
    ['uint8', 8, 0, 255],
    ['int8', 8, -128, 127],
    ['int16', 16, -32768, 32767],
    ['int32', 32, -2147483648, 2147483647],
    ['int64', 64, -9223372036854775808n, 9223372036854775807n],
    ['uint16', 16, 0, 65535],
    ['uint32', 32, 0, 4294967295],
    ['uint64', 64, 0, 18446744073709551615n],
  ] as const)('%s', (dtype, bits, min, max) => {
    expect(iinfo(dtype)).toEqual({ dtype, bits, min, max });
  });

  test('of the wrong kind', () => {
    expectRefusal(
      () => finfo('int32'),
      'TypeError',
      'torch.finfo() requires a floating point input type. Use torch.iinfo',
    );
    expectRefusal(() => finfo(3 as any), 'TypeError', 'torch.finfo() requires a floating point input type');
    expectRefusal(() => iinfo('float32'), 'TypeError', 'torch.iinfo() requires an integer input type. Use torch.finfo');
    expectRefusal(() => iinfo('bool'), 'TypeError', 'torch.bool is not supported by torch.iinfo');
    expectRefusal(() => finfo('toString' as any), 'TypeError', 'torch.finfo() requires a floating point input type');
    expectRefusal(() => iinfo('toString' as any), 'TypeError', 'torch.iinfo() requires an integer input type');
  });
});

describe('names', () => {
  test('of dtypes', () => {
    expect([torch.float, torch.double, torch.half, torch.long, torch.int, torch.short, torch.cfloat]).toEqual([
      ...['float32', 'float64', 'float16', 'int64', 'int32', 'int16', 'complex64'],
    ]);
    expect(isDtype('bfloat16')).toBe(true);
    expect(isDtype('float')).toBe(false);
    expect(isDtype(3)).toBe(false);
  });

  test('of layouts and memory formats are those that operators take', () => {
    const x = torch.empty([1, 2, 2, 2], { layout: torch.strided, memoryFormat: torch.channelsLast });
    expect(x.layout).toBe(torch.strided);
    expect(x.contiguous({ memoryFormat: torch.channelsLast }).strides).toEqual([8, 1, 4, 2]);
    expect(torch.eye(2).toSparse().layout).toBe(torch.sparseCoo);
    expect(torch.eye(2).toSparseCsr().layout).toBe(torch.sparseCsr);
    expect(torch.eye(2).toSparseCsc().layout).toBe(torch.sparseCsc);
  });
});

describe('libtorch', () => {
  test('says what it is', () => {
    expect(runtime.libtorchVersion()).toMatch(/^2\.\d+\.\d+/);
    expect(existsSync(runtime.libtorchPath())).toBe(true);
    expect(runtime.libtorchPath()).toMatch(/libtorch_cpu\.(so|dylib)$/);
    expect(runtime.cpuCapability()).toMatch(/^\S+$/);
    expect(runtime.showConfig()).toContain('PyTorch built with');
  });
});
