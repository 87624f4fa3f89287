/** A sample with its tensors, which can be called with other tensors in their place. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import type { Sample } from './corpus';
import { runProgram } from './programs';
import { isDifferentiable, leafTensor } from './tensors';

export class Subject {
  constructor(
    readonly sample: Sample,
    values: Uint8Array,
    readonly leaves: Tensor[] = sample.leaves.map((spec) => leafTensor(values, spec)),
  ) {}

  call(leaves: Tensor[], variant?: string, options: object = {}): unknown {
    return runProgram(variant === undefined ? this.sample.program : this.sample.variants[variant], leaves, options);
  }

  /** All output tensors. */
  readonly tensors = (...leaves: Tensor[]): Tensor[] => tensorsOf(this.call(leaves));

  /** The floating-point and complex outputs as a function of the differentiable inputs. */
  readonly f = (...inputs: Tensor[]): Tensor[] => {
    const leaves = [...this.leaves];
    this.sample.diff.forEach((place, i) => (leaves[place] = inputs[i]));
    return tensorsOf(this.call(leaves)).filter(isDifferentiable);
  };

  get inputs(): Tensor[] {
    return this.sample.diff.map((place) => this.leaves[place]);
  }

  get argnums(): number[] {
    return this.sample.diff.map((_, i) => i);
  }
}

/** All tensors of a result, in order. */
export function tensorsOf(value: unknown): Tensor[] {
  if (torch.isTensor(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsOf);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(tensorsOf) : [];
}
