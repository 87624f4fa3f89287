/** Compiled functions give the zeros of eager execution their signs, wherever an element lies. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { COMBINATIONS, combinations, FLOATS } from '../support/compile/elementwise-inputs';

const { vmap } = torch.func;

type Ternary = (x: Tensor, y: Tensor, z: Tensor) => Tensor;

const functions: [string, Ternary][] = [
  ['maximum', (x, y) => x.maximum(y)],
  ['minimum', (x, y) => x.minimum(y)],
  [
    'maximum of a number and a tensor',
    (x) =>
      torch
        .tensor(-0)
        .maximum(x)
        .add(x.maximum(torch.tensor(0))),
  ],
  ['clamp', (x, y, z) => x.clamp(y, z)],
  ['clamp with numbers', (x) => x.clamp(-0, 0)],
  ['clamp from below', (x, y) => x.clampMin(y)],
  ['clamp from above', (x, y) => x.clampMax(y)],
  ['lerp', (x, y, z) => x.lerp(y, z)],
  ['lerp with the weight 1', (x, y) => x.lerp(y, 1)],
  ['relu', (x) => x.relu()],
  ['a tensor of zeros less a tensor', (x) => torch.zerosLike(x).sub(x)],
  ['products with an argument 0', (x, y, z) => x.add(y, { alpha: 0 }).addcmul(y, z, { value: 0 })],
  ['several operators', (x, y, z) => x.maximum(y).neg().minimum(z).lerp(y, x.abs())],
];

const valuesOf = (tensor: Tensor): unknown[] => Array.from(tensor.contiguous().data() as ArrayLike<number>);

describe.each(FLOATS)('%s', (dtype) => {
  test.each(functions)('%s, in one group', (_, func) => {
    const compiled = torch.compile(func, { fullgraph: true });
    for (let n = 1; n <= 70; n++) {
      const given = combinations(n, (31 * n) % COMBINATIONS, dtype);
      compiled(...given);
      // toEqual tells 0 from -0, and takes all NaNs as equal.
      expect(valuesOf(compiled(...given))).toEqual(valuesOf(func(...given)));
    }
  });

  test.each(functions)('%s, in transposed matrices and rows of them', (_, func) => {
    const compiled = torch.compile(func, { fullgraph: true });
    for (const n of [7, 33, 47]) {
      const given = combinations(5 * n, n, dtype).map((x) => x.view(5, n));
      const layouts = [
        given.map((x) => x.t()),
        given.map((x) => x.narrow(1, 1, n - 2)),
        [given[0]!.t(), ...given.slice(1).map((x) => x.t().contiguous())],
      ];
      for (const layout of layouts as [Tensor, Tensor, Tensor][]) {
        compiled(...layout);
        expect(valuesOf(compiled(...layout))).toEqual(valuesOf(func(...layout)));
      }
    }
  });

  test.each(functions)('%s, number by number', (_, func) => {
    const samples = vmap((row: Tensor) => {
      const [x, y, z] = row.unbind(0) as [Tensor, Tensor, Tensor];
      return torch.stack([func(x, y, z), func(z, x, y)]);
    });
    const compiled = torch.compile(samples, { fullgraph: true });
    for (const n of [1, 16, 63, COMBINATIONS]) {
      const rows = torch.stack(combinations(n, 40, dtype), 1);
      compiled(rows);
      expect(valuesOf(compiled(rows))).toEqual(valuesOf(samples(rows)));
      expect(compiled.explain()[0]!.steps[0]!.description).toMatch(/^number by number/);
    }
  });
});
