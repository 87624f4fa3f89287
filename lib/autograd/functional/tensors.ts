/** One tensor or an array of them: how functions take their inputs, and give results of the same form. */

import { describeType } from '../../describe';
import { native } from '../../native';
import { callSync } from '../../synchronous';
import type { Tensor } from '../../tensor';

/** One tensor, or an array of tensors. */
export type Tensors = Tensor | readonly Tensor[];

// A value whose type is not known stays unknown, in place of the union of both forms.
type IfAny<T, Then, Else> = 0 extends 1 & T ? Then : Else;

/** What a function of these inputs is called with: an array is spread. */
export type Arguments<I extends Tensors> = IfAny<
  I,
  Tensor[],
  I extends readonly Tensor[] ? { -readonly [K in keyof I]: Tensor } : [Tensor]
>;

/** A tensor for a tensor, an array as long for an array. */
export type Like<T extends Tensors> = IfAny<
  T,
  T,
  T extends readonly Tensor[] ? { -readonly [K in keyof T]: Tensor } : Tensor
>;

/** For every output (one or an array) every input (one or an array). */
export type JacobianOf<O extends Tensors, I extends Tensors> = IfAny<
  O,
  O,
  O extends readonly Tensor[] ? { -readonly [K in keyof O]: Like<I> } : Like<I>
>;

/** Tensors as an array, and whether they came as one. */
export interface TensorList {
  list: Tensor[];
  isArray: boolean;
}

/** Reads a tensor or an array of tensors; `what` and `api` are for the message. */
export function readTensors(value: unknown, what: string, api: string): TensorList {
  const isArray = Array.isArray(value);
  const list = (isArray ? value : [value]) as unknown[];
  list.forEach((element, i) => {
    if (native.isTensor(element)) return;
    const given = isArray ? `the value at index ${i}` : `the given ${what}`;
    throw new TypeError(
      `The ${what} given to ${api} must be either a Tensor or a tuple of Tensors but ${given} has type ${describeType(element)}.`,
    );
  });
  return { list: [...(list as Tensor[])], isArray };
}

export const OUTPUTS = 'outputs of the user-provided function';

/** Calls the user's function, which must return a tensor or an array of tensors. */
export function callFunction(
  api: string,
  func: (...inputs: never[]) => unknown,
  inputs: readonly Tensor[],
): TensorList {
  return readTensors(callSync(api, func, inputs), OUTPUTS, api);
}

/** The list, or its only element for a function of single tensors. */
export function arrayOrSingle<T>(list: readonly T[], isArray: boolean): T | readonly T[] {
  return isArray ? list : list[0];
}
