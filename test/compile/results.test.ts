/** Results of compiled functions that may hold tensors where no pytree shows them. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
beforeEach(() => warnings.mockClear());

const { vjp } = torch.func;

const at = (k: number): Tensor => torch.tensor([k, k]);

class Holder {
  #value: Tensor;
  constructor(value: Tensor) {
    this.#value = value;
  }
  get value(): Tensor {
    return this.#value;
  }
}

/** A function, what it returns as a reason says, and the tensor in its result. */
const cases: Record<string, [f: (x: Tensor) => unknown, what: string, read: (result: never) => Tensor]> = {
  'a closure': [
    (x) => {
      const y = x.mul(2);
      return () => y;
    },
    'a function',
    (f: () => Tensor) => f(),
  ],
  'the pull-back of vjp, among others': [
    (x) => vjp((y: Tensor) => y.mul(y), x),
    'a function',
    ([, pull]: [Tensor, (g: Tensor) => Tensor[]]) => pull(torch.ones(2))[0],
  ],
  'a Map': [(x) => new Map([['y', x.mul(2)]]), 'an object of class Map', (map: Map<string, Tensor>) => map.get('y')!],
  'an instance of a class': [(x) => [new Holder(x.mul(2))], 'an object of class Holder', ([h]: [Holder]) => h.value],
  'an object with a prototype': [
    (x) => Object.create({ y: x.mul(2) }) as unknown,
    'an object',
    (object: { y: Tensor }) => object.y,
  ],
};

test.each(Object.keys(cases))('%s holds the tensors of its own call', (name) => {
  const [f, what, read] = cases[name];
  const compiled = torch.compile(f);
  for (const k of [1, 2, 3]) expect(read(compiled(at(k)) as never).toArray()).toEqual([2 * k, 2 * k]);
  expect(warnings).toHaveBeenCalledTimes(1);
  expect(() => torch.compile(f, { fullgraph: true })(torch.ones(2))).toThrow(
    `torch.compile: the function returns ${what}, which may hold tensors, so the compiled function could not repeat it`,
  );
  expect(() => torch.fx.makeFx(f)(torch.ones(2))).toThrow(`torch.fx.makeFx: the function returns ${what}`);
});

test('values without tensors, and nodes of pytrees, are compiled', () => {
  class Pair {
    constructor(
      readonly a: Tensor,
      readonly b: Tensor,
    ) {}
  }
  torch.registerPytreeNode(Pair, {
    flatten: ({ a, b }) => ({ children: [a, b], context: null }),
    unflatten: ([a, b]) => new Pair(a as Tensor, b as Tensor),
  });
  const f = (x: Tensor): unknown[] => [
    x.device,
    x.dtype,
    new torch.Complex(1, 2),
    Symbol.iterator,
    null,
    new Pair(x, x.mul(2)),
  ];
  const compiled = torch.compile(f, { fullgraph: true });
  for (const k of [1, 2]) {
    const [got, right] = [compiled(at(k)), f(at(k))];
    expect(got.slice(0, 5)).toEqual(right.slice(0, 5));
    const pair = got[5] as Pair;
    expect([pair.constructor, pair.a.toArray(), pair.b.toArray()]).toEqual([Pair, [k, k], [2 * k, 2 * k]]);
  }
});
