/**
 * Work in steps, so that the code of a synchronous and of an asynchronous function exists once: a generator yields what
 * takes long, and its driver does that at once or off the event loop.
 */

import { checkOptions } from '../arguments';
import { describeType } from '../describe';

/** What takes long, in both ways. */
export interface Step {
  now(): unknown;
  later(signal: AbortSignal | undefined): Promise<unknown>;
}

/** A generator of steps. It is sent the result of each step. */
export type Steps<T> = Generator<Step, T, unknown>;

/** The options of asynchronous functions. */
export interface AsyncFileOptions {
  /** Ends the work between two of its steps. The Promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** One step. */
export function* step<T>(now: () => T, later: (signal: AbortSignal | undefined) => Promise<T>): Steps<T> {
  return (yield { now, later }) as T;
}

/** Runs all steps at once. */
export function runNow<T>(steps: Steps<T>): T {
  let next = steps.next();
  while (next.done !== true) {
    let value: unknown;
    try {
      value = next.value.now();
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(value);
  }
  return next.value;
}

async function runLater<T>(steps: Steps<T>, signal: AbortSignal | undefined): Promise<T> {
  // After the caller's scopes, modes and transforms: what the steps make belongs to none of them.
  await Promise.resolve();
  try {
    signal?.throwIfAborted();
    let next = steps.next();
    while (next.done !== true) {
      let value: unknown;
      try {
        value = await next.value.later(signal);
      } catch (error) {
        signal?.throwIfAborted();
        next = steps.throw(error);
        continue;
      }
      signal?.throwIfAborted();
      next = steps.next(value);
    }
    return next.value;
  } finally {
    // Runs the finally blocks of steps that were left.
    steps.return(undefined as T);
  }
}

/**
 * Runs steps off the event loop.
 *
 * @param api - The function, for messages.
 * @param options - Those of the call, of which `signal` is read.
 * @param plan - Checks the arguments, which happens at the call, and returns the steps.
 */
export function promiseOf<T>(api: string, options: AsyncFileOptions | undefined, plan: () => Steps<T>): Promise<T> {
  try {
    const signal: unknown = (options as AsyncFileOptions | null | undefined)?.signal;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new TypeError(`${api}(): option 'signal' must be an AbortSignal, not ${describeType(signal)}`);
    }
    signal?.throwIfAborted();
    return runLater(plan(), signal);
  } catch (error) {
    return new Promise((_, reject) => reject(error as Error));
  }
}

/** Checks the options of an asynchronous function, and returns those of the synchronous one. */
export function withoutSignal<O extends object>(
  api: string,
  options: (O & AsyncFileOptions) | undefined,
  names: readonly (keyof O & string)[],
): Partial<O> {
  const { signal: _, ...rest } = checkOptions<O & AsyncFileOptions>(api, options, [...names, 'signal']);
  return rest as Partial<O>;
}
