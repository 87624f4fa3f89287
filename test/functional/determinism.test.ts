/** The settings of libtorch's context, as PyTorch's functions set and give them. */

import * as torch from '../../lib';

const put = () => torch.zeros([3]).put_(torch.tensor([0n]), torch.tensor([1]));

afterEach(() => {
  torch.useDeterministicAlgorithms(false);
  torch.setFloat32MatmulPrecision('highest');
});

describe('useDeterministicAlgorithms', () => {
  test('refuses operators without a deterministic algorithm', () => {
    torch.useDeterministicAlgorithms(true);
    expect(torch.areDeterministicAlgorithmsEnabled()).toBe(true);
    expect(torch.isDeterministicAlgorithmsWarnOnlyEnabled()).toBe(false);
    expect(torch.getDeterministicDebugMode()).toBe(2);
    expect(put).toThrow(
      "put_ does not have a deterministic implementation, but you set 'torch.use_deterministic_algorithms(True)'.",
    );
    expect(torch.empty([2]).isnan().all().item()).toBe(true);
  });

  test('or warns', () => {
    torch.useDeterministicAlgorithms(true, { warnOnly: true });
    expect(torch.isDeterministicAlgorithmsWarnOnlyEnabled()).toBe(true);
    expect(torch.getDeterministicDebugMode()).toBe(1);
    expect(put().toArray()).toEqual([1, 0, 0]);
  });

  test('takes a boolean', () => {
    expect(() => torch.useDeterministicAlgorithms('x' as never)).toThrow(TypeError);
    expect(() => torch.useDeterministicAlgorithms(true, { warn: true } as never)).toThrow(TypeError);
    expect(torch.areDeterministicAlgorithmsEnabled()).toBe(false);
  });
});

describe('setDeterministicDebugMode', () => {
  test.each([
    ['default', 0],
    ['warn', 1],
    ['error', 2],
  ] as const)('%s', (word, level) => {
    torch.setDeterministicDebugMode(word);
    expect(torch.getDeterministicDebugMode()).toBe(level);
    torch.setDeterministicDebugMode(0);
    torch.setDeterministicDebugMode(level);
    expect(torch.getDeterministicDebugMode()).toBe(level);
  });

  test.each([
    ['foo', 'RuntimeError', 'invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got foo'],
    [7, 'RuntimeError', 'invalid value of debug_mode, expected 0, 1, or 2, but got 7'],
    [-1, 'RuntimeError', 'invalid value of debug_mode, expected 0, 1, or 2, but got -1'],
    [2.5, 'TypeError', 'debug_mode must be str or int, but got number'],
  ])('refuses %p', (mode, name, message) => {
    expect(() => torch.setDeterministicDebugMode(mode as never)).toThrow(expect.objectContaining({ name, message }));
  });
});

test('setFloat32MatmulPrecision', () => {
  expect(torch.getFloat32MatmulPrecision()).toBe('highest');
  for (const precision of ['high', 'medium', 'highest'] as const) {
    torch.setFloat32MatmulPrecision(precision);
    expect(torch.getFloat32MatmulPrecision()).toBe(precision);
  }
  torch.setFloat32MatmulPrecision('foo' as never);
  expect(torch.getFloat32MatmulPrecision()).toBe('highest');
  expect(() => torch.setFloat32MatmulPrecision(3 as never)).toThrow(
    'set_float32_matmul_precision expects a str, but got number',
  );
});
