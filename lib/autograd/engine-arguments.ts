/** Reads the arguments that `grad` and `backward` share. */

import { isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { AssertionError, RuntimeError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { GradientEdge } from './gradient-edge';

export type TensorOrList = Tensor | readonly Tensor[];
export type TensorsByName = Readonly<Record<string, Tensor>>;
export type GradOrList = Tensor | null | readonly (Tensor | null)[];

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** The tensors to differentiate. */
export function readOutputs(outputs: TensorOrList): readonly Tensor[] {
  const outputList = list(outputs);
  for (const output of outputList) {
    if (!native.isTensor(output)) throw new AssertionError('Expected output to be a torch.Tensor');
  }
  return outputList;
}

/** The tensors to differentiate with respect to, and their names if they were given as an object. */
export function readInputs<T extends Tensor | GradientEdge>(
  api: string,
  inputs: T | readonly T[] | Readonly<Record<string, T>>,
): { list: readonly T[]; keys: string[] | null } {
  let keys: string[] | null = null;
  let inputList: readonly T[];
  if (isPlainObject(inputs)) {
    keys = Object.keys(inputs);
    inputList = Object.values(inputs) as T[];
  } else if ((inputs as unknown) instanceof Map) {
    throw new TypeError(
      `\`inputs\` argument to \`${api}()\` must be a dict, not ${describeType(inputs)}. Other Mapping types are not supported.`,
    );
  } else {
    inputList = list(inputs as T | readonly T[]);
  }
  if (inputList.length === 0) throw new RuntimeError(`\`inputs\` argument to \`${api}()\` cannot be empty.`);
  return { list: inputList, keys };
}

/** Rejects non-tensor inputs, as the last check, like PyTorch. */
export function checkInputs(inputs: readonly unknown[]): void {
  for (const input of inputs) {
    if (!native.isTensor(input) && !(input instanceof GradientEdge))
      throw new RuntimeError(`all inputs have to be Tensors, but got ${describeType(input)}`);
  }
}

/** The initial gradients as a list; nulls if none are given. */
export function readGrads(grads: GradOrList, count: number): readonly (Tensor | null)[] {
  return grads === null ? Array.from({ length: count }, () => null) : list(grads);
}
