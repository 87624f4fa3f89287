/** Looking below the wrappers of transforms, where a function must know values or whether there is a batch. */

import { native } from '../../native';
import type { Tensor } from '../../tensor';

/** The tensor without the wrappers of transforms: under `vmap` the values of all samples, which may be read. */
export function valuesOf(tensor: Tensor): Tensor {
  const info = native.wrapperInfo(tensor);
  return info === null ? tensor : valuesOf(info.value);
}

/** Whether the values differ between the samples of a `vmap`. */
export function isBatched(tensor: Tensor): boolean {
  if (native.isBatchedAtLevel(tensor, -1)) return true;
  const info = native.wrapperInfo(tensor);
  return info !== null && isBatched(info.value);
}
