/** What the steps of random programs have in common. */

import type * as torch from '../../lib';
import type { Choices } from './random';

export type Torch = typeof torch;
export type Tensor = torch.Tensor;

/** A step: reads values by their number, and returns a new value, or null if it only writes. */
export interface Step {
  text: string;
  run(torch: Torch, values: readonly Tensor[]): Tensor | null;
}

/** Makes a step for values of these shapes; it may turn out to be impossible, and throw when it runs. */
export type Maker = (choices: Choices, values: readonly Tensor[]) => Step;

/** The number of a value: later ones more often, so that programs become deep. */
export function pick(choices: Choices, values: readonly Tensor[]): number {
  return Math.min(values.length - 1, Math.floor(values.length * Math.sqrt(choices.uniform())));
}

/** Calls by name, because a step says in its text what it does. */
export function call(target: unknown, name: string, ...args: unknown[]): Tensor {
  return (target as Record<string, (...args: unknown[]) => Tensor>)[name](...args);
}

export function step(text: string, run: Step['run']): Step {
  return { text, run };
}
