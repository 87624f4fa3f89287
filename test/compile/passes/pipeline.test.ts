/** All passes in their order. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { random, runPasses } from '../../support/passes';

const { jacfwd, jacrev, vmap } = torch.func;

function rhs(s: Tensor): Tensor {
  const angle = s.select(-1, 0);
  const speed = s.select(-1, 1);
  return torch.stack([speed, angle.sin().mul(-9.81).sub(speed.mul(0.1))], -1);
}
const steps =
  (count: number) =>
  (s: Tensor): Tensor => {
    for (let i = 0; i < count; i++) {
      const k1 = rhs(s);
      const k2 = rhs(s.add(k1.mul(0.005)));
      s = s.add(k1.add(k2.mul(2)).mul(0.01 / 3));
    }
    return s;
  };

test.each([
  ['jacrev', jacrev as typeof jacfwd],
  ['jacfwd', jacfwd],
] as const)('%s of a long loop: bit for bit the same', (_name, transform) => {
  const { reports } = runPasses({ f: ([s]) => [vmap(transform(steps(40)))(s) as Tensor], inputs: random([5, 2]) });
  expect(reports[0].before).toBeGreaterThan(500);
});

test('a graph that is as simple as can be stays as it is', () => {
  const { before, after } = runPasses({ f: ([x]) => [x.sin()], inputs: random([3]) });
  expect(after).toBe(before);
});
