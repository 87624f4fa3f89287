import * as torch from '../../lib';
import { NUMBER_OPERATORS, symbolicFunction } from '../../lib/export/symbolic';
import { Float } from '../../lib/float';

const call = (target: string, ...args: unknown[]): unknown => symbolicFunction(target)?.(...args) as unknown;
const f = (x: number): Float => new Float(x);

// Python's results: an int stays an int, and a float a float.
test.each<[string, unknown[], unknown]>([
  ['_operator.add', [2, 3], 5],
  ['_operator.add', [2, f(3)], f(5)],
  ['_operator.sub', [2, 2], 0],
  ['_operator.mul', [2 ** 40, 2 ** 20], 2n ** 60n],
  ['_operator.sub', [2n ** 60n, 2n ** 60n - 1n], 1],
  ['_operator.floordiv', [7, 2], 3],
  ['_operator.floordiv', [-7, 2], -4],
  ['_operator.floordiv', [7, f(2)], f(3)],
  ['_operator.mod', [-7, 3], 2],
  ['_operator.truediv', [6, 3], f(2)],
  ['_operator.pow', [2, 3], 8],
  ['_operator.pow', [2, -1], f(0.5)],
  ['_operator.pow', [f(4), f(0.5)], f(2)],
  ['_operator.neg', [3], -3],
  ['_operator.neg', [0], 0],
  ['_operator.lshift', [3, 2], 12],
  ['_operator.rshift', [13, 2], 3],
  ['_operator.le', [2, f(2)], true],
  ['_operator.eq', [2, 3], false],
  ['_operator.and_', [true, false], false],
  ['torch.sym_not', [false], true],
  ['torch.sym_float', [2], f(2)],
  ['torch.sym_int', [f(-2.7)], -2],
  ['torch.sym_max', [1, 5], 5],
  ['torch.sym_min', [f(0.5), 3], f(0.5)],
  ['torch.sym_max', [f(0.5), 3], f(3)],
  ['torch.sym_ite', [true, 1, 2], 1],
  ['torch.sym_sum', [[1, 2, 3]], 6],
  ['torch._sym_sqrt', [9], f(3)],
  ['math.trunc', [f(2.9)], 2],
  ['math.ceil', [f(2.1)], 3],
  ['math.floor', [f(-2.1)], -3],
])('%s(%p)', (target, args, expected) => expect(call(target, ...args)).toStrictEqual(expected));

test('a division by zero is an error', () => {
  expect(() => call('_operator.floordiv', 1, 0)).toThrow(/division or modulo by zero/);
});

test.each(['_operator.attrgetter', 'os.system', 'torch.load', 'builtins.eval', 'math.__loader__', 'constructor'])(
  '%s is not a function of programs',
  (target) => expect(symbolicFunction(target)).toBeUndefined(),
);

describe('assertions', () => {
  const run = (target: string, ...args: unknown[]): unknown => NUMBER_OPERATORS[target](...args) as unknown;

  test('_assert_scalar throws the message of the program', () => {
    expect(run('aten._assert_scalar.default', true, 'why')).toBeNull();
    expect(() => run('aten._assert_scalar.default', false, 'why')).toThrow('why');
  });

  test('_assert_async reads the tensor, for all samples of vmap', () => {
    expect(run('aten._assert_async.msg', torch.tensor(true), 'why')).toBeNull();
    expect(() => run('aten._assert_async.msg', torch.tensor(false), 'why')).toThrow('why');
    const check = (x: torch.Tensor): torch.Tensor => {
      run('aten._assert_async.msg', x.gt(0), 'too small');
      return x;
    };
    expect(
      torch
        .vmap(check)(torch.tensor([1, 2]))
        .toArray(),
    ).toEqual([1, 2]);
    expect(() => torch.vmap(check)(torch.tensor([1, -2]))).toThrow('too small');
  });

  test('sym_constrain_range compares with both limits', () => {
    const check = (value: number): unknown => run('aten.sym_constrain_range.default', value, { min: 1, max: 5 });
    expect([1, 5].map(check)).toEqual([null, null]);
    for (const value of [0, 6]) expect(() => check(value)).toThrow(/Invalid value range for \d between \[1, 5\]/);
  });

  test('_assert_tensor_metadata compares the dtype', () => {
    const check = (dtype: string): unknown =>
      run('aten._assert_tensor_metadata.default', torch.ones(2), null, null, dtype);
    expect(check('float32')).toBeNull();
    expect(() => check('float64')).toThrow('Tensor dtype mismatch! Expected: float64, Got: float32');
  });
});
