/** Parts of a model that run in a mode of their own, or are marked for a compiler. */

import { setGradEnabled } from '../../autograd/modes';
import type { Dtype } from '../../dtype';
import { native } from '../../native';
import { type Body, type HigherOrder, expectBody } from './higher-order';

/** Runs `body` in autocast. */
function inAutocast<T>(
  deviceType: string,
  isEnabled: boolean,
  dtype: Dtype | null,
  isCacheEnabled: boolean | null,
  body: () => T,
): T {
  const previous = native.enterAutocast(deviceType, isEnabled, dtype, isCacheEnabled);
  try {
    return body();
  } finally {
    native.exitAutocast(deviceType, ...previous);
  }
}

/** An operator whose last arguments, from a position on, are the inputs of the graph before them or of the first one. */
function region(
  types: HigherOrder['types'],
  run: (body: Body, settings: unknown[], inputs: unknown[]) => unknown[],
  ignored?: readonly string[],
): HigherOrder {
  const [position, start] = [types.indexOf('graph'), types.length - 1];
  return {
    types,
    ignored,
    check: (shapes, outputs) => expectBody('its graph', shapes[position], shapes.length - start, outputs),
    run: (args) => run(args[position] as Body, args.slice(0, position), args.slice(start)),
  };
}

/** Recomputation is for training in Python: its results are those of the graph. */
const checkpoint = region(['graph', '...'], (body, _, inputs) => body(...inputs), [
  'use_reentrant',
  'preserve_rng_state',
  'determinism_check',
  'debug',
  'early_stop',
  'context_fn',
]);

export const regions: Readonly<Record<string, HigherOrder>> = {
  invoke_subgraph: region(['graph', 'any', '...'], (body, _, inputs) => body(...inputs)),
  tag_activation_checkpoint: checkpoint,
  wrap_activation_checkpoint: checkpoint,
  wrap_with_autocast: region(['string', 'any', 'bool', 'any', 'graph', '...'], (body, settings, inputs) => {
    const [deviceType, dtype, isEnabled, isCacheEnabled] = settings as [string, Dtype | null, boolean, boolean | null];
    return inAutocast(deviceType, isEnabled, dtype, isCacheEnabled, () => body(...inputs));
  }),
  wrap_with_set_grad_enabled: region(['bool', 'graph', '...'], (body, [isEnabled], inputs) =>
    setGradEnabled(isEnabled as boolean, () => body(...inputs)),
  ),
};
