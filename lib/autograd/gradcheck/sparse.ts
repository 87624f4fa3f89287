/** Sparse inputs: their Jacobians have one row per element of the dense tensor, in its order. */

import { ValueError } from '../../errors';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';

export const isSparse = (tensor: Tensor): boolean => tensor.layout !== 'strided';

/** The specified values of a tensor, which share its memory. */
export function valuesOf(tensor: Tensor): Tensor {
  return tensor.layout === 'sparse_coo' ? tensor._values() : tensor.values();
}

const LAYOUTS = ['sparse_coo', 'sparse_csr', 'sparse_csc', 'sparse_bsr', 'sparse_bsc'];

/** Checks the layout of an input, and in masked mode that its values are those of its elements. */
export function checkSparse(tensor: Tensor, index: number, masked: boolean): void {
  if (!LAYOUTS.includes(tensor.layout)) {
    throw new ValueError(
      `gradcheck: input ${index} is ${tensor.layout}; only strided, ${LAYOUTS.slice(0, -1).join(', ')} and ${LAYOUTS.at(-1)} inputs can be checked`,
    );
  }
  if (tensor.layout !== 'sparse_coo' && tensor.dim() - tensor.denseDim() !== 2) {
    throw new ValueError(`gradcheck: input ${index} is a batch of ${tensor.layout} matrices; check one matrix`);
  }
  if (masked && tensor.layout === 'sparse_coo' && !tensor.isCoalesced()) {
    throw new ValueError(`gradcheck: input ${index} is not coalesced: with the option masked, pass input.coalesce()`);
  }
}

/** The tensor with all elements specified, also those that are 0; strided tensors unchanged. */
export function densify(tensor: Tensor): Tensor {
  if (!isSparse(tensor)) return tensor;
  const { layout, shape, requiresGrad } = tensor;
  const coo = layout === 'sparse_coo' ? tensor.detach() : tensor.detach().toSparse();
  const sparseDim = coo.sparseDim();
  const dense = coo.toDense();
  const indices = torchFunctions.ones(shape.slice(0, sparseDim), { device: tensor.device }).nonzero().t();
  const full = torchFunctions.sparseCooTensor(indices, dense.flatten(0, sparseDim - 1), [...shape], {
    isCoalesced: true,
  });
  if (layout === 'sparse_coo') return full.requiresGrad_(requiresGrad);
  const inBlocks = layout === 'sparse_bsr' || layout === 'sparse_bsc';
  const blocksize = inBlocks ? valuesOf(tensor).shape.slice(1, 3) : null;
  return full.toSparse({ layout, blocksize }).requiresGrad_(requiresGrad);
}

/** For each specified value, in row-major order of the values, the index of its element in the flat dense tensor. */
export function densePositions(tensor: Tensor): Tensor {
  const numbered = tensor.detach().clone();
  const values = valuesOf(numbered);
  const count = values.numel();
  values.copy_(torchFunctions.arange(1, count + 1, { dtype: 'float64', device: values.device }).reshape(values.shape));
  const flat = numbered.toDense().reshape([-1]);
  const positions = flat.nonzero().reshape([-1]);
  return positions.index(flat.abs().index(positions).argsort());
}
