import { readFileSync } from 'node:fs';
import * as path from 'node:path';

import * as torch from '../lib';
import type { Index, Scalar, Tensor } from '../lib';
import { Slice } from '../lib/indexing';
import { native } from '../lib/native';

interface Outcome {
  shape?: number[];
  values?: number[];
  error?: string;
  message?: string;
}

// Made by PyTorch 2.13, with test/fixtures/make_indexing.py.
const fixtures = JSON.parse(readFileSync(path.join(__dirname, 'fixtures', 'indexing.json'), 'utf8')) as Record<
  string,
  Outcome
>;

const { slice, tensor } = torch;
const all = slice();
const long = (values: unknown): Tensor => tensor(values as number[], { dtype: 'int64' });
const start = (): { x: Tensor; s: Tensor } => ({
  x: torch.arange(24, { dtype: 'float32' }).reshape([2, 3, 4]),
  s: tensor(1.5),
});
const big = 2n ** 70n;

// Several ways to write one Python index stand side by side.
const reads: Record<string, (x: Tensor) => Index[][]> = {
  'x[0]': () => [[0], [0n]],
  'x[-1]': () => [[-1]],
  'x[1, 2, 3]': () => [[1, 2, 3]],
  'x[1, -1]': () => [[1, -1]],
  'x[:]': () => [[all], [':'], ['::']],
  'x[1:]': () => [[slice(1, null)], ['1:'], ['1::'], [slice(1, undefined)]],
  'x[:, 1:3]': () => [
    [all, slice(1, 3)],
    [':', '1:3'],
    [':', ' 1 : 3 '],
  ],
  'x[:, ::2]': () => [
    [all, slice(null, null, 2)],
    [':', '::2'],
  ],
  'x[:, :, 1:4:2]': () => [
    [all, all, slice(1, 4, 2)],
    [':', ':', '1:4:2'],
    ['...', slice(1n, 4n, 2n)],
  ],
  'x[:, -2:]': () => [
    [all, slice(-2, null)],
    [':', '-2:'],
  ],
  'x[:, :-1]': () => [
    [all, slice(-1)],
    [':', ':-1'],
  ],
  'x[:, 5:]': () => [[':', '5:']],
  'x[:, 2:1]': () => [[all, slice(2, 1)]],
  'x[:, :2**70]': () => [
    [all, slice(big)],
    [':', `:${big}`],
    [all, slice(2n ** 63n - 1n)],
  ],
  'x[:, -2**70:2]': () => [
    [all, slice(-big, 2)],
    [':', `-${big}:2`],
    [all, slice(-(2n ** 63n), 2)],
  ],
  'x[...]': () => [['...']],
  'x[..., 0]': () => [['...', 0]],
  'x[0, ..., 0]': () => [[0, '...', 0]],
  'x[..., None]': () => [['...', null]],
  'x[None]': () => [[null]],
  'x[:, None, 0]': () => [[all, null, 0]],
  'x[()]': () => [[]],
  'x[None, ..., None]': () => [[null, '...', null]],
  'x[True]': () => [[true]],
  'x[False]': () => [[false]],
  'x[True, 0]': () => [[true, 0]],
  'x[0, True]': () => [[0, true]],
  'x[tensor(1)]': () => [[long(1)]],
  'x[tensor([1, 0, 1])]': () => [[long([1, 0, 1])], [[1, 0, 1]]],
  'x[:, tensor([0, 2])]': () => [[all, long([0, 2])]],
  'x[tensor([0, 1]), tensor([2, 0])]': () => [
    [long([0, 1]), long([2, 0])],
    [
      [0, 1],
      [2, 0],
    ],
  ],
  'x[tensor([0, 1]), :, tensor([3, 0])]': () => [[long([0, 1]), all, long([3, 0])]],
  'x[:, tensor([[0], [2]]), tensor([1, 3])]': () => [[all, [[0], [2]], [1, 3]]],
  'x[tensor([0, 1], dtype=torch.int32)]': () => [[tensor([0, 1], { dtype: 'int32' })]],
  'x[tensor([], dtype=torch.int64)]': () => [[long([])]],
  'x[x > 20]': (x) => [[x.gt(20)]],
  'x[x[:, 0, 0] > 5]': (x) => [[x.index(':', 0, 0).gt(5)]],
  'x[tensor([True, False]), 1]': () => [
    [tensor([true, false]), 1],
    [[true, false], 1],
  ],
  'x[tensor([1, 0], dtype=torch.uint8)]': () => [[tensor([1, 0], { dtype: 'uint8' })]],
  'x[[1, 0]]': () => [[[1, 0]], [[1n, 0n]]],
  'x[:, [0, 2]]': () => [[all, [0, 2]]],
  'x[[]]': () => [[[]]],
  'x[[True, False]]': () => [[[true, false]]],
  'x[[True, 1]]': () => [[[true, 1]]],
  'x[:, [[0, 1], [2, 0]]]': () => [[all, [[0, 1], [2, 0]]]], // prettier-ignore
  'x[[[0, 1], [2, 0]]]': () => [[[[0, 1], [2, 0]]]], // prettier-ignore
  'x[[tensor([0, 1]), tensor([2, 0])]]': () => [[[long([0, 1]), long([2, 0])] as unknown as Index]],
  'x[[slice(None), 1]]': () => [[[all, 1] as unknown as Index], [[':', 1] as unknown as Index]],
  'x[[None, 1]]': () => [[[null, 1] as unknown as Index]],
  'x[[0] * 32]': () => [[new Array<number>(32).fill(0)]],
  'x[[tensor(1)] * 32]': () => [[new Array(32).fill(long(1)) as unknown as Index]],
  'x[0, :, tensor([1, 1])]': () => [[0, all, [1, 1]]],
  'x[slice(tensor(1), None)]': () => [[new Slice(long(1) as unknown as number)]],
  's[None]': () => [[null]],
  's[...]': () => [['...']],
  's[True]': () => [[true]],
  's[()]': () => [[]],
};

const writes: Record<string, (x: Tensor) => [Index[], Tensor | Scalar]> = {
  'x[0] = 7': () => [[0], 7],
  'x[:, 1] = -1.5': () => [[':', 1], -1.5],
  'x[..., 0] = True': () => [['...', 0], true],
  'x[0, 0, 0] = tensor(9.0)': () => [[0, 0, 0], tensor(9)],
  'x[0] = tensor([1.0, 2.0, 3.0, 4.0])': () => [[0], tensor([1, 2, 3, 4])],
  'x[:, 0] = torch.ones(1, 1, 2, 4)': () => [[':', 0], torch.ones([1, 1, 2, 4])],
  'x[tensor([0, 0])] = 5': () => [[[0, 0]], 5n],
  'x[x > 11] = 0': (x) => [[x.gt(11)], 0],
  'x[:, tensor([0, 2])] = tensor([[1.0], [2.0]])': () => [[':', [0, 2]], tensor([[1], [2]])],
  'x[:, tensor([1])] = torch.zeros(1, 2, 1, 4)': () => [[':', long([1])], torch.zeros([1, 2, 1, 4])],
  'x[True] = 3': () => [[true], 3],
  'x[False] = 3': () => [[false], 3],
  'x[None] = 3': () => [[null], 3],
  'x[...] = 2': () => [['...'], 2],
  'x[[True, False]] = 4': () => [[[true, false]], 4],
  'x[:, ::2, None] = 8': () => [[':', '::2', null], 8],
  'x[:, 5:] = 8': () => [[':', '5:'], 8],
  's[...] = 6': () => [['...'], 6],
  's[()] = 6': () => [[], 6],
  's[True] = 6': () => [[true], 6],
};

const errors: Record<string, (x: Tensor, s: Tensor) => unknown> = {
  'x[2]': (x) => x.index(2),
  'x[0, -4]': (x) => x.index(0, -4),
  'x[0, 0, 0, 0]': (x) => x.index(0, 0, 0, 0),
  'x[..., 0, 0, 0, 0]': (x) => x.index('...', 0, 0, 0, 0),
  'x[1.5]': (x) => x.index(1.5),
  'x[float("nan")]': (x) => x.index(NaN),
  'x[1j]': (x) => x.index(new torch.Complex(0, 1) as unknown as Index),
  'x[2**70]': (x) => x.index(big),
  'x[::0]': (x) => x.index('::0'),
  'x[::-1]': (x) => x.index(slice(null, null, -1)),
  'x[1.5:]': (x) => x.index(slice(1.5, null)),
  'x[tensor([1.0])]': (x) => x.index(tensor([1])),
  'x[tensor([True, False, True])]': (x) => x.index(tensor([true, false, true])),
  'x[tensor([2])]': (x) => x.index(long([2])),
  'x[tensor([0, 1]), tensor([0, 1, 2])]': (x) => x.index([0, 1], [0, 1, 2]),
  's[0]': (_, s) => s.index(0),
  'x[0] = "a"': (x) => x.indexPut_([0], 'a' as any),
  'x[0] = [1, 2, 3, 4]': (x) => x.indexPut_([0], [1, 2, 3, 4] as any),
  'x[0] = None': (x) => x.indexPut_([0], null as any),
  'x[0] = 1j': (x) => x.indexPut_([0], { re: 0, im: 1 }),
  'x[0] = torch.ones(5)': (x) => x.indexPut_([0], torch.ones([5])),
  'x[tensor([0, 1])] = torch.ones(5)': (x) => x.indexPut_([[0, 1]], torch.ones([5])),
  'x[tensor([0])] = tensor(2.5, dtype=torch.float64)': (x) => x.indexPut_([[0]], tensor(2.5, { dtype: 'float64' })),
  'torch.zeros(1).expand(3)[:] = 1': () => torch.zeros([1]).expand([3]).indexPut_([':'], 1),
  'torch.zeros(3, requires_grad=True)[0] = 1': () => torch.zeros([3], { requiresGrad: true }).indexPut_([0], 1),
};

test('every fixture has a test', () => {
  expect([...Object.keys(reads), ...Object.keys(writes), ...Object.keys(errors)].sort()).toEqual(
    Object.keys(fixtures).sort(),
  );
});

function expectTensor(actual: Tensor, expected: Outcome): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(Array.from(actual.data(), Number)).toEqual(expected.values);
}

test.each(Object.keys(reads))('%s', (expression) => {
  const { x, s } = start();
  const from = expression.startsWith('s') ? s : x;
  for (const indices of reads[expression](x)) expectTensor(from.index(...indices), fixtures[expression]);
});

test.each(Object.keys(writes))('%s', (expression) => {
  const { x, s } = start();
  const target = expression.startsWith('s') ? s : x;
  const [indices, value] = writes[expression](x);
  expect(target.indexPut_(indices, value)).toBe(target);
  expectTensor(target, fixtures[expression]);
});

/** PyTorch's message with Python's names for types as the addon names them. */
function inOurWords(message: string): RegExp {
  const text = message
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace('got float\\)', 'got .*\\)')
    .replace("can't assign a (str|list|NoneType)", "can't assign a \\w+")
    .replace(/can't assign a (str|list|NoneType)/, "can't assign a .*");
  return new RegExp(text);
}

test.each(Object.keys(errors))('%s fails as in PyTorch', (expression) => {
  const { x, s } = start();
  const before = x.clone();
  const { error, message } = fixtures[expression];
  let thrown: unknown;
  try {
    errors[expression](x, s);
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toMatchObject({ name: error, message: expect.stringMatching(inOurWords(message!)) });
  expect(x.equal(before)).toBe(true);
});

describe('what Python has no counterpart of', () => {
  const { x } = start();
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const disposed = long([0]);
  disposed.dispose();
  const throwing = {
    get start(): never {
      throw new Error('from a getter');
    },
    stop: null,
    step: null,
  };

  test.each<[string, unknown, string, string]>([
    ['undefined', undefined, 'IndexError', 'are valid indices (got undefined)'],
    ['a fraction', 0.5, 'IndexError', 'are valid indices (got float 0.5'],
    ['infinity', Infinity, 'IndexError', 'are valid indices (got Infinity (number))'],
    ['an object', { start: 1 }, 'IndexError', 'are valid indices (got object)'],
    ['a Date', new Date(), 'IndexError', 'are valid indices (got Date)'],
    ['a function', () => 0, 'IndexError', 'are valid indices (got function)'],
    ['a symbol', Symbol('s'), 'IndexError', 'are valid indices (got symbol)'],
    ['a string', 'abc', 'IndexError', "(got string 'abc'; a string index is '...' or a slice"],
    ['a number as a string', '1', 'IndexError', "got string '1'"],
    ['an empty string', '', 'IndexError', "got string ''"],
    ['too many colons', '1:2:3:4', 'IndexError', "got string '1:2:3:4'"],
    ['a slice of fractions', '1.5:2', 'IndexError', "got string '1.5:2'"],
    ['a slice of words', 'a:b', 'IndexError', "got string 'a:b'"],
    ['a slice with a string bound', new Slice('1' as any), 'TypeError', 'slice indices must be integers or None'],
    ['a slice with NaN', slice(NaN), 'TypeError', "(got NaN (number) as 'stop')"],
    ['a slice with a float tensor', new Slice(tensor(1) as any), 'TypeError', "(got Tensor as 'start')"],
    ['a slice with a list tensor', new Slice(long([1, 2]) as any), 'TypeError', "(got Tensor as 'start')"],
    ['a fraction in a list', [0.5], 'IndexError', 'are valid indices (got float 0.5'],
    ['NaN in a list', [0, NaN], 'IndexError', 'got NaN (number)'],
    ['undefined in a list', [undefined], 'IndexError', 'got undefined'],
    ['a bigint beyond int64 in a list', [big], 'ValueError', 'Overflow when unpacking long long'],
    ['a string in a list of lists', [[0], ['a']], 'IndexError', "got string 'a'"],
    ['a cyclic array', cyclic, 'ValueError', 'nested too deeply, or contains itself'],
    ['a disposed tensor', disposed, 'RuntimeError', "argument 'indices' is a Tensor that has been disposed of"],
    ['a getter that throws', throwing, 'Error', 'from a getter'],
  ])('%s', (_, index, name, message) => {
    expect(() => x.index(index as Index)).toThrow(
      expect.objectContaining({ name, message: expect.stringContaining(message) }),
    );
  });

  test.each<[string, unknown, string]>([
    ['unequal rows', [[0, 1], [0]], 'expected sequence of length 2 at dim 1 (got 1)'],
    ['a number for a row', [[0], 1], 'expected sequence of length 1 at dim 1 (got a int)'],
    ['a row for a number', [0, [1]], 'expected a number at dim 1 of an index list (got an array of [int])'],
  ])('a ragged list: %s', (_, list, message) => {
    expect(() => x.index(':', list as Index)).toThrow(
      expect.objectContaining({ name: 'ValueError', message: expect.stringContaining(message) }),
    );
  });

  test('a non-integer tensor in a list', () => {
    const list = [tensor(0.5), ...new Array(31).fill(0)] as unknown as Index;
    expect(() => x.index(list)).toThrow(TypeError);
    expect(() => x.index(list)).toThrow('only integer tensors of a single element');
  });

  test('indices that are no array', () => {
    expect(() => x.indexPut_(0 as any, 1)).toThrow(TypeError);
    expect(() => x.indexPut_(0 as any, 1)).toThrow(
      "indexPut_(): argument 'indices' must be an array of indices, not int",
    );
  });

  test('a value beyond int64, and a disposed one', () => {
    expect(() => x.indexPut_([0], big)).toThrow(torch.ValueError);
    expect(() => x.indexPut_([0], disposed)).toThrow("argument 'value' is a Tensor that has been disposed of");
  });

  test('a disposed or a foreign target', () => {
    expect(() => disposed.index(0)).toThrow("argument 'input' is a Tensor that has been disposed of");
    expect(() => torch.Tensor.prototype.index.call({} as Tensor, 0)).toThrow(
      'must be called on a Tensor, not on object',
    );
  });
});

describe('indexing and the rest of PyTorch', () => {
  test('an index is a view where Python gives a view', () => {
    const { x } = start();
    x.index(0, slice(1)).fill_(-1);
    expect(x.index(0, 0).toArray()).toEqual([-1, -1, -1, -1]);
    x.index([0]).fill_(100);
    expect(x.index(0, 0).toArray()).toEqual([-1, -1, -1, -1]);
    const whole = x.index('...');
    expect(whole).not.toBe(x);
    whole.zero_();
    expect(x.sum().item()).toBe(0);
  });

  test('gradients pass through', () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    expect(x.index([0, 0, 2]).gradFn?.name()).toBe('IndexBackward0');
    const y = x.clone();
    y.indexPut_([slice(1)], 5);
    expect(
      torch.func
        .grad((v: Tensor) => v.index(1).mul(v.index([2, 2]).sum()))(x)
        .toArray(),
    ).toEqual([0, 6, 4]);
    expect(y.toArray()).toEqual([5, 2, 3]);
  });

  test('works under vmap, also with an index that differs by example', () => {
    const { x } = start();
    expect(torch.vmap((m: Tensor) => m.index(slice(1, null), 0))(x).toArray()).toEqual([[4, 8], [16, 20]]); // prettier-ignore
    expect(
      torch
        .vmap((m: Tensor, i: Tensor) => m.index(i, 0))(x, long([2, 1]))
        .toArray(),
    ).toEqual([8, 16]);
    expect(
      torch
        .vmap((m: Tensor) => m.clone().indexPut_([0], 0).sum())(x)
        .toArray(),
    ).toEqual([60, 156]);
    expect(
      torch
        .vmap((m: Tensor) => m.index([0, 2]).sum())(x)
        .toArray(),
    ).toEqual([44, 140]);
  });

  test('indexPut_ with accumulate adds, twice where an index comes twice', () => {
    const x = torch.zeros([3, 2]);
    native.indexPut_(x, [[0, 0, 2]], tensor([[1, 2]]), true);
    expect(x.toArray()).toEqual([[2, 4], [0, 0], [1, 2]]); // prettier-ignore
    native.indexPut_(x, [':', 0], 10, true);
    expect(x.toArray()).toEqual([[12, 4], [10, 0], [11, 2]]); // prettier-ignore
  });

  test('numbers take the dtype of the target', () => {
    const x = torch.zeros([2], { dtype: 'int64' });
    expect(x.indexPut_([0], 2.7).toArray()).toEqual([2, 0]);
    expect(x.indexPut_([1], 2n ** 62n).toArray()).toEqual([2n, 2n ** 62n]);
    const z = torch.zeros([1], { dtype: 'complex64' }).indexPut_([0], new torch.Complex(1, -2));
    expect(z.index(0).item<torch.Complex>()).toEqual(new torch.Complex(1, -2));
  });
});

describe('slice()', () => {
  test('takes its arguments as Python does', () => {
    expect(slice()).toEqual(new Slice(null, null, null));
    expect(slice(3)).toEqual(new Slice(null, 3, null));
    expect(slice(1, 3)).toEqual(new Slice(1, 3, null));
    expect(slice(null, 3n, 2)).toEqual(new Slice(null, 3n, 2));
    expect(() => (slice as any)(1, 2, 3, 4)).toThrow(new TypeError('slice() expected at most 3 arguments, got 4'));
  });

  test('prints as it is written in Python', () => {
    expect([slice(), slice(3), slice(1, 3), slice(null, null, 2)].map(String)).toEqual([':', ':3', '1:3', '::2']);
  });
});
