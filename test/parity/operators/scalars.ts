/** Numbers at the edge of what an operator takes: beyond int64, one for several, and lists written in place. */

import * as torch from '../../../lib';
import { tensorOf } from '../../support/parity/cases';
import type { Cases } from '../../support/parity/cases';

const HUGE = 2n ** 63n;

export function scalars(cases: Cases): void {
  cases.group('scalars beyond int64', () => {
    const big = { big: tensorOf(1, 'uint64') };
    cases.add('big.fill_(2**63 + 5)', ({ big }) => big.fill_(HUGE + 5n), { inputs: big });
    cases.add('big.fill_(2**63).eq(2**63)', ({ big }) => big.fill_(HUGE).eq(HUGE), {
      name: 'eq',
      inputs: { big: tensorOf(0, 'uint64') },
    });
    cases.add('torch.full([2], 2**63, dtype=torch.uint64)', () => torch.full([2], HUGE, { dtype: 'uint64' }));
    cases.add('torch.full([2], 2**64, dtype=torch.uint64)', () => torch.full([2], 2n * HUGE, { dtype: 'uint64' }), {
      error: { class: 'TypeError', because: 'an argument that fits no signature is a TypeError' },
    });
    cases.add('torch.full([2], 2**63)', () => torch.full([2], HUGE));
    cases.add('x + 2**63', ({ x }) => x.add(HUGE));
    cases.add('x.clamp(0, 2**63)', ({ x }) => x.clamp(0, HUGE));
    cases.add('i.add(2**63)', ({ i }) => i.add(HUGE));
    cases.add('x.sum(2**63)', ({ x }) => x.sum(HUGE as never), {
      error: { class: 'TypeError', because: 'an argument that fits no signature is a TypeError' },
    });
    cases.add('torch.zeros(2**62)', () => torch.zeros([2n ** 62n] as never));
  });

  cases.group('one number for several', () => {
    const image = { image: { dtype: 'float64', shape: [1, 1, 4, 4], values: Array.from({ length: 16 }, (_, k) => k) } };
    cases.add('torch.ops.aten.avg_pool2d(image, 2)', ({ image }) => torch.ops.aten.avg_pool2d(image, 2), {
      inputs: image as never,
    });
    cases.add(
      'torch.ops.aten.max_pool2d_with_indices(image, 3, 1, 1)',
      ({ image }) => torch.ops.aten.max_pool2d_with_indices(image, 3, 1, 1),
      { inputs: image as never },
    );
    cases.add('torch._C._nn.upsample_nearest2d(image, 8)', ({ image }) => torch.ops.aten.upsample_nearest2d(image, 8), {
      inputs: image as never,
      error: { class: 'TypeError', because: 'libtorch has the list without a size; Python knows it' },
    });
    cases.add('torch.roll(x, 1)', ({ x }) => torch.roll(x, 1));
  });

  cases.group('lists written in place', () => {
    cases.add('torch._foreach_add_([x, y], 2)', ({ x, y }) => torch._foreachAdd_([x, y], 2));
    cases.add('(lambda l: torch._foreach_mul_(l, 2) is l)([x])', ({ x }) => {
      const list = [x];
      return torch._foreachMul_(list, 2) === list;
    });
    cases.add('torch._foreach_copy_([x], [y])', ({ x, y }) => torch._foreachCopy_([x], [y]));
  });
}
