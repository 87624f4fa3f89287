/** `vmap` of functions of flat lists of tensors: the part of `torch.vmap` that Jacobians and batched gradients need. */

import { native } from '../native';
import type { Tensor } from '../tensor';
import { atVmapLevel } from './levels';

/** How {@link vmapTensors} batches. */
export interface BatchOptions {
  batchSize: number;
  /** Where the batch dimension of the results is placed; first by default. */
  outDim?: number;
  randomness?: string;
}

/**
 * Calls `func` once for a batch of lists of tensors: dimension 0 of each tensor is the batch dimension.
 *
 * The results must be tensors that nobody else has a handle of, or null. `func` also gets a function that takes the
 * first sample of any other result.
 */
export function vmapTensors<T extends Tensor | null>(
  func: (tensors: Tensor[], first: (result: Tensor) => Tensor) => T[],
  tensors: readonly Tensor[],
  { batchSize, outDim = 0, randomness = 'error' }: BatchOptions,
): T[] {
  return atVmapLevel(batchSize, randomness, (level) => {
    const unbatch = (tensor: Tensor, dim: number): Tensor => native.removeBatchDim(tensor, level, batchSize, dim);
    const batched = tensors.map((tensor) => native.addBatchDim(tensor, 0, level));
    let results: T[] = [];
    try {
      results = func(batched, (result) => unbatch(result, 0).select(0, 0));
      return results.map((result) => (result === null ? result : (unbatch(result, outDim) as T)));
    } finally {
      // An autograd graph may hold these tensors, but nobody else holds these handles.
      [...batched, ...results].forEach((tensor) => tensor?.dispose());
    }
  });
}
