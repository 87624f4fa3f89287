/** What a function does to its arguments besides computing, and what it sees of its call: as in eager execution. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';

const tensor = (...values: number[]): Tensor => torch.tensor(values);
const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
beforeEach(() => warnings.mockClear());

describe('arrays and objects that the function changes', () => {
  type List = Tensor[];
  type Entry = [string, (arg: never) => unknown, () => unknown];
  const cases: Entry[] = [
    ['push', (l: List) => l.push(l[0].mul(2)), () => [tensor(1)]],
    ['pop', (l: List) => l.pop()!.mul(2), () => [tensor(1), tensor(2)]],
    ['reverse', (l: List) => l.reverse()[0].mul(2), () => [tensor(1), tensor(2)]],
    ['a new property', (o: Record<string, Tensor>) => (o.y = o.x.mul(2)), () => ({ x: tensor(1) })],
    ['a property less', (o: { x: Tensor; y?: number }) => (delete o.y, o.x.mul(2)), () => ({ x: tensor(1), y: 2 })],
    [
      'inner arrays',
      (o: { a: { b: List } }) => ((o.a.b[0] = o.a.b[1]), o.a.b[0].mul(2)),
      () => ({ a: { b: [tensor(1), tensor(2)] } }),
    ],
    [
      'an array without tensors',
      ({ x, l }: { x: Tensor; l: number[] }) => (l.push(1), x.mul(l.length)),
      () => ({ x: tensor(1), l: [4, 5] }),
    ],
    [
      'the order of properties',
      (o: { x?: Tensor; y: Tensor }) => {
        const { x } = o;
        delete o.x;
        o.x = x;
        return x!.mul(2);
      },
      () => ({ x: tensor(1), y: tensor(2) }),
    ],
  ];

  test.each(cases)('%s', (_, f, make) => {
    const compiled = torch.compile(f);
    for (let i = 0; i < 3; i++) {
      const [expected, actual] = [make(), make()];
      expectSame([compiled(actual as never), actual], [f(expected as never), expected]);
    }
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0][0]).toMatch('the function changes an array or object among its arguments');
    expect(() => torch.compile(f, { fullgraph: true })(make() as never)).toThrow(
      'torch.compile: the function changes an array or object among its arguments, so the compiled function',
    );
  });

  test('the arrays hold the tensors of the caller, not those of the recording', () => {
    const [x, y] = [tensor(1), tensor(2)];
    const inner = [y];
    const list: unknown[] = [x, inner];
    expect(torch.compile((l: unknown[]) => l.reverse().length)(list)).toBe(2);
    expect(list).toHaveLength(2);
    expect([list[0] === inner, list[1] === x]).toEqual([true, true]);
  });

  test('a function that throws has changed them as well', () => {
    const list = [tensor(1)];
    const f = torch.compile((l: Tensor[]) => {
      l.push(tensor(2));
      throw new RangeError('later');
    });
    expect(() => f(list)).toThrow('later');
    expect(list).toHaveLength(2);
  });

  test('a function that only reads, copies or returns its containers still compiles', () => {
    const f = (o: { a: Tensor; l: Tensor[] }): unknown => ({ ...o, sum: [...o.l].reverse()[0].add(o.a) });
    const compiled = torch.compile(f, { fullgraph: true });
    for (let i = 0; i < 2; i++) {
      const o = { a: tensor(1), l: [tensor(2), tensor(3)] };
      expectSame(compiled(o), f(o));
    }
  });
});

test('the order of the properties of an argument', () => {
  const f = (o: Record<string, Tensor>): Tensor[] => Object.keys(o).map((key) => o[key]);
  const compiled = torch.compile(f, { fullgraph: true });
  for (const o of [
    { a: tensor(1), b: tensor(2) },
    { b: tensor(2), a: tensor(1) },
    { a: tensor(3), b: tensor(4) },
  ]) {
    expectSame(compiled(o), f(o));
  }
  expect(compiled.explain()).toHaveLength(2);
});

describe('`this`', () => {
  class Scale {
    calls = 0;
    weight: Tensor;
    constructor(value: number) {
      this.weight = tensor(value);
    }
    apply(x: Tensor): Tensor {
      this.calls++;
      return x.mul(this.weight);
    }
  }

  test('a method computes with its own object, and is recorded for each', () => {
    class Compiled extends Scale {}
    Compiled.prototype.apply = torch.compile(Scale.prototype.apply, { fullgraph: true });
    const [two, three] = [new Compiled(2), new Compiled(3)];
    for (let i = 1; i <= 3; i++) {
      expect(two.apply(tensor(i)).item()).toBe(2 * i);
      expect(three.apply(tensor(i)).item()).toBe(3 * i);
    }
    expect([two.calls, three.calls]).toEqual([1, 1]);
  });

  test('also where nothing is compiled', () => {
    for (const options of [{ disable: true }, { backend: 'eager' }] as const) {
      const scale = new Scale(2);
      scale.apply = torch.compile(scale.apply, options);
      expect(scale.apply(tensor(5)).item()).toBe(10);
    }
    const scale = new Scale(2);
    scale.apply = torch.compiler.disable(scale.apply);
    expect(scale.apply(tensor(5)).item()).toBe(10);
  });

  test('a function that has none is recorded once', () => {
    let calls = 0;
    const compiled = torch.compile((x: Tensor) => (calls++, x.mul(2)), { fullgraph: true });
    for (let i = 0; i < 3; i++) ({ compiled }).compiled(tensor(1));
    expect(calls).toBe(1);
  });
});

describe('disposed tensors', () => {
  test('one that is returned', () => {
    const f = (x: Tensor): Tensor[] => {
      const y = x.mul(2);
      y.dispose();
      return [x, y];
    };
    const compiled = torch.compile(f);
    for (let i = 0; i < 2; i++) expect(compiled(tensor(1)).map((x) => x.isDisposed)).toEqual([false, true]);
    expect(warnings.mock.calls[0][0]).toMatch('the function returns a tensor that is disposed of');
    expect(() => torch.compile(f, { fullgraph: true })(tensor(1))).toThrow(
      'torch.compile: the function returns a tensor that is disposed of',
    );
  });

  test('an argument', () => {
    const compiled = torch.compile((x: Tensor) => {
      const y = x.mul(2);
      x.dispose();
      return y;
    });
    for (let i = 0; i < 2; i++) {
      const x = tensor(3);
      expect(compiled(x).item()).toBe(6);
      expect(x.isDisposed).toBe(true);
    }
    expect(warnings.mock.calls[0][0]).toMatch('the function disposes of an argument');
  });
});
