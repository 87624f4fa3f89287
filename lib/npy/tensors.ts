/** Where typed arrays become tensors and back. */

import { native } from '../native';
import type { Tensor } from '../tensor';
import type { NpyData, NpyDtype } from './dtypes';

/** A CPU tensor with a copy of these values, which lie in C order. */
export function tensorFromData(data: NpyData, dtype: NpyDtype, shape: readonly number[]): Tensor {
  return native.tensorFromBytes(data, dtype, shape, 'cpu');
}

/** A copy of a tensor's values in C order. */
export function dataOf(tensor: Tensor): NpyData {
  return native.data(tensor);
}

/** Copies a tensor's values in C order to the start of a buffer; gives the part that they fill. */
export function dataInto(tensor: Tensor, buffer: Uint8Array): Uint8Array {
  return buffer.subarray(0, native.dataInto(tensor, buffer));
}
