/** Deterministic release of tensors. See Note [Who disposes of what] (native/core/handle_pool.h). */

import { native } from './native';
import { flatten } from './pytree';
import { refusePromise } from './synchronous';
import { slots } from './tensor';
import type { Tensor } from './tensor';

/** The method by which an object that is not a pytree, such as a module, lists the tensors that it owns. */
export const heldTensors = Symbol('heldTensors');

function tensorsOf(leaf: unknown): Tensor[] {
  if (native.isTensor(leaf)) return [leaf];
  return (leaf as { [heldTensors]?: () => Tensor[] } | null | undefined)?.[heldTensors]?.() ?? [];
}

/**
 * Runs `body` and frees every tensor created in it, except the tensors in its result, which may be any pytree, and
 * those of a module in the result. Scopes nest. `body` must be synchronous.
 *
 * @throws TypeError if `body` returns a Promise.
 * @example
 * ```ts
 * const x = torch.ones(3);
 * const y = torch.scope(() => x.sin().mul(2).add(1)); // the two intermediate results are freed
 * ```
 */
export function scope<T>(body: () => T): T {
  const depth = native.openScope();
  let kept: number[] = [];
  try {
    const result = body();
    refusePromise(result, 'scope(): the body');
    kept = flatten(result).leaves.flatMap(tensorsOf).map(slots.slotOf);
    return result;
  } finally {
    native.closeScope(depth, kept);
  }
}

/**
 * Keeps tensors beyond all open scopes, until they are collected: what a long-lived object keeps, such as the state of an
 * optimiser. Other values are ignored.
 */
export function keepBeyondScopes(values: readonly unknown[]): void {
  native.leaveScopes(values.filter((value) => native.isTensor(value)).map(slots.slotOf));
}
