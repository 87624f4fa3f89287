/** `torch._higher_order_ops.scan`. */

import { native } from '../../native';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { type Body, type HigherOrder, expectBody, sliceOf, stackSteps } from './higher-order';

/** Carries values through a graph, slice by slice of tensors along their first dimension. */
export const scan: HigherOrder = {
  types: ['graph', 'list', 'list', 'list'],
  check: ([body, init, xs, rest], outputs) =>
    expectBody('the scanned graph', body, (init as number) + (xs as number) + (rest as number), outputs) ??
    (outputs < (init as number) ? `it carries ${String(init)} values, but returns ${outputs}` : null),
  run: (args) => {
    const [body, init, xs, rest] = args as [Body, unknown[], Tensor[], unknown[]];
    const size = xs.length === 0 ? 0 : native.shape(xs[0])[0];
    if (size === 0) {
      // One step on zeros tells the shapes of the results.
      const slices = xs.map((x) =>
        torchFunctions.zeros(native.shape(x).slice(1), { dtype: x.dtype, device: x.device }),
      );
      const results = body(...init, ...slices, ...rest).slice(init.length) as Tensor[];
      return [...init, ...results.map((y) => y.unsqueeze(0).narrow(0, 0, 0))];
    }
    let carry = init;
    const steps: unknown[][] = [];
    for (let i = 0; i < size; i++) {
      const results = body(...carry, ...sliceOf(xs, i), ...rest);
      carry = results.slice(0, init.length);
      steps.push(results.slice(init.length));
    }
    return [...carry, ...stackSteps(steps)];
  },
};
