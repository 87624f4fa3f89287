/** The order in which programs walk over their points does not change the results. */

import * as torch from '../../lib';
import { check } from '../support/compile/plans';
import type { Func } from '../support/compile/plans';

const DTYPES = ['float32', 'float64'] as const;

// One operand lies row by row and another one column by column: each pair of sizes takes another order of the points.
const SIZES = [
  [2048, 32],
  [32, 2048],
  [96, 100],
  [100, 96],
  [104, 72],
  [101, 103],
  [3, 500],
  [500, 3],
] as const;

describe.each(DTYPES)('operands in rows and in columns, in %s', (dtype) => {
  test.each(SIZES)('%d × %d', (m, n) =>
    check({
      name: '',
      // Some functions have other bits in ATen's vector loops than in its scalar loops.
      func: (x, y, z) => [
        x!.add(y!.t()).expm1(),
        x!.mul(z!).atan2(y!.t()).permute([1, 0]).mul(y!),
        x!
          .unsqueeze(0)
          .add(y!.t())
          .mul(torch.stack([z!, x!.select(1, 0).unsqueeze(1), z!]))
          .sub(y!.t()),
      ],
      shapes: [
        [m, n],
        [n, m],
        [m, 1],
      ].map((shape) => () => torch.randn(shape, { dtype })),
      tolerance: 0,
    }),
  );
});

// Rows of few numbers that repeat, in three dimensions and more.
test.each([
  ['broadcast rows', (x, y) => x!.unsqueeze(2).mul(y!).unsqueeze(3).mul(y!.unsqueeze(1))],
  ['rows in another order', (x, y) => x!.unsqueeze(1).mul(y!.t()).permute([2, 0, 1]).add(y!.unsqueeze(1))],
  ['a transposed sum of broadcast rows', (x, y) => x!.unsqueeze(2).add(y!).mul(2).transpose(0, 2).contiguous()],
] as [string, Func][])('%s', (name, func) => {
  for (const dtype of DTYPES) {
    for (const [m, n, k] of [
      [64, 33, 31],
      [7, 5, 3],
      [40, 17, 130],
    ] as const) {
      const shapes = [
        [m, n],
        [n, k],
      ].map((shape) => () => torch.randn(shape, { dtype }));
      check({ name, func, shapes, tolerance: 0 });
    }
  }
});

test('a permuted result is computed where it lies, in one group with the operators before it', () => {
  const layer = (w: torch.Tensor, b: torch.Tensor, x: torch.Tensor) => torch.nn.functional.linear(x, w, b).tanh();
  const compiled = torch.compile(torch.func.jacfwd(layer, { argnums: 2 }));
  const [explanation] = compiled.explain(torch.randn(300, 40), torch.randn(300), torch.randn(40));
  expect(explanation!.steps.filter(({ description }) => description.includes(': 12000 points'))).toHaveLength(1);
});
