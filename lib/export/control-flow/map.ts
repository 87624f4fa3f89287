/** `torch._higher_order_ops.map`. */

import { RuntimeError } from '../../errors';
import { native } from '../../native';
import type { Tensor } from '../../tensor';
import { type Body, type HigherOrder, expectBody, sliceOf, stackSteps } from './higher-order';

/** Applies a graph to the slices of tensors along their first dimension, and stacks the results. */
export const map: HigherOrder = {
  types: ['graph', 'list', 'list'],
  check: ([body, xs, rest], outputs) =>
    expectBody('the mapped graph', body, (xs as number) + (rest as number), outputs),
  run: (args) => {
    const [body, xs, rest] = args as [Body, Tensor[], unknown[]];
    const size = native.shape(xs[0])[0];
    if (size === 0) throw new RuntimeError('map: the leading dimension of xs is 0, so the results have no shape');
    return stackSteps(Array.from({ length: size }, (_, i) => body(...sliceOf(xs, i), ...rest)));
  },
};
