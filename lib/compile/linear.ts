/** Linear functions as recordings of one call: see Note [Linear functions] (native/compile/call/linear_function.h). */

import { native } from '../native';
import { resultFunction } from '../operator';
import type { Tensor } from '../tensor';

/** What a recorded call computes. */
export interface LinearResults {
  /** Linear in the inputs: what the recording computes again. */
  outputs: readonly Tensor[];
  /** All other tensors that the call returns. */
  values: readonly Tensor[];
}

/** A recorded function. */
export interface LinearFunction {
  /** The outputs for tensors of any kind; null if their shapes, dtypes or devices are not those of the recorded inputs. */
  call(inputs: readonly unknown[]): readonly Tensor[] | null;
  /** The outputs in a call that is neither transformed nor differentiated; else null. */
  replay(inputs: readonly unknown[]): readonly Tensor[] | null;
}

// What the addon returns for a call that does more than compute.
const NOT_PLAIN = 1;

/**
 * Calls `body`, which is linear in the inputs, and records how its outputs depend on them. Everything else is constant
 * from then on.
 *
 * @param inputs - Contiguous tensors that nobody else holds.
 * @param fixed - Tensors that `body` must not write to.
 * @param options - `refusesCallbacks`: whether a call of a hook or of a custom function cannot be recorded.
 * @returns null if the call cannot be recorded. `body` has then been called in part, or not at all; its random numbers
 * are drawn again.
 */
export function recordLinear<R extends LinearResults>(
  inputs: readonly Tensor[],
  fixed: readonly Tensor[],
  body: () => R,
  { refusesCallbacks = false } = {},
): { results: R; function: LinearFunction } | null {
  const begun = native.beginLinear(inputs, fixed, refusesCallbacks);
  if (begun === null) return null;
  const [linear, callNative] = begun;
  const results = recorded(linear, body);
  if (results === null) return null;
  const compute = resultFunction('linear', callNative);
  const wrap = (computed: unknown): readonly Tensor[] | null => {
    if (Array.isArray(computed)) return computed as Tensor[];
    return typeof computed === 'number' ? null : [computed as Tensor];
  };
  const linearFunction: LinearFunction = {
    call: (given) => {
      const computed: unknown = compute(...given);
      return computed === NOT_PLAIN ? native.callDifferentiably(linear, given as Tensor[]) : wrap(computed);
    },
    replay: (given) => wrap(compute(...given)),
  };
  return { results, function: linearFunction };
}

function recorded<R extends LinearResults>(linear: unknown, body: () => R): R | null {
  let results: R;
  try {
    try {
      results = body();
    } finally {
      native.stopLinear(linear);
    }
    if (native.finishLinear(linear, results.outputs, results.values) === '') return results;
  } catch {
    // An error of the function itself occurs again when it is called without recording.
  }
  native.abandonLinear(linear);
  return null;
}
