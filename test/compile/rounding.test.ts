/** Conversions that round do so in compiled functions too. */

import * as torch from '../../lib';
import type { Dtype, Tensor } from '../../lib';

const { compile } = torch;

/** The second call runs the plan. */
function compiled(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const g = compile(f);
  g(x);
  return g(x);
}

// The values of Python's x.to(torch.float32).to(dtype).
test.each<[Dtype, number[], Dtype, number[]]>([
  ['float64', [0.1, -0.54, 1e300], 'float64', [0.10000000149011612, -0.5400000214576721, Infinity]],
  ['int64', [16777217, 2 ** 53 - 1], 'float64', [16777216, 9007199254740992]],
  ['int32', [16777217, 2147483647], 'float64', [16777216, 2147483648]],
  ['int64', [16777217, 2 ** 30 + 1], 'int64', [16777216, 1073741824]],
  ['float32', [0.1], 'float64', [0.10000000149011612]],
  ['int16', [-32767, 3], 'float64', [-32767, 3]],
  ['bool', [1, 0], 'float64', [1, 0]],
])('%s %p to float32 and %s', (from, values, to, expected) => {
  const x = torch.tensor(values, { dtype: 'float64' }).to(from);
  const f = (y: Tensor): Tensor => y.to('float32').to(to);
  expect(compiled(f, x).toArray()).toEqual(expected);
  expect(compiled((y) => f(y).mul(2), x).toArray()).toEqual(expected.map((value) => value * 2));
  // A batch of which each sample is computed number by number, and one that is not.
  expect(
    compiled((y) => torch.vmap(f)(y), x.expand([700, values.length]))
      .select(0, 699)
      .toArray(),
  ).toEqual(expected);
});

test('a rounded and an unrounded use of one input', () => {
  const x = torch.tensor([0.1], { dtype: 'float64' });
  expect(compiled((y) => y.sub(y.to('float32').to('float64')), x).item()).toBe(0.1 - 0.10000000149011612);
});
