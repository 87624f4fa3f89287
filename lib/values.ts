/** The values of a tensor as JavaScript values. */

import { Complex } from './complex';
import { native } from './native';
import { product } from './shapes';
import type { Tensor } from './tensor';

/** The values of a tensor as nested arrays; a single value for a 0-d tensor. */
export type NestedArray<T> = T | NestedArray<T>[];

/** The elements in row-major order as JavaScript values. */
function elements(tensor: Tensor): unknown[] {
  const dtype = tensor.dtype;
  switch (dtype) {
    case 'bool':
      return Array.from(native.data(tensor) as Uint8Array, (value) => value !== 0);
    case 'int64':
    case 'uint64': {
      const values = native.data(tensor) as BigInt64Array;
      const isSafe = values.every((value) => value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER);
      return isSafe ? Array.from(values, Number) : Array.from(values);
    }
    case 'complex32':
    case 'complex64':
    case 'complex128': {
      const parts = native.doubles(tensor);
      return Array.from({ length: parts.length / 2 }, (_, i) => new Complex(parts[2 * i], parts[2 * i + 1]));
    }
    default:
      return Array.from(native.doubles(tensor));
  }
}

function nest(values: unknown[], shape: readonly number[]): unknown {
  if (shape.length === 0) return values[0];
  let rows = values;
  for (let d = shape.length - 1; d > 0; d--) {
    const size = shape[d];
    const count = product(shape.slice(0, d));
    const flat = rows;
    rows = Array.from({ length: count }, (_, i) => flat.slice(i * size, (i + 1) * size));
  }
  return rows;
}

/** The values as nested arrays, one level per dimension. */
export function toNestedArray(tensor: Tensor): unknown {
  return nest(elements(tensor), native.shape(tensor));
}
