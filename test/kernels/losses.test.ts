/** Derivatives of losses at the borders of their domains. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, float64 } from '../support/derivatives';

const { grad } = torch.func;

describe('poissonNllLoss with full, in the target', () => {
  const { poissonNllLoss } = torch.nn.functional;
  const x = torch.tensor([0.5, -1, 2], float64);
  // exp(x) - t x, and for t > 1 Stirling's approximation t log t - t + log(2 pi t) / 2.
  const target = torch.tensor([0, 0.5, 3], float64);
  const stirling = Math.log(3) + 1 / 6;
  const right = torch.tensor([-0.5, 1, -2 + stirling], float64);

  test.each(['sum', 'mean', 'none'] as const)('reduction %s', (reduction) => {
    const f = (t: Tensor): Tensor => poissonNllLoss(x, t, { full: true, reduction }).sum();
    const first = reduction === 'mean' ? right.div(3) : right;
    const curvature = torch.tensor([0, 0, 1 / 3 - 1 / 18], float64).diag();
    expectDerivatives(f, target, { first, second: reduction === 'mean' ? curvature.div(3) : curvature });
    const leaf = target.clone().requiresGrad_();
    f(leaf).backward();
    expectClose('backward', leaf.grad!, first, 1e-12);
  });

  test('the value does not depend on what is differentiated', () => {
    const options = { full: true, logInput: false } as const;
    const leaf = target.clone().requiresGrad_();
    const positive = x.abs();
    expectClose(
      'value',
      poissonNllLoss(positive, leaf, options).detach(),
      poissonNllLoss(positive, target, options),
      0,
    );
  });

  test('vmap of the gradient, and the gradient of vmap', () => {
    const f = (t: Tensor, y: Tensor): Tensor => poissonNllLoss(y, t, { full: true, reduction: 'sum' });
    expectClose('vmap of grad', torch.vmap(grad(f))(target, x), right, 1e-12);
    expectClose('grad of vmap', grad((t: Tensor) => torch.vmap(f)(t, x).sum())(target) as Tensor, right, 1e-12);
  });
});
