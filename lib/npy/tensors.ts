/** Conversions between typed arrays and tensors. */

import { native } from '../native';
import type { Tensor } from '../tensor';
import type { NpyData, NpyDtype } from './dtypes';

/** A CPU tensor with a copy of these values, which are in C order. */
export function tensorFromData(data: NpyData, dtype: NpyDtype, shape: readonly number[]): Tensor {
  return native.tensorFromBytes(data, dtype, shape, 'cpu');
}

/** A copy of a tensor's values in C order. */
export function dataOf(tensor: Tensor): NpyData {
  return native.data(tensor);
}
