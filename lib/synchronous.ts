/**
 * The user's functions must be synchronous: during an `await` in one of them, its levels and modes would affect other
 * code. See Note [Transforms are synchronous] (native/functorch/levels.cpp).
 */

import type { AnyFunction } from './types';

/** Whether a value is a Promise, or anything else that `await` would wait for. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Handles the rejection of a Promise that nobody awaits: unhandled, it would end the process. */
export function ignoreRejection(value: unknown): void {
  if (isPromiseLike(value)) value.then(undefined, () => undefined);
}

/**
 * @param subject - The function that returned the value, for the message.
 * @throws TypeError for a Promise.
 */
export function refusePromise(value: unknown, subject: string): void {
  if (!isPromiseLike(value)) return;
  ignoreRejection(value);
  throw new TypeError(`${subject} must be synchronous, but it returned a Promise; await before or after the call`);
}

/**
 * Calls the user's function inside a transform.
 *
 * @throws TypeError if it returns a Promise.
 */
export function callSync(api: string, func: AnyFunction, args: readonly unknown[]): unknown {
  const result: unknown = func(...args);
  refusePromise(result, `${api}(): the function`);
  return result;
}
