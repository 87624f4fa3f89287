import * as torch from '../lib';
import { native } from '../lib/native';

const { setDefaultDevice, getDefaultDevice } = torch;
const cpu = { device: 'cpu' } as const;
const source = torch.ones(2);
const indices = torch.tensor([[0, 1]], { dtype: 'int64' });

afterEach(() => setDefaultDevice(null));

// Each device is that of the same call in Python after torch.set_default_device('meta'), except where noted.
const CALLS: Record<string, readonly [() => torch.Tensor, 'meta' | 'cpu']> = {
  zeros: [() => torch.zeros(2), 'meta'],
  'zeros, device null': [() => torch.zeros(2, { device: null }), 'meta'],
  'zeros, device cpu': [() => torch.zeros(2, cpu), 'cpu'],
  ones: [() => torch.ones([2]), 'meta'],
  full: [() => torch.full([2], 1), 'meta'],
  empty: [() => torch.empty(2), 'meta'],
  emptyStrided: [() => torch.emptyStrided([2], [1]), 'meta'],
  arange: [() => torch.arange(3), 'meta'],
  linspace: [() => torch.linspace(0, 1, 3), 'meta'],
  eye: [() => torch.eye(2), 'meta'],
  rand: [() => torch.rand(2), 'meta'],
  randn: [() => torch.randn(2), 'meta'],
  randint: [() => torch.randint(3, [2]), 'meta'],
  scalarTensor: [() => torch.scalarTensor(1), 'meta'],
  hannWindow: [() => torch.hannWindow(4), 'meta'],
  fftfreq: [() => torch.fft.fftfreq(4), 'meta'],
  'signal.windows.hann': [() => torch.signal.windows.hann(4), 'meta'],
  'sparseCooTensor of a size': [() => torch.sparseCooTensor([2]), 'meta'],
  'tensor of numbers': [() => torch.tensor([1, 2]), 'meta'],
  'tensor of a typed array': [() => torch.tensor(new Float32Array(2)), 'meta'],
  'tensor of a tensor': [() => torch.tensor(source), 'meta'],
  'tensor, device cpu': [() => torch.tensor([1, 2], cpu), 'cpu'],
  'asTensor of a tensor': [() => torch.asTensor(source), 'meta'],
  'asarray of a tensor': [() => torch.asarray(source), 'meta'],
  'asarray of numbers': [() => torch.asarray([1, 2]), 'meta'],
  'the weight of Linear': [() => new torch.nn.Linear(2, 3).weight, 'meta'],
  'a buffer of BatchNorm1d': [() => new torch.nn.BatchNorm1d(2).runningMean as torch.Tensor, 'meta'],
  // Python moves the values; here the operator keeps their device, whatever the option says.
  'sparseCooTensor of values': [() => torch.sparseCooTensor(indices, source, [2]), 'cpu'],
  zerosLike: [() => torch.zerosLike(source), 'cpu'],
  newZeros: [() => source.newZeros([2]), 'cpu'],
  normal: [() => torch.normal(0, 1, [2]), 'cpu'],
  complex: [() => torch.complex(source, source), 'cpu'],
  add: [() => source.add(1), 'cpu'],
  index: [() => source.index([0]), 'cpu'],
  oneHot: [() => torch.nn.functional.oneHot(indices, 3), 'cpu'],
  vander: [() => torch.vander(source), 'cpu'],
};

describe('the default device', () => {
  test.each(Object.entries(CALLS))('%s', (_, [call, device]) => {
    expect(call().device.type).toBe('cpu');
    setDefaultDevice('meta');
    expect(call().device.type).toBe(device);
    setDefaultDevice(null);
    expect(call().device.type).toBe('cpu');
  });

  // Python has no such functions.
  test('tensors of arrays of tensors and of bytes', () => {
    setDefaultDevice('meta');
    expect(torch.tensor([source, source]).device.type).toBe('meta');
    expect(torch.tensor([source, source], cpu).device.type).toBe('cpu');
    expect(torch.fromTypedArray(new Float32Array(2), [2]).device.type).toBe('meta');
    expect(torch.fromTypedArray(new Float32Array(2), [2], cpu).device.type).toBe('cpu');
  });

  test('a result that is given keeps its device', () => {
    setDefaultDevice('meta');
    const out = torch.empty(2, cpu);
    expect(torch.zeros(2, { out })).toBe(out);
    expect(out.toArray()).toEqual([0, 0]);
  });

  test('asarray without a copy', () => {
    setDefaultDevice('meta');
    expect(() => torch.asarray(source, { copy: false })).toThrow("from device 'cpu' to 'meta'");
    setDefaultDevice('cpu');
    expect(torch.asarray(source, { copy: false })).toBe(source);
  });

  test('getDefaultDevice', () => {
    expect(getDefaultDevice()).toEqual(new torch.Device('cpu'));
    for (const [device, text] of [
      ['meta', 'meta'],
      [{ type: 'meta', index: 0 }, 'meta:0'],
      [new torch.Device('cpu', 1), 'cpu:1'],
    ] as const) {
      setDefaultDevice(device);
      expect(String(getDefaultDevice())).toBe(text);
    }
    setDefaultDevice(null);
    expect(String(getDefaultDevice())).toBe('cpu');
  });

  test('values that are not devices', () => {
    setDefaultDevice('meta');
    expect(() => setDefaultDevice('foo')).toThrow(torch.RuntimeError);
    expect(() => setDefaultDevice('')).toThrow('Device string must not be empty');
    expect(() => setDefaultDevice('meta:128')).toThrow('Device index must be at most 127');
    for (const wrong of [3, undefined, {}, torch.ones(1, cpu)]) {
      expect(() => setDefaultDevice(wrong as never)).toThrow(TypeError);
    }
    expect(String(getDefaultDevice())).toBe('meta');
  });

  test('a device that this machine does not have', () => {
    if (torch.cuda.isAvailable()) return;
    setDefaultDevice('cuda');
    for (const create of [() => torch.zeros(2), () => torch.tensor([1]), () => getDefaultDevice()]) {
      expect(create).toThrow('Torch not compiled with CUDA enabled');
    }
    expect(torch.zeros(2, cpu).device.type).toBe('cpu');
  });

  test('factories inside transforms', () => {
    const f = (x: torch.Tensor): torch.Tensor => x.mul(torch.ones([], { dtype: x.dtype })).sum();
    const x = torch.ones(2, { device: 'meta' });
    setDefaultDevice('meta');
    expect(torch.func.grad(f)(x).device.type).toBe('meta');
    expect(torch.vmap(f)(x).device.type).toBe('meta');
    expect(native.levelDepth()).toBe(0);
  });
});
