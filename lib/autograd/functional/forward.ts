/** Jacobians in forward mode: all columns in one pass, with the basis as a batch of tangents. */

import { standardBasis, sizesOf } from '../../func/basis';
import { flatJvp } from '../../func/jvp';
import { atVmapLevel } from '../../interpreter/levels';
import { native } from '../../native';
import type { Tensor } from '../../tensor';
import type { TensorList } from './tensors';

/** `[output][input]` of a function of tensors, and whether its outputs came as an array. */
export function forwardJacobian(
  func: (inputs: readonly Tensor[]) => TensorList,
  inputs: readonly Tensor[],
): { blocks: Tensor[][]; isArray: boolean } {
  const sizes = sizesOf(inputs);
  const total = sizes.reduce((a, b) => a + b, 0);
  const basis = standardBasis(inputs, 0, total);
  let isArray = false;
  const call = (...duals: Tensor[]): Tensor[] => {
    const outputs = func(duals);
    isArray = outputs.isArray;
    return outputs.list;
  };
  // Columns come first: [total, ...output].
  const columns = atVmapLevel(total, 'error', (level) => {
    const tangents = basis.map((block) => native.addBatchDim(block, 0, level));
    return flatJvp(call, inputs, tangents, null, false, false).tangents.map((tangent) =>
      native.removeBatchDim(tangent, level, total, 0),
    );
  });
  basis.forEach((block) => block.dispose());
  const blocks = columns.map((column) => {
    const outputShape = column.shape.slice(1);
    const last = column.movedim(0, -1);
    return last.split(sizes, -1).map((block, j) => block.reshape([...outputShape, ...inputs[j].shape]));
  });
  return { blocks, isArray };
}
