/** Calls of compiled functions off the event loop: see Note [Asynchronous calls] (native/compile/async/async_queue.h). */

import * as timers from 'node:timers';
import { checkOptions, isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import { resultFunction } from '../operator';
import type { AnyFunction } from '../types';

// Of Node.js: a test may replace that of the global object.
const { setImmediate } = timers;

/** The options of an asynchronous call, its last argument. */
export interface AsyncOptions {
  /** Ends the call: before it runs, or between two of its steps. The Promise is rejected at once, with the signal's reason. */
  signal: AbortSignal;
}

/** The arguments of a call: all of them, or without some optional ones at the end. */
type Given<P extends readonly unknown[]> = number extends P['length']
  ? P
  : P extends readonly [infer First, ...infer Rest]
    ? [First, ...Given<Rest>]
    : P extends readonly [(infer First)?, ...infer Rest]
      ? P extends readonly []
        ? []
        : [] | [First | undefined, ...Given<Rest>]
      : P;

/** The arguments of an asynchronous call with options. */
export type AsyncArguments<F extends AnyFunction> = [...Given<Parameters<F>>, AsyncOptions];

/** What an asynchronous call returns: the result of the function. */
export type AsyncResult<F extends AnyFunction> = Promise<Awaited<ReturnType<F>>>;

// How a call ended that has an error: AsyncQueue::Outcome.
const FAILED = 1;

interface Call {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  /** Makes the result of what the addon returns. */
  finish(value: unknown): unknown;
  /** An object with the stack of the call. */
  trace: { stack?: unknown };
  signal: AbortSignal | undefined;
  abort: (() => void) | undefined;
}

const calls = new Map<number, Call>();
const ready: (() => void)[] = [];
let granted = 0;
let queueOfThread: unknown;

/** The queue of this thread, for the addon's functions. */
export function queueOfCalls(): unknown {
  return (queueOfThread ??= native.createAsyncQueue(settle));
}

function take(id: number): Call | undefined {
  const call = calls.get(id);
  calls.delete(id);
  if (call?.abort !== undefined) call.signal?.removeEventListener('abort', call.abort);
  return call;
}

function settle(id: number, outcome: number, value: unknown): void {
  const call = take(id);
  // An aborted call is rejected already.
  if (call !== undefined) {
    if (outcome === FAILED) call.reject(withStack(value, call.trace));
    else resolveWith(call, value);
  }
  wake();
}

function resolveWith(call: Call, value: unknown): void {
  try {
    call.resolve(call.finish(value));
  } catch (error) {
    call.reject(error);
  }
}

/** Gives the error the stack of the call in the place of the one that it was made at. */
function withStack(error: unknown, { stack }: Call['trace']): unknown {
  if (!(error instanceof Error) || typeof stack !== 'string') return error;
  const frames = stack.indexOf('\n    at ');
  error.stack = `${error.name}: ${error.message}${frames < 0 ? '' : stack.slice(frames)}`;
  return error;
}

// Lets as many callers of ready() go on as there are free places. A place is theirs until the next turn of the loop.
function wake(): void {
  if (ready.length === 0) return;
  const { waiting, limit } = native.asyncFigures(queueOfCalls());
  const woken = ready.splice(0, Math.max(0, limit - waiting - granted));
  if (woken.length === 0) return;
  granted += woken.length;
  for (const resolve of woken) resolve();
  setImmediate(() => {
    granted -= woken.length;
    wake();
  });
}

// An object with a signal and nothing else: no function has such an argument, so it cannot be one.
function isAsyncOptions(value: unknown): value is AsyncOptions {
  if (!isPlainObject(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === 'signal' && value.signal instanceof AbortSignal;
}

function rejected(reason: unknown): Promise<never> {
  return new Promise((_, reject) => reject(reason as Error));
}

/** A call of the addon's function that starts calls. */
export type StartCall = (args: readonly unknown[]) => number | [id: number, entry: number];

/** The addon's function that starts calls of a compiled function. */
export function starterOf(handle: unknown): StartCall {
  const start = resultFunction('async', native.asyncFunction(handle, queueOfCalls()));
  return (args) => start(...args) as number | [number, number];
}

/**
 * The method `async` of a compiled function.
 *
 * @param start - Starts a call in another thread; returns 0 if it must be made at once.
 * @param call - Makes a call at once.
 * @param finisher - What makes the result of a call that runs this entry; without one, a call that returns one tensor.
 */
export function asyncMethod(
  start: StartCall,
  call: (...args: unknown[]) => unknown,
  finisher: (entry: number | undefined) => (value: unknown) => unknown,
): (...args: unknown[]) => Promise<unknown> {
  return function async(...given) {
    const last: unknown = given[given.length - 1];
    const signal = isAsyncOptions(last) ? last.signal : undefined;
    const args = signal === undefined ? given : given.slice(0, -1);
    if (signal?.aborted === true) return rejected(signal.reason);
    let id: number;
    let finish: (value: unknown) => unknown;
    try {
      const started = start(args);
      if (started === 0) return Promise.resolve(call(...args));
      id = typeof started === 'number' ? started : started[0];
      finish = finisher(typeof started === 'number' ? undefined : started[1]);
    } catch (error) {
      return rejected(error);
    }
    const trace = {};
    Error.captureStackTrace(trace, async);
    return new Promise((resolve, reject) => {
      const abort =
        signal === undefined
          ? undefined
          : (): void => {
              take(id);
              native.stopAsync(queueOfCalls(), id);
              reject(signal.reason as Error);
              wake();
            };
      if (abort !== undefined) signal?.addEventListener('abort', abort, { once: true });
      calls.set(id, { resolve, reject, finish, trace, signal, abort });
    });
  };
}

/** The asynchronous calls of this thread; see {@link asyncQueue}. */
export interface AsyncQueue {
  /** The number of calls that run. */
  running: number;
  /** The number of calls that wait for a thread. */
  waiting: number;
  /** How many calls may wait. */
  limit: number;
  /** How many calls run at once, in the whole process. */
  threads: number;
  /** Resolves once there is room for a call, which must be made at once. Callers get room in their order. */
  ready(): Promise<void>;
}

/**
 * The asynchronous calls of this thread, as they are now. A call beyond the limit is refused with a RuntimeError; await
 * `ready()` before each call where there may be so many.
 *
 * @example
 * ```ts
 * const { running, waiting, limit } = torch.asyncQueue();
 * running + waiting; // 0
 * limit; // 1024
 * await torch.asyncQueue().ready();
 * ```
 */
export function asyncQueue(): AsyncQueue {
  const isReady = (): Promise<void> =>
    new Promise((resolve) => {
      ready.push(resolve);
      wake();
    });
  return { ...native.asyncFigures(queueOfCalls()), ready: isReady };
}

/**
 * Sets how many asynchronous calls of this thread may wait; 1024 by default. Each holds its arguments.
 *
 * @throws ValueError if `limit` is not a positive integer.
 * @example
 * ```ts
 * torch.setAsyncQueue({ limit: 64 });
 * torch.asyncQueue().limit; // 64
 * torch.setAsyncQueue({ limit: 1024 });
 * ```
 */
export function setAsyncQueue(options: { limit: number }): void {
  const { limit = NaN } = checkOptions('setAsyncQueue', options, ['limit']);
  if (!Number.isSafeInteger(limit) || limit < 1) {
    const given = typeof limit === 'number' ? limit : describeType(limit);
    throw new ValueError(`setAsyncQueue(): option 'limit' must be a positive integer, not ${given}`);
  }
  native.setAsyncLimit(queueOfCalls(), limit);
  wake();
}
