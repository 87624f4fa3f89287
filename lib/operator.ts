/** One operator as a JavaScript function. */

import { native } from './native';
import type { OperatorFunction } from './native';
import { Tensor } from './tensor';

/**
 * The function that calls an operator: the same closure for all of them. It hands the addon an empty
 * Tensor to put the result into, because JavaScript makes an object several times faster than
 * Node-API does, and every call of an operator needs one.
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
 * The function that calls an operator and puts the result into a given object: into a tensor of a subclass, in its
 * constructor.
 */
export function operatorInto(name: string, overloads: string): (result: Tensor, ...args: unknown[]) => void {
  return native.operator(name, overloads, false);
}
