/** Sparse gradients: the rows of an embedding that a batch has used. */

import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';

/** A sparse tensor with other values at the places of a coalesced gradient. */
export function sparseLike(grad: Tensor, values: Tensor): Tensor {
  // The places of a coalesced tensor need no second coalescing.
  return torchFunctions.sparseCooTensor(grad._indices(), values, grad.shape, { isCoalesced: true });
}

/** The values of a dense tensor at the places of a coalesced gradient. */
export function valuesAt(dense: Tensor, grad: Tensor): Tensor {
  return dense.sparseMask(grad)._values();
}
