/** The order of a tensor's dimensions in memory; `Tensor.dim_order`. */

import { RuntimeError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import type { MemoryFormat } from '../types';

/** The options of `Tensor.dimOrder`. */
export interface DimOrderOptions {
  /**
   * Whether to refuse a tensor whose strides allow more than one order. With a list of memory formats,
   * such a tensor is accepted if it matches exactly one of them.
   */
  ambiguityCheck?: boolean | readonly MemoryFormat[];
}

// -1: b is the inner dimension; 1: a is the inner dimension; 0: the strides do not decide.
function compare(shape: readonly number[], strides: readonly number[], a: number, b: number): -1 | 0 | 1 {
  if (strides[a] === 0 || strides[b] === 0) return 0;
  if (strides[a] === strides[b]) return isAtLeast(shape[b], shape[a]) ? 0 : 1;
  return strides[b] > strides[a] ? -1 : 1;
}

function isAtLeast(left: number, right: number): boolean {
  return right === 0 || (left !== 0 && left >= right);
}

function isUnclear({ shape, strides }: Tensor): boolean {
  return strides.some((stride, i) => i > 0 && stride === strides[i - 1]) || shape.includes(1);
}

/** The permutation from the outermost to the innermost dimension, and whether other permutations are possible. */
function physicalOrder(tensor: Tensor): { order: number[]; isAmbiguous: boolean } {
  const { shape, strides } = tensor;
  const count = shape.length;
  const order = Array.from({ length: count }, (_, i) => i);
  if (count < 2) return { order, isAmbiguous: false };
  const isContiguous = native.isContiguous(tensor);
  const isChannelsLast = count === 4 && native.isContiguous(tensor, 'channels_last');
  if (isContiguous && !isChannelsLast) return { order, isAmbiguous: false };
  if (isChannelsLast && !isContiguous) return { order: [0, 2, 3, 1], isAmbiguous: false };
  // Innermost first. An insertion sort, because the comparison may be undecided and is not transitive.
  order.reverse();
  for (let i = 1; i < count; i++) {
    let at = i;
    for (let before = i - 1; before >= 0; before--) {
      const comparison = compare(shape, strides, order[before], order[at]);
      if (comparison < 0) break;
      if (comparison === 0) continue;
      [order[before], order[at]] = [order[at], order[before]];
      at = before;
    }
  }
  const isAmbiguous = order.some((dim, i) => i > 0 && compare(shape, strides, order[i - 1], dim) !== -1);
  return { order: order.reverse(), isAmbiguous };
}

/** The dimensions from the outermost to the innermost in memory. */
export function dimOrder(tensor: Tensor, { ambiguityCheck = false }: DimOrderOptions): number[] {
  if (typeof ambiguityCheck !== 'boolean' && !Array.isArray(ambiguityCheck)) {
    throw new TypeError('The ambiguity_check argument must be a bool or a list of memory formats.');
  }
  const formats = Array.isArray(ambiguityCheck) ? (ambiguityCheck as MemoryFormat[]) : [];
  if (ambiguityCheck !== false && isUnclear(tensor)) {
    if (formats.filter((format) => native.isContiguous(tensor, format)).length !== 1) {
      throw new RuntimeError(
        'The tensor does not have unique dim order, or cannot map to exact one of the given memory formats.',
      );
    }
  }
  const { order, isAmbiguous } = physicalOrder(tensor);
  if (isAmbiguous && ambiguityCheck !== false && (ambiguityCheck === true || formats.length > 0)) {
    throw new RuntimeError('The tensor does not have unique dim order.');
  }
  return order;
}
