/** What a higher-order operator is, and helpers of several of them. */

import { native } from '../../native';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import type { ArgumentType } from '../arguments';

/** A graph among the arguments, as a function. */
export type Body = (...inputs: unknown[]) => unknown[];

/** The numbers of inputs and outputs of a graph. */
export interface BodyShape {
  readonly inputs: number;
  readonly outputs: number;
}

/** What a call has at a position: a graph, the number of items of a list, or null for anything else. */
export type CallShape = BodyShape | number | null;

/** A higher-order operator. */
export interface HigherOrder {
  /** The types of the positional arguments; `...` for any more. The items of a list may have any type. */
  readonly types: readonly (ArgumentType | 'list' | 'any' | '...')[];
  /** Named arguments that do not change the results. */
  readonly ignored?: readonly string[] | undefined;
  /** Why a call with `outputs` results cannot be right; null if it can. */
  check(shapes: readonly CallShape[], outputs: number): string | null;
  run(args: unknown[]): unknown[];
}

/** The sentence about a body that does not fit its call. */
export function expectBody(name: string, body: CallShape, inputs: number, outputs: number): string | null {
  const { inputs: takes, outputs: returns } = body as BodyShape;
  if (takes !== inputs) return `${name} takes ${takes} values, but gets ${inputs}`;
  return returns === outputs ? null : `${name} returns ${returns} values; expected ${outputs}`;
}

/** The first sentence that is not null. */
export const firstOf = (...reasons: (string | null)[]): string | null =>
  reasons.find((reason) => reason !== null) ?? null;

/** For each position: where the condition holds the first value, elsewhere the second. */
export function selectValues(condition: Tensor, yes: readonly unknown[], no: readonly unknown[]): unknown[] {
  return yes.map((value, i) => {
    const other = no[i];
    if (!native.isTensor(value) || !native.isTensor(other)) return value;
    return torchFunctions.where(condition, value, other);
  });
}

/** Slice `i` of each tensor along the first dimension. */
export const sliceOf = (xs: readonly unknown[], i: number): Tensor[] => (xs as Tensor[]).map((x) => x.select(0, i));

/** The slices of each step, stacked along a new first dimension. */
export function stackSteps(steps: readonly (readonly unknown[])[]): unknown[] {
  return steps[0].map((first, i) => {
    return native.isTensor(first) ? torchFunctions.stack(steps.map((step) => step[i] as Tensor)) : first;
  });
}
