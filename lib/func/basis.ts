/** The standard basis that Jacobians are made of, and their assembly from its images. */

import { torchFunctions } from '../operators';
import { product } from '../shapes';
import type { Tensor } from '../tensor';

/**
 * Rows `start` to `start + count` of the identity over all elements of the tensors, cut by tensor: for
 * each tensor, `count` tensors of its shape, stacked.
 *
 * The rows are plain tensors even where `tensors` are batched by an outer vmap: every sample has the
 * same basis, so one copy serves all. With `own` every sample gets its own, which may be written to:
 * in forward mode the derivative of an in-place operator changes the tangent itself.
 */
export function standardBasis(tensors: readonly Tensor[], start: number, count: number, own = false): Tensor[] {
  let offset = 0;
  return tensors.map((tensor) => {
    const { shape, dtype, device } = tensor;
    const size = product(shape);
    const whole = start === 0 && offset === 0 && count === size && !own;
    const rows = own
      ? tensor.newZeros([count, size])
      : whole
        ? torchFunctions.eye(size, { dtype, device })
        : torchFunctions.zeros([count, size], { dtype, device });
    const first = Math.max(start, offset);
    const last = Math.min(start + count, offset + size);
    if (first < last && !whole) {
      // The ones of this tensor's elements lie on a diagonal of the block.
      rows
        .narrow(0, first - start, last - first)
        .narrow(1, first - offset, last - first)
        .diagonal()
        .fill_(1);
    }
    offset += size;
    return rows.view([count, ...shape]);
  });
}

/** The number of elements of each tensor. */
export function sizesOf(tensors: readonly Tensor[]): number[] {
  return tensors.map((tensor) => product(tensor.shape));
}
