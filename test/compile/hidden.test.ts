/** Arguments of compiled functions with more in them than their pytree shows. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
beforeEach(() => warnings.mockClear());

const at = (k: number): Tensor => torch.full([2], k);

test('the named results of an operator keep their names', () => {
  type Named = ReturnType<Tensor['max']> & { values: Tensor; indices: Tensor };
  const f = ([r]: [Named]): unknown => [r.values.mul(2), r.indices, r[0].add(1), r.length];
  const compiled = torch.compile(f, { fullgraph: true });
  for (const k of [1, 2, 3]) {
    const named = torch.tensor([[k, 9, -k]]).max(1) as Named;
    expect(String(compiled([named]))).toBe(String(f([named])));
    expect((compiled([named]) as Tensor[])[0].toArray()).toEqual([18]);
  }
  const values = torch.compile((r: Named) => r.values.mul(2), { fullgraph: true });
  for (const k of [4, 5]) expect(values(torch.tensor([[k, 1]]).max(1) as Named).toArray()).toEqual([2 * k]);
});

const symbol = Symbol('x');
const cases: Record<string, [make: (k: number) => never, read: (value: never) => Tensor]> = {
  'a symbol as key': [(k) => ({ a: at(0), [symbol]: at(k) }) as never, (o: { [symbol]: Tensor }) => o[symbol]],
  'a property that is not enumerable': [
    (k) => Object.defineProperty({ a: at(0) }, 'x', { value: at(k) }) as never,
    (o: { x: Tensor }) => o.x,
  ],
  'a named property of an array': [(k) => Object.assign([1], { x: at(k) }) as never, (o: { x: Tensor }) => o.x],
};

test.each(Object.keys(cases))('%s is read in each call', (name) => {
  const [make, read] = cases[name];
  const f = (value: never): Tensor => read(value).mul(2);
  const compiled = torch.compile(f);
  for (const k of [1, 2, 3]) expect(compiled(make(k)).toArray()).toEqual([2 * k, 2 * k]);
  expect(warnings).toHaveBeenCalledTimes(1);
  expect(() => torch.compile(f, { fullgraph: true })(make(1))).toThrow(/named properties, or an object/);
});

test('frozen objects, and objects without a prototype, are compiled', () => {
  const f = (o: { x: Tensor }): Tensor => o.x.mul(2);
  const compiled = torch.compile(f, { fullgraph: true });
  for (const k of [1, 2]) {
    expect(compiled(Object.freeze({ x: at(k) })).toArray()).toEqual([2 * k, 2 * k]);
    const bare = Object.assign(Object.create(null) as { x: Tensor }, { x: at(k) });
    expect(compiled(bare).toArray()).toEqual([2 * k, 2 * k]);
  }
});
