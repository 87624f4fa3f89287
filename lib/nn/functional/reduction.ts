/** Reductions of losses, as in torch/nn/_reduction.py. */

import { textOf } from '../../describe';
import { ValueError } from '../../errors';
import { torchFunctions } from '../../operators';
import { sameShape, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { emitLibtorchWarning } from '../../warnings';

/** Whether a loss is returned per element, averaged, or summed. */
export type Reduction = 'none' | 'mean' | 'sum';

/** The options of a loss that takes only a reduction. */
export interface ReductionOptions {
  /** `'mean'` (default), `'sum'`, or `'none'` for the loss of each element. */
  reduction?: Reduction;
}

/** The number that the operators use for a reduction. Throws a ValueError for an unknown reduction. */
export function reductionEnum(reduction: Reduction): number {
  switch (reduction as string) {
    case 'none':
      return 0;
    case 'mean':
      return 1;
    case 'elementwise_mean':
      emitLibtorchWarning(
        'UserWarning',
        "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.",
      );
      return 1;
    case 'sum':
      return 2;
    default:
      throw new ValueError(`${textOf(reduction)} is not a valid value for reduction`);
  }
}

/** Throws a ValueError with `message` for a value that is not a reduction. */
export function checkReduction(reduction: unknown, message: string): void {
  if (reduction !== 'none' && reduction !== 'mean' && reduction !== 'sum') throw new ValueError(message);
}

/** Reduces a loss whose elements were computed by more than one operator. */
export function reduce(loss: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'mean') return loss.mean();
  return reduction === 'sum' ? loss.sum() : loss;
}

/** The first step of element-wise losses: warns of different shapes, then broadcasts. */
export function broadcastWithWarning(input: Tensor, target: Tensor): [input: Tensor, target: Tensor] {
  if (!sameShape(target.shape, input.shape)) {
    emitLibtorchWarning(
      'UserWarning',
      `Using a target size (${sizeText(target.shape)}) that is different to the input size (${sizeText(input.shape)}). ` +
        'This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.',
    );
  }
  return torchFunctions.broadcastTensors([input, target]) as [Tensor, Tensor];
}

/** Checks that the weight has the shape of the input. */
export function checkElementWeight(weight: Tensor, input: Tensor): void {
  if (!sameShape(weight.shape, input.shape)) throw new ValueError('Weights and input must have the same size.');
}

/** Checks the reduction of a loss with element weights. */
export function checkWeightedReduction(reduction: Reduction): void {
  checkReduction(reduction, `Invalid reduction mode: ${String(reduction)}. Expected one of 'none', 'mean', 'sum'.`);
}
