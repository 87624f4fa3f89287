/** Arguments, results, attributes, methods and errors of scripted modules. */

import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { isPlainObject } from '../../lib/arguments';
import { expectError } from '../support/errors';
import { makeFolder } from '../support/files';
import { writeScripts } from '../support/scripts';

const { func } = torch;

interface Values {
  words: string[];
  table: Record<string, number>;
  limits: [number, number];
  last: Tensor | null;
  flag: boolean;
  number: number | bigint;
  z: torch.Complex;
  mode: string;
  name: string;
  plain: Tensor;
  where: string;
  nested: number[][];
  named(x: Record<string, Tensor>, ...rest: unknown[]): Tensor;
  structure(x: Tensor): [Record<string, Tensor>, [number, Tensor][], null];
  fail(x: Tensor, kind: number): Tensor;
  remember(x: Tensor): null;
  read(x: Tensor): number[];
  made(x: Tensor): Tensor;
}

const folder = makeFolder();
const file = path.join(folder, 'values.pt');

beforeAll(() => writeScripts(folder, 'write_values'), 600_000);

const load = () => torch.jit.load<unknown[], Tensor, Values>(file);
const echo = (type: string): ((...args: unknown[]) => unknown) => load().method<unknown[], unknown>(`echo_${type}`);

describe('arguments and results', () => {
  test.each<[string, unknown]>([
    ['int', 3],
    ['int', -(2 ** 53) + 1],
    ['int', 2n ** 62n],
    ['float', 2.5],
    ['float', 3],
    ['float', NaN],
    ['float', -0],
    ['complex', new torch.Complex(1, -2)],
    ['bool', true],
    ['str', 'tëxt 🙂'],
    ['str', ''],
    ['optional', null],
    ['optional', 4],
    ['ints', [1, 2, 3]],
    ['ints', []],
    ['map', new Map([[3, 'c'], [1, 'a']])], // prettier-ignore
    ['any', 'word'],
    ['any', [1, 2]],
    ['any', [1, 'a', [true, null]]],
    ['any', null],
    ['device', 'cpu'],
    ['mode', 'HARD'],
  ])('%s: %p', (type, value) => {
    expect(echo(type)(value)).toEqual(value);
  });

  test('tensors in lists, tuples and dicts', () => {
    const x = torch.ones(2);
    const list = echo('tensors')([x, x.mul(2)]) as Tensor[];
    expect(list.map((item) => item.tolist())).toEqual([[1, 1], [2, 2]]); // prettier-ignore
    const [number, [text, tensor]] = echo('tuple')([1, ['a', x]]) as [number, [string, Tensor]];
    expect([number, text, tensor.tolist()]).toEqual([1, 'a', [1, 1]]);
    const dict = echo('dict')({ b: x, a: x.neg(), '3': x }) as Record<string, Tensor>;
    expect(Object.keys(dict).sort()).toEqual(['3', 'a', 'b']);
    expect(dict.a.tolist()).toEqual([-1, -1]);
    expect(Object.keys(echo('dict')(new Map([['b', x]])) as object)).toEqual(['b']);
    expect(echo('optional_tensors')([x, null, x])).toBe(2);
  });

  test('named tuples have names, and may be given as objects', () => {
    const pair = load().method<unknown[], [Tensor, number] & { total: Tensor; count: number }>('echo_pair');
    for (const argument of [[torch.ones(2), 3], { total: torch.ones(2), count: 3 }]) {
      const result = pair(argument);
      expect(result).toHaveLength(2);
      expect(result.total.tolist()).toEqual([2, 2]);
      expect([result.count, result[1]]).toEqual([4, 4]);
    }
    // They stay named under a transform.
    const doubled = torch.vmap((x: Tensor) => pair([x, 1]).total)(torch.ones(3, 2));
    expect(doubled.shape).toEqual([3, 2]);
  });

  test('a nested structure', () => {
    const [dict, list, none] = load().structure(torch.zeros(2));
    expect(Object.keys(dict)).toEqual(['y', '__proto__']);
    expect(isPlainObject(dict)).toBe(true);
    expect(list.map(([i, x]) => [i, x.tolist()])).toEqual([[0, [0, 0]], [1, [1, 1]]]); // prettier-ignore
    expect(none).toBeNull();
  });

  test('defaults and named arguments', () => {
    const module = load();
    const x = torch.ones(1, { dtype: 'float64' });
    const value = (...args: unknown[]): number => module(x, ...args).item();
    expect([value(), value(3), value(3, 2), value({ scale: 2 }), value(3, { flag: true })]).toEqual([
      2, 2.5, 7, 5, 3.5,
    ]);
    expect(value(undefined, undefined, undefined, 'four')).toBe(5);
    expect(value({ word: '', n: 4 })).toBe(2);
    expect(func.functionalCall(module, {}, [x], { kwargs: { n: 4 } }).item()).toBe(3);
    // A dict in its place is no object of named arguments.
    expect(module.named({ a: x }).item()).toBe(2);
    expect(module.named({ a: x }, { scale: 5 }).item()).toBe(5);
    expect(module.named({ a: x }, 3).item()).toBe(3);
    expect(module.signature()).toBe(
      'forward(x: Tensor, n: int = 2, scale: float = 0.5, flag: bool = False, word: str = w) -> Tensor',
    );
  });

  test.each<[string, unknown[], RegExp]>([
    [
      'int',
      [2.5],
      /^echo_int\(\): argument 'x' \(position 1\): expected int, but got float\nSignature: echo_int\(x: int\)/,
    ],
    ['int', [true], /expected int, but got boolean/],
    ['int', [2n ** 63n], /expected int, but got bigint beyond int64/],
    ['int', [2 ** 60], /expected int, but got float \(an integer beyond 2\^53 must be a bigint\)/],
    ['int', [null], /expected int, but got null/],
    ['int', [], /argument 'x' \(position 1\) is missing; expected int/],
    ['int', [1, 2], /expected at most 1 argument\(s\), but got 2/],
    ['int', [1, { y: 3 }], /there is no argument 'y'/],
    ['int', [1, { self: 3 }], /there is no argument 'self'/],
    ['int', [1, { x: 3 }], /argument 'x' is given by position and by name/],
    ['float', ['1'], /expected float, but got string/],
    ['str', [1], /expected str, but got int/],
    ['bool', [1], /expected bool, but got int/],
    ['ints', [[1, 'a']], /argument 'x' \(position 1\)\[1\]: expected int, but got string/],
    ['ints', [new Array(2 ** 31)], /\[0\]: expected int, but got undefined/],
    ['ints', [3], /expected List\[int\], but got int/],
    ['tensors', [[torch.ones(1), 1]], /\[1\]: expected Tensor, but got int/],
    ['tuple', [[1]], /expected Tuple\[int, Tuple\[str, Tensor\]\], but got array of length 1/],
    ['tuple', [[1, ['a', null]]], /\[1\]\[1\]: expected Tensor, but got null/],
    ['dict', [{ a: 1 }], /\['a'\]: expected Tensor, but got int/],
    ['dict', [[1]], /expected Dict\[str, Tensor\], but got array/],
    ['map', [{ 1: 'a' }], /expected Dict\[int, str\]/],
    ['pair', [{ total: torch.ones(1) }], /an object without 'count'/],
    ['mode', ['NONE'], /the name 'NONE', which it does not have/],
    ['device', ['gpu'], /gpu/],
    ['any', [() => 1], /expected Any, but got function/],
    ['optional_tensors', [[null, undefined]], /\[1\]: expected Optional\[Tensor\], but got undefined/],
  ])('a wrong argument of type %s is an error that names it (%#)', (type, args, message) => {
    const call = echo(type);
    const error = /gpu/.test(message.source) ? torch.RuntimeError : TypeError;
    expectError(() => call(...args), error, message);
  });

  test('a value of type Any that contains itself is an error', () => {
    const endless: unknown[] = [];
    endless.push(endless);
    expectError(() => echo('any')(endless), TypeError, /nested too deeply, or contains itself/);
  });

  test('a disposed tensor is an error', () => {
    const x = torch.ones(1);
    x.dispose();
    expectError(() => load()(x), torch.RuntimeError, /disposed/);
  });
});

describe('attributes', () => {
  test('are properties', () => {
    const module = load();
    expect(module.words).toEqual(['a', 'b']);
    expect(module.table).toEqual({ x: 2 ** 40, y: 1 });
    expect(module.limits).toEqual([1, 2.5]);
    expect(module.last).toBeNull();
    expect([module.flag, module.number, module.mode, module.name]).toEqual([true, 2n ** 62n, 'SOFT', 'given']);
    expect(module.z).toEqual(new torch.Complex(1, -2));
    expect(module.plain.tolist()).toEqual([1, 1]);
    expect(module.where).toBe('cpu');
    expect(module.nested).toEqual([[1, 2], [3]]);
    // An attribute that is a tensor is not a buffer, as in Python.
    expect(module.namedBuffers()).toEqual([]);
    expect(Object.keys(module).filter((key) => key !== 'training')).toEqual([]);
  });

  test('can be assigned values of their type', () => {
    const module = load();
    module.words = ['c'];
    module.number = 5;
    module.mode = 'HARD';
    expect([module.words, module.number, module.mode]).toEqual([['c'], 5, 'HARD']);
    expectError(() => (module.number = 'x' as never), TypeError, "attribute 'number': expected int, but got string");
    expectError(() => (module.words = [1] as never), TypeError, "attribute 'words'[0]: expected str, but got int");
    expect(load().number).toBe(2n ** 62n);
  });

  test('hold what the script assigns', () => {
    const module = load();
    module.remember(torch.ones(2));
    expect(module.last!.tolist()).toEqual([1, 1]);
    expect([module.number, module.words]).toEqual([3, ['a', 'b', 'c']]);
  });

  test('a tensor of a transform that a script keeps is one of an ended transform afterwards', () => {
    const module = load();
    torch.vmap((x: Tensor) => (module.remember(x), x))(torch.ones(3, 2));
    expectError(() => module.last!.add(1), torch.RuntimeError, /escaped/);
    expect(
      torch.func
        .grad((x: Tensor) => (module.remember(x), x.square().sum()))(torch.ones(2))
        .tolist(),
    ).toEqual([2, 2]);
    expect(module.last!.add(1).tolist()).toEqual([2, 2]);
    module.last = null;
    expect(module(torch.ones(1)).item()).toBe(2);
  });
});

describe('errors of the script', () => {
  const x = torch.ones(1, 3);

  test.each<[number, new (message: string) => Error, RegExp]>([
    [0, torch.ValueError, /kind is zero/],
    [1, torch.NotImplementedError, /kind is one/],
    [2, torch.RuntimeError, /kind is two/],
    [3, torch.RuntimeError, /1x3 and 7x2/],
  ])('keep their lines (%#)', (kind, type, message) => {
    const module = load();
    expectError(() => module.fail(x, kind), type, message);
    expectError(() => module.fail(x, kind), type, /File "code\/__torch__[^]*", line \d+, in fail\n[^]*<--- HERE/);
    expect(module(torch.ones(1)).item()).toBe(2);
  });

  test('leave transforms and modes as they were', () => {
    const module = load();
    const f = func.grad((x: Tensor) => module.fail(x, 3).sum());
    expectError(() => f(x), torch.RuntimeError, /1x3 and 7x2/);
    expectError(() => torch.vmap((x: Tensor) => module.fail(x, 3))(x), torch.RuntimeError, /HERE/);
  });

  test('a method that does not exist', () => {
    expectError(() => load().method('nothing'), torch.AttributeError, /^Values has no method 'nothing'; it has /);
  });
});

describe('tensors that a script makes from numbers', () => {
  const expected = (x: number[]): number[] => [(4 + x[0]) * x[0] * 2, (6 + x[1]) * x[1] * 2];

  test('can be written to under transforms', () => {
    const module = load();
    const x = torch.tensor([[0.5, 1], [2, 3]], { dtype: 'float64' }); // prettier-ignore
    const rows = x.tolist() as number[][];
    const f = (x: Tensor): Tensor => module.made(x);
    expect(f(x.select(0, 0)).tolist()).toEqual(expected(rows[0]));
    // ((c + x) x 2)' = 2 c + 4 x
    const diagonal = (x: number[]): number[][] => [[8 + 4 * x[0], 0], [0, 12 + 4 * x[1]]]; // prettier-ignore
    expect(func.jacrev(f)(x.select(0, 0)).tolist()).toEqual(diagonal(rows[0]));
    expect(func.jacfwd(f)(x.select(0, 0)).tolist()).toEqual(diagonal(rows[0]));
  });

  test('are constants of compiled functions, which tolist() cannot be', () => {
    const module = load();
    const compiled = torch.compile((x: Tensor) => module.made(x));
    for (const x of [
      [0.5, 1],
      [2, 3],
      [4, 5],
    ]) {
      // prettier-ignore
      expect(compiled(torch.tensor(x, { dtype: 'float64' })).tolist()).toEqual(expected(x));
    }
    expect(module.read(torch.tensor([1, 2]))).toEqual([1, 2]);
    const reading = torch.compile((x: Tensor) => x.mul(module.read(x)[0]));
    expect([2, 3].map((value) => reading(torch.tensor([value])).tolist())).toEqual([[4], [9]]);
  });
});

test('extra files are read, as in Python', () => {
  const extraFiles: Record<string, unknown> = { 'note.txt': '', 'more/x': '', missing: 'stays' };
  torch.jit.load(file, { extraFiles });
  expect(Buffer.from(extraFiles['note.txt'] as Uint8Array).toString()).toBe('noted');
  expect(extraFiles['more/x']).toEqual(Uint8Array.of(0));
  expect(extraFiles.missing).toBe('stays');
});
