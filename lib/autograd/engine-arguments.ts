/** Reads the arguments that `grad` and `backward` share. */

import { isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { AssertionError, RuntimeError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { GradientEdge } from './gradient-edge';
import type { TensorOrEdge } from './gradient-edge';

/** What to differentiate, or with respect to what: tensors, or places in the graph. */
export type PlaceOrList = TensorOrEdge | readonly TensorOrEdge[];
export type TensorsByName = Readonly<Record<string, Tensor>>;
export type GradOrList = Tensor | null | readonly (Tensor | null)[];

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** What to differentiate. */
export function readOutputs(outputs: PlaceOrList): readonly TensorOrEdge[] {
  const outputList = list<TensorOrEdge>(outputs);
  for (const output of outputList) {
    if (!isPlace(output)) throw new AssertionError('Expected output to be a torch.Tensor');
  }
  return outputList;
}

const isPlace = (value: unknown): value is TensorOrEdge => native.isTensor(value) || value instanceof GradientEdge;

/** What to differentiate with respect to, and the names if an object was given. */
export function readInputs(
  api: string,
  inputs: PlaceOrList | TensorsByName,
): { list: readonly TensorOrEdge[]; keys: string[] | null } {
  let keys: string[] | null = null;
  let inputList: readonly TensorOrEdge[];
  if (isPlainObject(inputs)) {
    keys = Object.keys(inputs);
    inputList = Object.values(inputs) as Tensor[];
  } else if ((inputs as unknown) instanceof Map) {
    throw new TypeError(
      `\`inputs\` argument to \`${api}()\` must be a dict, not ${describeType(inputs)}. Other Mapping types are not supported.`,
    );
  } else {
    inputList = list<TensorOrEdge>(inputs as PlaceOrList);
  }
  if (inputList.length === 0) throw new RuntimeError(`\`inputs\` argument to \`${api}()\` cannot be empty.`);
  return { list: inputList, keys };
}

/** Rejects other inputs, as the last check, like PyTorch. */
export function checkInputs(inputs: readonly unknown[]): void {
  for (const input of inputs) {
    if (!isPlace(input))
      throw new RuntimeError(`all inputs have to be Tensors or GradientEdges, but got ${describeType(input)}`);
  }
}

/** The initial gradients as a list; nulls if none are given. */
export function readGrads(grads: GradOrList, count: number): readonly (Tensor | null)[] {
  return grads === null ? Array.from({ length: count }, () => null) : list(grads);
}
