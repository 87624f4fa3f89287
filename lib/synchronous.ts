/**
 * Functions of the user that must be synchronous: after an `await` in one of them, the levels and modes that it was
 * called in would stay in force while other code runs. See Note [Transforms are synchronous] (native/functorch/levels.cpp).
 */

import type { AnyFunction } from './types';

/** Whether a value is a Promise, or anything else that `await` would wait for. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Handles the rejection of a Promise that is refused: unhandled, it would end the process on top of the error. */
export function ignoreRejection(value: unknown): void {
  if (isPromiseLike(value)) value.then(undefined, () => undefined);
}

/** @throws TypeError with this message if the value is a Promise. */
export function refusePromise(value: unknown, message: string): void {
  if (!isPromiseLike(value)) return;
  ignoreRejection(value);
  throw new TypeError(message);
}

/**
 * Calls the user's function inside a transform.
 *
 * @throws TypeError if it returns a Promise.
 */
export function callSync(api: string, func: AnyFunction, args: readonly unknown[]): unknown {
  const result: unknown = func(...args);
  refusePromise(
    result,
    `${api}: the function returned a Promise. A transformed function must be synchronous: compute inside it, and await before or after the call`,
  );
  return result;
}
