/** Integers and numbers that their dtype does not hold, which wrap around. The oracle is eager execution. */

import * as torch from '../../lib';
import type { Dtype, Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';

const { where } = torch;
const NUMBERS = [300, -1, 200, -300, 3e9, 1.5, -0.5, 1e20, Infinity, NaN, 5];
const OPERATORS = ['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'add', 'mul', 'maskedFill'] as const;

type Outcome = Tensor | string;
const outcomeOf = (f: () => Tensor): Outcome => {
  try {
    return f();
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
};

describe.each<Dtype>(['uint8', 'int8', 'int16', 'int32'])('%s', (dtype) => {
  const values = (): Tensor => torch.tensor([0, 1, 5, 44, 100, 127], { dtype });

  function check(f: (x: Tensor) => Tensor): void {
    const compiled = torch.compile(f);
    for (let i = 0; i < 3; i++)
      expectSame(
        outcomeOf(() => compiled(values())),
        outcomeOf(() => f(values())),
      );
  }

  test.each(OPERATORS)('%s', (name) => {
    for (const number of NUMBERS) {
      if (name === 'maskedFill') check((x) => x.maskedFill(x.gt(1), number));
      else check((x) => x[name](number));
    }
  });

  test('a tensor of one number of another dtype', () => {
    const other = torch.tensor(300, { dtype: 'int64' });
    const compiled = torch.compile((x: Tensor, y: Tensor) => [x.lt(y), x.maximum(y), where(x.gt(1), x, y)]);
    for (let i = 0; i < 2; i++) {
      expectSame(compiled(values(), other), [
        values().lt(other),
        values().maximum(other),
        where(values().gt(1), values(), other),
      ]);
    }
  });

  test('numbers that it holds are compared in the vector machine', () => {
    const compiled = torch.compile((x: Tensor) => x.lt(100).logicalOr(x.eq(127)));
    for (let i = 0; i < 2; i++) compiled(values());
    expect(new Set(compiled.explain()[0].steps.map((step) => step.kind))).toEqual(new Set(['program']));
  });
});

test.each<Dtype>(['int64', 'int32', 'uint8', 'bool'])('the signs of zeros beside strided zeros of %s', (dtype) => {
  const functions = [
    (x: Tensor, y: Tensor) => x.maximum(y),
    (x: Tensor, y: Tensor) => y.maximum(x),
    (x: Tensor, y: Tensor) => x.minimum(y),
    (x: Tensor, y: Tensor) => y.minimum(x),
  ];
  for (const f of functions) {
    const compiled = torch.compile(f, { fullgraph: true });
    for (const n of [3, 16, 40]) {
      const column = torch.zeros([n, 2], { dtype }).select(1, 0);
      const zeros = torch.tensor(
        Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -0 : 0)),
        { dtype: 'float32' },
      );
      for (let i = 0; i < 2; i++) expect(compiled(column, zeros).data()).toEqual(f(column, zeros).data());
    }
  }
});
