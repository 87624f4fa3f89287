/** Checks of arguments that must be tensors, for functions that read a shape or a dtype before an operator does. */

import { describeType } from './describe';
import { native } from './native';
import type { Tensor } from './tensor';

/** @throws TypeError for an argument that is not a tensor. */
export function checkTensor(api: string, name: string, value: unknown): asserts value is Tensor {
  if (native.isTensor(value)) return;
  if (value === undefined) throw new TypeError(`${api}(): missing required argument '${name}' (Tensor)`);
  throw new TypeError(`${api}(): argument '${name}' must be Tensor, not ${describeType(value)}`);
}

/** Checks several arguments that must be tensors. */
export function checkTensors(api: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) checkTensor(api, name, tensors[name]);
}

/** Checks arguments that must be tensors or left out. */
export function checkOptionalTensors(api: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) {
    const value = tensors[name];
    if (value == null || native.isTensor(value)) continue;
    throw new TypeError(`${api}(): argument '${name}' must be Tensor or null, not ${describeType(value)}`);
  }
}
