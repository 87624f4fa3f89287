import { existsSync } from 'node:fs';
import { inspect } from 'node:util';

import * as torch from '../lib';
import * as cuda from '../lib/cuda';
import { isDtype } from '../lib/dtype';
import * as layout from '../lib/layout';
import { native } from '../lib/native';
import * as runtime from '../lib/runtime';
import { finfo, iinfo } from '../lib/type-info';

const { Device, device } = torch;

function expectRefusal(call: () => unknown, name: string, message: string | RegExp): void {
  const expected = typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message);
  expect(call).toThrow(expect.objectContaining({ name, message: expected }));
}

describe('Device', () => {
  test.each<[unknown, string, number | null]>([
    ['cpu', 'cpu', null],
    ['cuda', 'cuda', null],
    ['cuda:0', 'cuda', 0],
    ['cuda:127', 'cuda', 127],
    ['meta', 'meta', null],
    [{ type: 'cuda' }, 'cuda', null],
    [{ type: 'cuda', index: 1 }, 'cuda', 1],
    [{ type: 'cuda', index: null }, 'cuda', null],
    [new Device('cuda:2'), 'cuda', 2],
  ])('%p', (like, type, index) => {
    const made = device(like as string);
    expect(made).toBeInstanceOf(Device);
    expect([made.type, made.index]).toEqual([type, index]);
    expect(String(made)).toBe(index === null ? type : `${type}:${index}`);
    expect(JSON.stringify(made)).toBe(`"${made}"`);
  });

  test('with the index apart', () => {
    expect(String(device('cuda', 1))).toBe('cuda:1');
    expect(String(new Device({ type: 'cuda', index: 0 }, 3))).toBe('cuda:3');
  });

  test('equals, and prints as in Python', () => {
    expect(device('cuda:1').equals('cuda:1')).toBe(true);
    expect(device('cuda:1').equals(device('cuda'))).toBe(false);
    expect(device('cpu').equals({ type: 'cuda' })).toBe(false);
    expect(inspect(device('cuda:1'))).toBe("device(type='cuda', index=1)");
    expect(inspect(device('cpu'))).toBe("device(type='cpu')");
  });

  // PyTorch's words.
  test.each<[unknown, string, string]>([
    ['', 'RuntimeError', 'Device string must not be empty'],
    ['foo', 'RuntimeError', /privateuseone device type at start of device string: foo$/.source],
    ['CPU', 'RuntimeError', 'Expected one of cpu, cuda, ipu, xpu'],
    ['cuda:-1', 'RuntimeError', "Invalid device string: 'cuda:-1'"],
    ['cuda:01', 'RuntimeError', "Invalid device string: 'cuda:01'"],
    ['cuda:', 'RuntimeError', "Invalid device string: 'cuda:'"],
    [' cuda', 'RuntimeError', "Invalid device string: ' cuda'"],
    ['cuda:1.5', 'RuntimeError', "Invalid device string: 'cuda:1.5'"],
    ['cuda:128', 'RuntimeError', 'Device index must be at most 127, got 128'],
    [{ type: 'cuda', index: -1 }, 'RuntimeError', 'Device index must not be negative'],
    [{ type: 'cuda', index: 0.5 }, 'TypeError', "argument 'index' must be int, not 0.5"],
    [{ type: 'cuda', index: 'a' }, 'TypeError', "argument 'index' must be int, not 'a'"],
    [{ type: 5 }, 'TypeError', "argument 'device' must be a string, a Device or"],
    [3, 'TypeError', "argument 'device' must be a string, a Device or { type, index }, not 3"],
    [null, 'TypeError', "argument 'device' must be a string, a Device or { type, index }, not null"],
    [undefined, 'TypeError', "argument 'device' must be a string, a Device or { type, index }, not undefined"],
  ])('refuses %p', (like, name, message) => {
    expectRefusal(
      () => device(like as string),
      name,
      new RegExp(message.startsWith('private') ? message : escape(message)),
    );
  });

  test('refuses an index that is wrong or doubled', () => {
    expectRefusal(
      () => device('cuda:0', 1),
      'RuntimeError',
      'type (string) must not include an index because index was passed explicitly: cuda:0',
    );
    expectRefusal(() => device('cuda', -1), 'RuntimeError', 'Device index must not be negative');
    expectRefusal(() => device('cuda', 1.5), 'TypeError', "argument 'index' must be int, not 1.5");
  });

  test('of tensors', () => {
    const x = torch.zeros([2], { device: 'meta' });
    expect(x.device).toEqual(device('meta'));
    expect(torch.zeros([2], { device: x.device }).device.type).toBe('meta');
    expect(torch.zeros([2], { device: { type: 'cpu' } }).device.type).toBe('cpu');
    expect(torch.zeros([2]).device).toBeInstanceOf(Device);
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
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
    ['float16', 16, 0.0009765625, 65504, 6.103515625e-5, 0.001],
    ['bfloat16', 16, 0.0078125, 3.3895313892515355e38, 1.1754943508222875e-38, 0.01],
    ['float32', 32, 1.1920928955078125e-7, 3.4028234663852886e38, 1.1754943508222875e-38, 1e-6],
    ['float64', 64, 2.220446049250313e-16, 1.7976931348623157e308, 2.2250738585072014e-308, 1e-15],
  ] as const)('%s', (dtype, bits, eps, max, tiny, resolution) => {
    expect(finfo(dtype)).toEqual({ dtype, bits, eps, max, min: -max, tiny, smallestNormal: tiny, resolution });
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
    const x = torch.empty([1, 2, 2, 2], { layout: layout.strided, memoryFormat: layout.channelsLast });
    expect(x.layout).toBe(layout.strided);
    expect(x.contiguous({ memoryFormat: layout.channelsLast }).strides).toEqual([8, 1, 4, 2]);
    expect(torch.eye(2).toSparse().layout).toBe(layout.sparseCoo);
    expect(torch.eye(2).toSparseCsr().layout).toBe(layout.sparseCsr);
    expect(torch.eye(2).toSparseCsc().layout).toBe(layout.sparseCsc);
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

describe('cuda', () => {
  const built = native.cudaIsBuilt();
  const available = cuda.isAvailable();

  test('is told to be there or not', () => {
    expect(cuda.deviceCount() > 0).toBe(available);
    if (!built) expect(available).toBe(false);
    const problem = native.cudaLoadError();
    expect(problem === null || typeof problem === 'string').toBe(true);
  });

  const withoutDevice = available ? describe.skip : describe;
  withoutDevice('without a device', () => {
    const refusal: [string, string] = built
      ? ['RuntimeError', 'No CUDA GPUs are available']
      : ['AssertionError', 'Torch not compiled with CUDA enabled'];

    test.each<[string, () => unknown]>([
      ['currentDevice', () => cuda.currentDevice()],
      ['setDevice', () => cuda.setDevice(0)],
      ['synchronize', () => cuda.synchronize()],
      ['getDeviceName', () => cuda.getDeviceName()],
      ['getDeviceCapability', () => cuda.getDeviceCapability()],
      ['getDeviceProperties', () => cuda.getDeviceProperties('cuda:0')],
      ['memGetInfo', () => cuda.memGetInfo()],
      ['resetPeakMemoryStats', () => cuda.resetPeakMemoryStats()],
    ])('%s is refused', (_, call) => {
      expectRefusal(call, ...refusal);
    });

    test('what PyTorch allows is allowed', () => {
      expect(cuda.memoryStats()).toEqual({});
      expect([cuda.memoryAllocated(), cuda.maxMemoryAllocated(), cuda.memoryReserved()]).toEqual([0, 0, 0]);
      cuda.emptyCache();
      cuda.manualSeed(1);
      cuda.manualSeedAll(-1n);
    });

    test('a tensor or a generator there is refused at once', () => {
      expectRefusal(() => torch.zeros([1], { device: 'cuda' }), 'RuntimeError', 'Torch not compiled with CUDA enabled');
      expectRefusal(() => torch.zeros([1]).to('cuda:0'), 'RuntimeError', 'Torch not compiled with CUDA enabled');
      expectRefusal(() => native.generatorInit({}, 'cuda'), 'RuntimeError', 'Torch not compiled with CUDA enabled');
    });
  });

  const withDevice = available ? describe : describe.skip;
  withDevice('with a device', () => {
    test('is described', () => {
      const index = cuda.currentDevice();
      const properties = cuda.getDeviceProperties();
      expect(properties.name).toBe(cuda.getDeviceName(`cuda:${index}`));
      expect(cuda.getDeviceCapability(index)).toEqual([properties.major, properties.minor]);
      expect(cuda.memGetInfo()[1]).toBe(properties.totalMemory);
      cuda.setDevice(device('cuda', index));
      cuda.setDevice(-1);
      expect(cuda.currentDevice()).toBe(index);
    });

    test('counts its memory', () => {
      const before = cuda.memoryAllocated();
      const x = torch.zeros([1024, 1024], { device: 'cuda' });
      cuda.synchronize();
      expect(cuda.memoryAllocated() - before).toBe(4 << 20);
      cuda.resetPeakMemoryStats();
      expect(cuda.maxMemoryAllocated()).toBe(cuda.memoryAllocated());
      expect(cuda.memoryReserved()).toBeGreaterThanOrEqual(cuda.memoryAllocated());
      x.dispose();
      cuda.emptyCache();
      expect(cuda.memoryAllocated()).toBe(before);
    });

    test('has random numbers of its own', () => {
      cuda.manualSeed(1);
      const first = torch.rand([3], { device: 'cuda' }).toArray();
      cuda.manualSeedAll(1);
      expect(torch.rand([3], { device: 'cuda' }).toArray()).toEqual(first);
      torch.manualSeed(1);
      expect(torch.rand([3], { device: 'cuda' }).toArray()).toEqual(first);
    });

    test('wrong devices are refused', () => {
      expectRefusal(() => cuda.setDevice(99), 'RuntimeError', 'Invalid device id: 99');
      expectRefusal(() => cuda.setDevice('cuda'), 'ValueError', 'with a specified index or an integer, but got:cuda');
      expectRefusal(() => cuda.synchronize('cpu'), 'ValueError', 'Expected a cuda device, but got: cpu');
      expectRefusal(() => cuda.synchronize(0.5), 'ValueError', 'or an integer, but got:0.5');
    });
  });

  test.each<[unknown, string, string]>([
    [2n ** 64n, 'ValueError', 'Overflow when unpacking long long'],
    [-(2n ** 63n) - 1n, 'ValueError', 'Overflow when unpacking long long'],
    [NaN, 'ValueError', 'cannot convert NaN to an integer seed'],
    [0.5, 'ValueError', 'cannot convert 0.5 to an integer seed'],
    ['a', 'TypeError', "argument 'seed' must be a number or a bigint, not string"],
  ])('the seed %p is refused', (seed, name, message) => {
    expectRefusal(() => cuda.manualSeed(seed as number), name, message);
    expectRefusal(() => cuda.manualSeedAll(seed as number), name, message);
  });
});
