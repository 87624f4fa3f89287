/** Random operators in compiled functions. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';

test('random operators draw what an eager call draws', () => {
  const f = (x: Tensor) => torch.nn.functional.dropout(x.add(torch.randn([4])), { p: 0.5 }).add(torch.rand([4]));
  const compiled = torch.compile(f, { fullgraph: true });
  compiled(torch.zeros([4]));
  for (const seed of [1, 2]) {
    torch.manualSeed(seed);
    const actual = [compiled(torch.zeros([4])), compiled(torch.ones([4]))];
    torch.manualSeed(seed);
    expectSame(actual, [f(torch.zeros([4])), f(torch.ones([4]))]);
  }
  const seeded = torch.compile((x: Tensor) => {
    torch.manualSeed(3);
    return x.add(torch.randn([2]));
  });
  expectSame(seeded(torch.zeros([2])), seeded(torch.zeros([2])));
});

test.each<[string, (x: Tensor) => Tensor]>([
  ['dropout', (x) => torch.nn.functional.dropout(x)],
  ['randnLike', (x) => torch.randnLike(x).mul(x)],
  ['bernoulli_', (x) => x.mul(2).bernoulli_(0.3)],
  ['normal_', (x) => x.mul(2).normal_()],
  ['uniform_', (x) => x.mul(2).uniform_()],
  ['exponential_', (x) => x.mul(2).exponential_()],
])('%s fills transposed tensors in the order of eager execution', (_, f) => {
  const compiled = torch.compile(f, { fullgraph: true });
  const layouts = [
    () => torch.ones([3, 5]).t(),
    () => torch.ones([40, 30]).t(),
    () => torch.ones([2, 3, 4]).permute([2, 0, 1]),
    () => torch.ones([4, 3, 2]).select(2, 0),
  ];
  for (const make of layouts) {
    for (const seed of [1, 2]) {
      torch.manualSeed(seed);
      const actual = compiled(make());
      torch.manualSeed(seed);
      expectSame(actual, f(make()));
    }
  }
});
