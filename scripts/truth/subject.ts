/** A sample as a differentiable function, with the tangents and cotangents that its derivatives are multiplied by. */

import * as torch from 'torch-func';
import type { Dtype, Tensor } from 'torch-func';
import type { Sample } from '../opdb/corpus';
import { Subject, tensorsOf } from '../opdb/subject';
import { elementsOf, isDifferentiable } from '../opdb/tensors';

/** A seeded random number generator (mulberry32), independent of the state of torch's generator. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A random tensor whose elements have absolute values between 0.5 and 1.5 and random signs. */
export function direction(shape: readonly number[], dtype: Dtype, seed: number): Tensor {
  const next = numbers(seed * 7919 + 17);
  const complex = dtype.startsWith('complex');
  const values = Float64Array.from({ length: elementsOf(shape) * (complex ? 2 : 1) }, () => {
    const value = 0.5 + next();
    return next() < 0.5 ? -value : value;
  });
  const whole = torch.fromTypedArray(values, complex ? [...shape, 2] : shape, { dtype: 'float64' });
  return (complex ? torch.viewAsComplex(whole) : whole).to(dtype);
}

const EPSILONS: Record<string, number> = {
  float32: 2 ** -23,
  complex64: 2 ** -23,
  float16: 2 ** -10,
  complex32: 2 ** -10,
  bfloat16: 2 ** -7,
};

export class TruthSubject extends Subject {
  readonly outputs: Tensor[];

  constructor(
    sample: Sample,
    private readonly values: Uint8Array,
    inputs?: Tensor[],
  ) {
    super(sample, values);
    inputs?.forEach((x, i) => (this.leaves[sample.diff[i]] = x));
    this.outputs = this.f(...this.inputs).map((x) => x.detach());
  }

  /** Seeds the generator before every call, so that a random operator is a function of its inputs. */
  override call(leaves: Tensor[]): unknown {
    torch.manualSeed(0);
    return super.call(leaves);
  }

  /** The floating-point outputs of the function that the database differentiates, as a function of `inputs`. */
  override readonly f = (...inputs: Tensor[]): Tensor[] => {
    const leaves = [...this.leaves];
    this.sample.diff.forEach((place, i) => (leaves[place] = inputs[i]));
    return this.at(leaves);
  };

  /** The same outputs as a function of all tensors of the sample. */
  at(leaves: Tensor[]): Tensor[] {
    torch.manualSeed(0);
    const variant = this.sample.variants.differentiable === undefined ? undefined : 'differentiable';
    return tensorsOf(super.call(leaves, variant)).filter(isDifferentiable);
  }

  /** The same function at other inputs. */
  movedTo(inputs: Tensor[]): TruthSubject {
    return new TruthSubject(this.sample, this.values, inputs);
  }

  /** Tangents of the inputs. */
  tangents(seed: number): Tensor[] {
    return this.inputs.map((x, i) => direction(x.shape, x.dtype, 101 * seed + i));
  }

  /** Cotangents of the outputs. */
  cotangents(seed = 0): Tensor[] {
    return this.outputs.map((x, i) => direction(x.shape, x.dtype, 50_000 + 101 * seed + i));
  }

  get isReal(): boolean {
    return ![...this.inputs, ...this.outputs].some((x) => x.isComplex());
  }

  /** The machine epsilon of the least precise dtype among the arguments and outputs. */
  get epsilon(): number {
    const dtypes = [...this.leaves, ...this.outputs].map((x) => EPSILONS[x.dtype] ?? 0);
    return Math.max(2 ** -52, ...dtypes);
  }

  get size(): { inputs: number; outputs: number } {
    const total = (tensors: Tensor[]) => tensors.reduce((sum, x) => sum + x.numel(), 0);
    return { inputs: total(this.inputs), outputs: total(this.outputs) };
  }
}
