/** The number of signatures that a compiled function keeps, and what it says once there are more. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
beforeEach(() => warnings.mockClear());

const LIMIT = 64;
const same = (): boolean => true;

const cases: Record<string, [args: (i: number) => unknown[], variation: string]> = {
  'the size of a tensor': [(i) => [torch.ones(i + 1), 1], 'a tensor is Float[65] after Float[64]'],
  'a number': [(i) => [torch.ones(2), i], 'a number is 64 after 63'],
  'a string': [(i) => [torch.ones(2), `${i}`], 'the value of an argument varies'],
  'a function, after another that does not': [
    (i) => [torch.ones(2), same, () => i],
    'a function or an object of a class is another one',
  ],
  'the number of arguments': [(i) => [torch.ones(2), ...Array<number>(i).fill(1)], 'the number of arguments varies'],
  'a structure': [(i) => [torch.ones(2), Array<number>(i).fill(1)], 'the structure of the arguments varies'],
};

test.each(Object.keys(cases))('%s varies', (name) => {
  const [args, variation] = cases[name];
  const double = (x: Tensor, ..._: unknown[]): Tensor => x.mul(2);
  const compiled = torch.compile(double);
  const call = (i: number): void => {
    const [x, ...rest] = args(i) as [Tensor, ...unknown[]];
    expect(compiled(x, ...rest).toArray()).toEqual(Array(x.shape[0]).fill(2));
  };
  for (let i = 0; i < LIMIT; i++) call(i);
  expect([compiled.explain().length, warnings.mock.calls]).toEqual([LIMIT, []]);
  for (let i = LIMIT; i < LIMIT + 5; i++) call(i);
  expect(compiled.explain()).toHaveLength(LIMIT);
  expect(warnings.mock.calls).toEqual([
    [
      `torch.compile: double was recorded for more than 64 signatures, and forgets the oldest: ${variation}`,
      'UserWarning',
    ],
  ]);
});

test('so does a mode', () => {
  const compiled = torch.compile((x: Tensor) => x.mul(2));
  const net = new torch.nn.Linear(1, 1);
  for (let i = 0; i <= LIMIT; i++) {
    net.train(i % 2 === 0);
    compiled(torch.ones(2));
  }
  expect(warnings.mock.calls[0][0]).toMatch(/: a module changes its training mode or its parameters$/);
});
