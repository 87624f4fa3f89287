/** User functions that a graph calls. They are stored here under a number, and the graph holds the number. */

import { native } from '../native';

const sites: CallbackSite<unknown>[] = [];
let nextNumber = 1;

/** All callbacks of one kind, and the function that calls one; see native/autograd/callbacks.h. */
export class CallbackSite<T> {
  readonly native: unknown;
  readonly #callbacks = new Map<number, T>();

  /** `call` gets undefined for a callback that was removed before the graph released its number. */
  constructor(call: (callback: T | undefined, ...args: never[]) => unknown) {
    this.native = native.createCallbackSite((number, ...args) =>
      call(this.#callbacks.get(number), ...(args as never[])),
    );
    sites.push(this as CallbackSite<unknown>);
  }

  get size(): number {
    return this.#callbacks.size;
  }

  /** Stores a callback until the graph releases the returned number. */
  add(callback: T): number {
    this.forgetReleased();
    const number = nextNumber++;
    this.#callbacks.set(number, callback);
    return number;
  }

  /** Removes a callback whose number the graph may still hold. */
  remove(number: number): void {
    this.#callbacks.delete(number);
  }

  forgetReleased(): void {
    for (const number of native.releasedCallbacks(this.native)) this.#callbacks.delete(number);
  }
}

/** Runs the engine on this thread, for every device, so that it can call callbacks. */
export function withCallbacks<T>(run: () => T): T {
  if (sites.every((site) => site.size === 0)) return run();
  for (const site of sites) site.forgetReleased();
  const threads = native.swapEngineThreads(false);
  try {
    return run();
  } finally {
    native.swapEngineThreads(threads);
  }
}
