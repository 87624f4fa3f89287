/** Inputs and outputs that are one tensor or an array of tensors. */

import { describeType } from '../../describe';
import { native } from '../../native';
import { callSync } from '../../synchronous';
import type { Tensor } from '../../tensor';

/** One tensor, or an array of tensors. */
export type Tensors = Tensor | readonly Tensor[];

// A value of type any stays any, instead of becoming a union.
type IfAny<T, Then, Else> = 0 extends 1 & T ? Then : Else;

/** The arguments of a function of these inputs: an array is spread. */
export type Arguments<I extends Tensors> = IfAny<
  I,
  Tensor[],
  I extends readonly Tensor[] ? { -readonly [K in keyof I]: Tensor } : [Tensor]
>;

/** A tensor for a tensor, an array of the same length for an array. */
export type Like<T extends Tensors> = IfAny<
  T,
  T,
  T extends readonly Tensor[] ? { -readonly [K in keyof T]: Tensor } : Tensor
>;

/** The inputs (one or an array) in place of every output (one or an array). */
export type JacobianOf<O extends Tensors, I extends Tensors> = IfAny<
  O,
  O,
  O extends readonly Tensor[] ? { -readonly [K in keyof O]: Like<I> } : Like<I>
>;

/** Tensors as an array, and whether they were given as an array. */
export interface TensorList {
  list: Tensor[];
  isArray: boolean;
}

/** Reads a tensor or an array of tensors; messages mention `what` and `api`. */
export function readTensors(value: unknown, what: string, api: string): TensorList {
  const isArray = Array.isArray(value);
  const list: Tensor[] = [];
  // Not `forEach`, which visits no holes: a sparse array may have 2^32 of them, and the first is an error.
  for (const element of (isArray ? value : [value]) as readonly unknown[]) {
    if (!native.isTensor(element)) {
      const given = isArray ? `the value at index ${list.length}` : `the given ${what}`;
      throw new TypeError(
        `The ${what} given to ${api} must be either a Tensor or a tuple of Tensors but ${given} has type ${describeType(element)}.`,
      );
    }
    list.push(element);
  }
  return { list, isArray };
}

export const OUTPUTS = 'outputs of the user-provided function';

/**
 * Calls the user's function, which must return a tensor or an array of tensors. With `again`, the derivative of the
 * function will be differentiated: some kernels then record a derivative that has the right derivative itself.
 */
export function callFunction(
  api: string,
  func: (...inputs: never[]) => unknown,
  inputs: readonly Tensor[],
  again = false,
): TensorList {
  const call = (): TensorList => readTensors(callSync(api, func, inputs), OUTPUTS, api);
  if (!again) return call();
  const before = native.differentiateAgain(true);
  try {
    return call();
  } finally {
    native.differentiateAgain(before);
  }
}

/** The list, or its only element for a function of single tensors. */
export function arrayOrSingle<T>(list: readonly T[], isArray: boolean): T | readonly T[] {
  return isArray ? list : list[0];
}
