/** Functions of the user's that a graph calls: they stay here, by number, and the graph holds the number. */

import { native } from '../native';

const sites: CallbackSite<unknown>[] = [];
let nextNumber = 1;

/** The callbacks of one kind, and how one is called; native/autograd/callbacks.h. */
export class CallbackSite<T> {
  readonly native: unknown;
  readonly #callbacks = new Map<number, T>();

  /** `call` gets undefined for a callback that was removed while the graph still holds its number. */
  constructor(call: (callback: T | undefined, ...args: never[]) => unknown) {
    this.native = native.createCallbackSite((number, ...args) =>
      call(this.#callbacks.get(number), ...(args as never[])),
    );
    sites.push(this as CallbackSite<unknown>);
  }

  get size(): number {
    return this.#callbacks.size;
  }

  /** Keeps a callback until the graph lets go of the number that this returns. */
  add(callback: T): number {
    this.forgetReleased();
    const number = nextNumber++;
    this.#callbacks.set(number, callback);
    return number;
  }

  /** Lets go of a callback that the graph may still hold. */
  remove(number: number): void {
    this.#callbacks.delete(number);
  }

  forgetReleased(): void {
    for (const number of native.releasedCallbacks(this.native)) this.#callbacks.delete(number);
  }
}

/** Runs the engine so that it can call back: on this thread, for every device. */
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
