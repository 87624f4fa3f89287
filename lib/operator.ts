/** Functions of the addon whose result is a Tensor, as JavaScript functions: the operators, and what is as fast. */

import { native } from './native';
import type { OperatorFunction } from './native';
import { Tensor, slots } from './tensor';

const { callFrame, slotOf, setSlot } = slots;

// Passes the slots of the arguments: see Note [Slots] (native/core/handle_pool.h).
function enter(self: unknown, args: readonly unknown[]): void {
  callFrame[1] = slotOf(self);
  const count = Math.min(args.length, callFrame.length - 2);
  for (let i = 0; i < count; i++) callFrame[i + 2] = slotOf(args[i]);
}

function invoke(call: OperatorFunction, self: unknown, args: readonly unknown[]): unknown {
  const result = new Tensor();
  const value: unknown = forward(call, self, result, args);
  setSlot(result, callFrame[0]);
  return value;
}

// A call with a fixed number of arguments takes less time than one that spreads an array.
function forward(call: OperatorFunction, self: unknown, result: Tensor, args: readonly unknown[]): unknown {
  if (args.length > 2) {
    const values = [result, ...args]; // before enter(): a program can replace the iterator of arrays
    enter(self, args);
    return Reflect.apply(call, self, values);
  }
  enter(self, args);
  if (args.length === 0) return call.call(self, result);
  return args.length === 1 ? call.call(self, result, args[0]) : call.call(self, result, args[0], args[1]);
}

/**
 * A function of the addon that stores its result in an empty Tensor, its first argument: JavaScript creates an object
 * several times faster than Node-API, and every call needs one.
 */
export function resultFunction(name: string, call: OperatorFunction): OperatorFunction {
  return {
    [name](this: unknown, ...args: unknown[]): unknown {
      return invoke(call, this, args);
    },
  }[name];
}

/** The function that calls an operator. */
export function operatorFunction(name: string, overloads: string, isMethod: boolean): OperatorFunction {
  return resultFunction(name, native.operator(name, overloads, isMethod));
}

/**
 * The function that calls an operator and stores the result in a given tensor: that of a subclass, in its constructor.
 */
export function operatorInto(name: string, overloads: string): (result: Tensor, argument: unknown) => void {
  const call = native.operator(name, overloads, false);
  return (result, argument) => {
    forward(call, undefined, result, [argument]);
    setSlot(result, callFrame[0]);
  };
}
