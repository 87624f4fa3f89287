import * as torch from '../lib';
import type { Tensor } from '../lib';
import { defaultGenerator, Generator } from '../lib/generator';
import { native } from '../lib/native';

const { manualSeed, rand, randn, randint } = torch;
const float64 = { dtype: 'float64' } as const;
const values = (tensor: Tensor): number[] => Array.from(tensor.data(), Number);

/** Refuses `seed` with this error. */
function expectRefusal(call: () => unknown, name: string, message: string): void {
  expect(call).toThrow(expect.objectContaining({ name, message: expect.stringContaining(message) }));
}

describe('the numbers that PyTorch 2.13 gives for a seed', () => {
  // rand(3), randn(2) in float64, randint(0, 100, (4,)), initial_seed()
  const zero = [
    [0.9700530018065531, 0.707819864399788, 0.45938294312745087],
    [1.2644587093281903, -0.6874263917320185],
    [1, 66, 56, 99],
  ];
  const minusOne = [
    [0.9503951604874923, 0.5600645841090078, 0.9442999488455328],
    [-1.5534698578776358, 0.5333110814390374],
    [87, 87, 22, 23],
  ];
  test.each<[number | bigint, number[][], number | bigint]>([
    [0, zero, 0],
    [
      42,
      [
        [0.05815448596142969, 0.06291016742457756, 0.12358607277440903],
        [1.156124744834232, 0.39648067252860486],
        [78, 14, 10, 54],
      ],
      42,
    ],
    [
      123456789012n,
      [
        [0.5806413796607466, 0.2166012115713768, 0.3000245553851001],
        [-1.5111931176544884, 0.47685983419660893],
        [39, 22, 26, 17],
      ],
      123456789012,
    ],
    [-1, minusOne, 2n ** 64n - 1n],
    [-1n, minusOne, 2n ** 64n - 1n],
    [2n ** 64n - 1n, minusOne, 2n ** 64n - 1n],
    // The CPU's generator takes the lower 32 bits.
    [2n ** 63n, zero, 2n ** 63n],
    [-(2n ** 63n), zero, 2n ** 63n],
    [2 ** 63, zero, 2n ** 63n],
    [-(2 ** 63), zero, 2n ** 63n],
  ])('manualSeed(%p)', (seed, [uniform, normal, integers], initialSeed) => {
    expect(manualSeed(seed)).toBe(defaultGenerator);
    expect(values(rand([3], float64))).toEqual(uniform);
    expect(values(randn([2], float64))).toEqual(normal);
    expect(values(randint(0, 100, [4]))).toEqual(integers);
    expect(torch.initialSeed()).toBe(initialSeed);
  });

  test('operators of all kinds, one after the other', () => {
    manualSeed(7);
    // From 16 elements on randn draws in another order, as in PyTorch.
    expect(values(randn([20])).slice(-2)).toEqual([-2.056462526321411, -0.35672253370285034]);
    expect(values(torch.randperm(6))).toEqual([0, 3, 1, 5, 2, 4]);
    expect(values(torch.bernoulli(torch.full([6], 0.5)))).toEqual([1, 1, 0, 0, 0, 1]);
    expect(values(rand([2]))).toEqual([0.43545758724212646, 0.7368624210357666]);
    expect(values(torch.normal(torch.zeros([2]), torch.ones([2])))).toEqual([
      -0.061548057943582535, 0.6562123894691467,
    ]);
    expect(values(torch.multinomial(torch.ones([5]), 3))).toEqual([1, 4, 0]);
    expect(values(torch.empty([2]).exponential_())).toEqual([2.0003066062927246, 0.1703311651945114]);
  });

  test('inside vmap', () => {
    const f = (x: Tensor): Tensor => x.add(rand([1]));
    manualSeed(3);
    expect(values(torch.vmap(f, { randomness: 'different' })(torch.zeros([2])))).toEqual([
      0.004263520240783691, 0.10556936264038086,
    ]);
    expect(values(torch.vmap(f, { randomness: 'same' })(torch.zeros([2])))).toEqual([
      0.2858424782752991, 0.2858424782752991,
    ]);
  });
});

describe('manualSeed', () => {
  test.each<[unknown, number]>([
    [1.5, 1],
    [-0.5, 0],
    [true, 1],
    [torch.tensor(3), 3],
    [torch.tensor(2.9), 2],
  ])('takes what int() takes: %p', (seed, initialSeed) => {
    manualSeed(seed as number);
    expect(torch.initialSeed()).toBe(initialSeed);
  });

  test.each<[unknown, string, string]>([
    [2n ** 64n, 'ValueError', 'Overflow when unpacking long long'],
    [-(2n ** 63n) - 1n, 'ValueError', 'Overflow when unpacking long long'],
    [2n ** 200n, 'ValueError', 'Overflow when unpacking long long'],
    [2 ** 64, 'ValueError', 'Overflow when unpacking long long'],
    [-(2 ** 64), 'ValueError', 'Overflow when unpacking long long'],
    [NaN, 'ValueError', 'cannot convert float NaN to integer'],
    [-Infinity, 'ValueError', 'cannot convert float infinity to integer'],
    ['1', 'TypeError', "argument 'seed' must be a number or a bigint, not string"],
    [null, 'TypeError', "argument 'seed' must be a number or a bigint, not null"],
    [undefined, 'TypeError', 'not undefined'],
    [torch.zeros([2]), 'RuntimeError', 'a Tensor with 2 elements cannot be converted to Scalar'],
  ])('refuses %p', (seed, name, message) => {
    manualSeed(5);
    expectRefusal(() => manualSeed(seed as number), name, message);
    expect(torch.initialSeed()).toBe(5);
  });
});

describe('the state', () => {
  test('seed() takes another seed each time, and says which', () => {
    const seed = torch.seed();
    expect(torch.initialSeed()).toBe(seed);
    const drawn = values(rand([4]));
    expect(torch.seed()).not.toBe(seed);
    expect(values(rand([4]))).not.toEqual(drawn);
    manualSeed(seed);
    expect(values(rand([4]))).toEqual(drawn);
  });

  test('getRngState and setRngState go back to a point', () => {
    manualSeed(1);
    randn([3]);
    const state = torch.getRngState();
    expect([state.dtype, state.shape]).toEqual(['uint8', [5056]]);
    const first = values(randn([5]));
    torch.setRngState(state);
    expect(values(randn([5]))).toEqual(first);
  });

  test.each<[string, () => unknown, string, string]>([
    ['a number', () => 3, 'TypeError', 'expected a torch.ByteTensor, but got 3 (number)'],
    ['another dtype', () => torch.zeros([3]), 'TypeError', 'RNG state must be a torch.ByteTensor'],
    [
      'another size',
      () => torch.zeros([3], { dtype: 'uint8' }),
      'RuntimeError',
      'Expected a CPUGeneratorImplState of size 5056 but found the input RNG state size to be 3',
    ],
    [
      'a disposed tensor',
      () => {
        const state = torch.getRngState();
        state.dispose();
        return state;
      },
      'RuntimeError',
      "argument 'state' is a Tensor that has been disposed of",
    ],
  ])('setRngState refuses %s', (_, state, name, message) => {
    expectRefusal(() => torch.setRngState(state() as Tensor), name, message);
  });
});

describe('Generator', () => {
  test('has a stream of its own', () => {
    manualSeed(0);
    const generator = new Generator().manualSeed(42);
    expect(values(rand([2], { generator }))).toEqual([0.8822692632675171, 0.9150039553642273]);
    expect(values(rand([3], float64))).toEqual([0.9700530018065531, 0.707819864399788, 0.45938294312745087]);
    expect(values(randn([2], { generator }))).toEqual([0.47404009103775024, 0.19778664410114288]);
  });

  test('starts from the same seed as in PyTorch', () => {
    expect(new Generator().initialSeed()).toBe(67280421310721);
  });

  test.each([
    undefined,
    {},
    'cpu',
    { device: 'cpu' },
    { type: 'cpu' },
    new torch.Device('cpu'),
    { device: { type: 'cpu', index: 0 } },
  ])('on the CPU: %p', (options) => {
    expect(String(new Generator(options).device)).toBe('cpu');
  });

  test('seed, state and copies', () => {
    const generator = new Generator();
    const seed = generator.seed();
    expect(generator.initialSeed()).toBe(seed);
    const copy = generator.cloneState();
    const state = generator.getState();
    const drawn = values(rand([3], { generator }));
    expect(values(rand([3], { generator: copy }))).toEqual(drawn);
    expect(generator.setState(state)).toBe(generator);
    expect(values(rand([3], { generator }))).toEqual(drawn);
  });

  test('the default generator', () => {
    manualSeed(9);
    expect(defaultGenerator.initialSeed()).toBe(9);
    expect(String(defaultGenerator.device)).toBe('cpu');
    defaultGenerator.manualSeed(0);
    expect(values(rand([1], float64))).toEqual([0.9700530018065531]);
    expect(values(rand([1], { ...float64, generator: defaultGenerator }))).toEqual([0.707819864399788]);
  });

  test.each<[unknown, string, string]>([
    [1.5, 'RuntimeError', 'manual_seed expected a long, but got float'],
    [NaN, 'RuntimeError', 'manual_seed expected a long, but got'],
    ['1', 'RuntimeError', 'manual_seed expected a long, but got string'],
    [null, 'RuntimeError', 'manual_seed expected a long, but got null'],
    [true, 'RuntimeError', 'manual_seed expected a long, but got boolean'],
    [torch.tensor(3), 'RuntimeError', 'manual_seed expected a long, but got Tensor'],
    [2n ** 64n, 'ValueError', 'Overflow when unpacking long long'],
    [-(2n ** 63n) - 1n, 'ValueError', 'Overflow when unpacking long long'],
    [1e30, 'ValueError', 'Overflow when unpacking long long'],
  ])('manualSeed refuses %p', (seed, name, message) => {
    expectRefusal(() => new Generator().manualSeed(seed as number), name, message);
  });

  test.each<[unknown, number | bigint]>([
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [-1, 2n ** 64n - 1n],
    [2 ** 60, 2n ** 60n],
  ])('manualSeed takes %p', (seed, initialSeed) => {
    expect(new Generator().manualSeed(seed as number).initialSeed()).toBe(initialSeed);
  });

  test('setState refuses what is no state', () => {
    expectRefusal(() => new Generator().setState(3 as any), 'TypeError', 'expected a torch.ByteTensor, but got 3');
    expectRefusal(
      () => new Generator().setState(torch.zeros([3])),
      'TypeError',
      'RNG state must be a torch.ByteTensor',
    );
  });

  test.each<[unknown, string, string]>([
    ['foo', 'RuntimeError', 'Expected one of cpu, cuda'],
    ['meta', 'RuntimeError', 'META device type not an accelerator.'],
    [3, 'TypeError', "argument 'device' must be a string, a Device or { type, index }, not 3"],
    [null, 'TypeError', "argument 'device' must be a string, a Device or { type, index }, not null"],
    [{ device: 7 }, 'TypeError', "argument 'device' must be a string, a Device or { type, index }, not 7"],
  ])('no generator for the device %p', (device, name, message) => {
    expectRefusal(() => new Generator(device as string), name, message);
  });

  test('foreign objects are no generators', () => {
    expectRefusal(() => native.generatorSeed({}), 'TypeError', "argument 'generator' must be Generator, not object");
    expectRefusal(() => native.generatorSeed(torch.zeros([1])), 'TypeError', 'must be Generator, not Tensor');
    const fake = Object.create(Generator.prototype) as Generator;
    expectRefusal(() => fake.initialSeed(), 'TypeError', "argument 'generator' must be Generator");
    expectRefusal(() => native.generatorInit({}, 5), 'TypeError', "argument 'device' must be a device, not int");
    // A wrapped object cannot become another.
    expect(() => native.generatorInit(new Generator(), 'cpu')).toThrow();
  });

  test('is freed with its object', async () => {
    const before = process.memoryUsage().rss;
    // 5 KB each.
    for (let i = 0; i < 200_000; ++i) new Generator();
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
  });
});
