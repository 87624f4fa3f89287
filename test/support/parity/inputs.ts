/** Inputs of parity cases: described once, created identically on both sides. */

import * as torch from '../../../lib';
import type { Dtype, Tensor } from '../../../lib';

type Element = number | bigint | boolean | string | readonly [number, number];

/** A tensor by its elements in row-major order. */
export interface TensorSpec {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly values: readonly Element[];
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A tensor of the given elements: `tensorOf([[1, 2], [3, 4]])`; complex elements are pairs in `flat`. */
export function tensorOf(data: unknown, dtype: Dtype = 'float64'): TensorSpec {
  const shape: number[] = [];
  for (let part = data; Array.isArray(part); part = part[0] as unknown) shape.push(part.length);
  const values = Array.isArray(data) ? (data.flat(Infinity) as Element[]) : [data as Element];
  return { dtype, shape, values };
}

/** A tensor of the given elements and shape; complex elements are pairs. */
export function flat(values: readonly Element[], shape: readonly number[], dtype: Dtype): TensorSpec {
  return { dtype, shape, values };
}

/**
 * A tensor of reproducible numbers that look random: from -2 to 2 for floating dtypes, small integers for the others.
 */
export function some(shape: readonly number[], dtype: Dtype = 'float64', seed = 1): TensorSpec {
  let state = (seed * 2654435761) >>> 0;
  const next = (): number => {
    // xorshift32, scaled to [0, 1).
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < 8; i++) next();
  // Few bits, so that every dtype holds them exactly.
  const real = (): number => Math.round((next() * 4 - 2) * 64) / 64;
  const values = Array.from({ length: count(shape) }, (): Element => {
    if (dtype === 'bool') return next() < 0.5;
    if (dtype.startsWith('complex')) return [real(), real()];
    if (dtype.startsWith('uint')) return Math.floor(next() * 9);
    if (dtype.startsWith('int')) return Math.floor(next() * 19) - 9;
    return real();
  });
  return { dtype, shape, values };
}

function element(value: Element, dtype: Dtype): torch.Scalar {
  if (Array.isArray(value)) return new torch.Complex(value[0] as number, value[1] as number);
  if (typeof value !== 'string') return value as number | bigint | boolean;
  if (/^u?int64$/.test(dtype)) return BigInt(value);
  return Number(value.replace('inf', 'Infinity'));
}

/** The tensor in TypeScript. */
export function buildTensor({ dtype, shape, values }: TensorSpec): Tensor {
  return torch
    .tensor(
      values.map((value) => element(value, dtype)),
      { dtype },
    )
    .reshape(shape);
}

/** The tensor as JSON for Python. */
export function toJson({ dtype, shape, values }: TensorSpec): object {
  const plain = (value: Element): Element => {
    if (typeof value === 'bigint') return String(value);
    // JSON has no negative zero.
    return Object.is(value, -0) ? '-0.0' : value;
  };
  return { dtype, shape, values: values.map(plain) };
}
