/** Conditions of control flow: values that are read, and values that differ between the samples of `vmap`. */

import { native } from '../native';
import type { Tensor } from '../tensor';

/** A condition in a program. */
export type Predicate = Tensor | boolean | number;

/** The tensor below all levels, and whether one of them is that of a `vmap` that maps over it. */
function unwrapped(tensor: Tensor): { value: Tensor; isBatched: boolean } {
  let value = tensor;
  let isBatched = false;
  for (let info = native.wrapperInfo(value); info !== null; info = native.wrapperInfo(value)) {
    isBatched ||= info.kind === 'batched';
    value = info.value;
  }
  return { value, isBatched };
}

/** Whether samples of `vmap` may differ in the condition. */
export function differsBySample(predicate: Predicate): predicate is Tensor {
  return native.isTensor(predicate) && unwrapped(predicate).isBatched;
}

/** A condition that is the same for all samples. */
export function readPredicate(predicate: Predicate): boolean {
  return native.isTensor(predicate) ? Boolean(unwrapped(predicate).value.item()) : Boolean(predicate);
}

/** Whether a condition holds for some sample. */
export function isTrueSomewhere(predicate: Predicate): boolean {
  if (!native.isTensor(predicate)) return Boolean(predicate);
  return unwrapped(predicate).value.any().item();
}

/** Whether a condition holds for all samples. */
export function isTrueEverywhere(predicate: Tensor): boolean {
  return unwrapped(predicate).value.all().item();
}
