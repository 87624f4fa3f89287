import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import * as torch from '../lib';
import * as cuda from '../lib/cuda';
import { native } from '../lib/native';
import { libtorchPath } from '../lib/runtime';

const { device } = torch;

/** Expects an error of this name that says this. */
function expectRefusal(call: () => unknown, name: string, message: string): void {
  expect(call).toThrow(expect.objectContaining({ name, message: expect.stringContaining(message) }));
}

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

  // What lib/cuda.ts decides, on any machine.
  describe('with two devices, as the addon tells of them', () => {
    beforeEach(() => {
      jest.spyOn(native, 'cudaIsBuilt').mockReturnValue(true);
      jest.spyOn(native, 'cudaDeviceCount').mockReturnValue(2);
      jest.spyOn(native, 'cudaCurrentDevice').mockReturnValue(1);
    });
    afterEach(() => jest.restoreAllMocks());

    test('devices are named in every way', () => {
      const synchronize = jest.spyOn(native, 'cudaSynchronize').mockReturnValue();
      for (const named of [
        undefined,
        0,
        'cuda',
        'cuda:0',
        device('cuda'),
        device('cuda', 0),
        { type: 'cuda', index: 0 },
      ]) {
        cuda.synchronize(named);
      }
      expect(synchronize.mock.calls.flat()).toEqual([1, 0, 1, 0, 1, 0, 0]);
      expect(cuda.currentDevice()).toBe(1);
    });

    test('setDevice wants a number, and takes a negative one for none', () => {
      const setDevice = jest.spyOn(native, 'cudaSetDevice').mockReturnValue();
      cuda.setDevice('cuda:1');
      cuda.setDevice(-1);
      expect(setDevice.mock.calls).toEqual([[1]]);
      expectRefusal(() => cuda.setDevice('cuda'), 'ValueError', 'with a specified index or an integer, but got:cuda');
      expectRefusal(() => cuda.setDevice(0.5), 'ValueError', 'or an integer, but got:0.5');
      expectRefusal(() => cuda.synchronize('cpu'), 'ValueError', 'Expected a cuda device, but got: cpu');
      expectRefusal(() => cuda.synchronize('gpu'), 'RuntimeError', 'Expected one of cpu, cuda');
    });

    test('figures are put together', () => {
      const own = { name: 'A GPU', major: 9, minor: 0, multiProcessorCount: 132 };
      jest.spyOn(native, 'cudaDeviceProperties').mockReturnValue(own);
      jest.spyOn(native, 'cudaMemGetInfo').mockReturnValue([1, 2]);
      const stats = {
        'allocated_bytes.all.current': 3,
        'allocated_bytes.all.peak': 4,
        'reserved_bytes.all.current': 5,
      };
      jest.spyOn(native, 'cudaMemoryStats').mockReturnValue(stats);
      expect(cuda.getDeviceProperties()).toEqual({ ...own, totalMemory: 2 });
      expect(cuda.getDeviceName(0)).toBe('A GPU');
      expect(cuda.getDeviceCapability(0)).toEqual([9, 0]);
      expect([cuda.memoryAllocated(), cuda.maxMemoryAllocated(), cuda.memoryReserved()]).toEqual([3, 4, 5]);
    });

    test('seeds reach the devices as unsigned integers', () => {
      const seed = jest.spyOn(native, 'cudaManualSeed').mockReturnValue();
      cuda.manualSeed(-1);
      cuda.manualSeedAll(7n);
      expect(seed.mock.calls).toEqual([
        [1, 2n ** 64n - 1n],
        [0, 7n],
        [1, 7n],
      ]);
    });
  });

  test('a libtorch with CUDA on a machine without a GPU', () => {
    jest.spyOn(native, 'cudaIsBuilt').mockReturnValue(true);
    jest.spyOn(native, 'cudaDeviceCount').mockReturnValue(0);
    try {
      expect(cuda.isAvailable()).toBe(false);
      expectRefusal(() => cuda.currentDevice(), 'RuntimeError', 'No CUDA GPUs are available');
    } finally {
      jest.restoreAllMocks();
    }
  });

  test('CUDA libraries that could not be loaded are named', () => {
    jest.spyOn(native, 'cudaIsBuilt').mockReturnValue(false);
    jest.spyOn(native, 'cudaLoadError').mockReturnValue('libcudart.so.13: cannot open shared object file');
    try {
      expectRefusal(
        () => cuda.synchronize(),
        'AssertionError',
        "Torch not compiled with CUDA enabled: libtorch's CUDA libraries could not be loaded (libcudart.so.13: cannot",
      );
    } finally {
      jest.restoreAllMocks();
    }
  });

  const onLinux = process.platform === 'linux' && !built ? test : test.skip;
  onLinux('the addon loads libtorch_cuda from beside libtorch_cpu, and reports why it cannot', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'torch-func-cuda-'));
    try {
      const real = path.dirname(libtorchPath());
      for (const file of readdirSync(real)) symlinkSync(path.join(real, file), path.join(folder, file));
      writeFileSync(path.join(folder, 'libtorch_cuda.so'), 'not a library');
      const addon = path.join(__dirname, '..', 'build', 'Release', 'torch_func.node');
      const script = `const n = require(${JSON.stringify(addon)}); console.log(n.libtorchPath() + '|' + n.cudaLoadError())`;
      const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
        encoding: 'utf8',
        env: { ...process.env, LD_LIBRARY_PATH: folder },
      });
      expect(stderr).toBe('');
      const [file, problem] = stdout.trim().split('|');
      expect(file).toBe(path.join(folder, 'libtorch_cpu.so'));
      expect(problem).toMatch(/libtorch_cuda\.so: (invalid ELF header|file too short)/);
    } finally {
      rmSync(folder, { recursive: true });
    }
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
