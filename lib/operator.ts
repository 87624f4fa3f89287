/** One operator as a JavaScript function. */

import { native } from './native';
import type { OperatorFunction } from './native';
import { Tensor } from './tensor';

/**
 * The function that calls an operator. It passes the addon an empty Tensor for the result, because JavaScript creates
 * an object several times faster than Node-API, and every call needs one.
 */
export function operatorFunction(name: string, overloads: string, isMethod: boolean): OperatorFunction {
  const call = native.operator(name, overloads, isMethod);
  return {
    [name](this: unknown, ...args: unknown[]): unknown {
      return call.call(this, new Tensor(), ...args);
    },
  }[name];
}

/**
 * The function that calls an operator and stores the result in a given tensor: that of a subclass, in its constructor.
 */
export function operatorInto(name: string, overloads: string): (result: Tensor, ...args: unknown[]) => void {
  return native.operator(name, overloads, false);
}
