/** What stands for `this` in the signature of a call. */

import type { AnyFunction } from '../types';

class Receiver {}

const receivers = new WeakMap<object, Receiver>();

/** Whether a function may use its `this`: not if its source, with all functions in it, never says so. */
export function mayUseThis(func: AnyFunction): boolean {
  return /\b(this|super|eval)\b/.test(Function.prototype.toString.call(func));
}

/** An object that is the same for the same `this`, and does not keep it alive. */
export function receiverOf(self: unknown): Receiver {
  const object = Object(self) as object;
  let receiver = receivers.get(object);
  if (receiver === undefined) receivers.set(object, (receiver = new Receiver()));
  return receiver;
}
