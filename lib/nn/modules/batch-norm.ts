/** Batch normalisation layers. */

import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { batchNorm } from '../functional/normalization';
import { ChannelNorm } from './norm-base';
import type { ChannelNormArguments } from './norm-base';

/** The common base of all batch norms; `torch.func.replaceAllBatchNormModules_` searches for it. */
export abstract class BatchNorm extends ChannelNorm {
  /** Throws a ValueError for an input with the wrong number of dimensions. */
  protected abstract checkInputDim(input: Tensor): void;

  override forward(input: Tensor): Tensor {
    checkTensors(this.constructor.name, { input });
    this.checkInputDim(input);
    const { runningMean, runningVar, numBatchesTracked, training, trackRunningStats } = this;
    let factor = this.momentum ?? 0;
    if (training && trackRunningStats && numBatchesTracked !== null) {
      numBatchesTracked.add_(1);
      factor = this.momentum ?? 1 / numBatchesTracked.item();
    }
    // In evaluation mode without running statistics, use the batch statistics.
    const ofBatch = training || (runningMean === null && runningVar === null);
    const passed = !training || trackRunningStats;
    return batchNorm(
      ...([input, passed ? runningMean : null, passed ? runningVar : null, this.weight, this.bias] as const),
      ...([ofBatch, factor, this.eps] as const),
    );
  }
}

function checkDim(input: Tensor, allowed: readonly number[]): void {
  if (!allowed.includes(input.dim())) {
    throw new ValueError(`expected ${allowed.map((dim) => `${dim}D`).join(' or ')} input (got ${input.dim()}D input)`);
  }
}

/**
 * Normalizes each channel over the batch; `torch.nn.BatchNorm1d`. Input `(N, C)` or `(N, C, L)`. In training
 * the running statistics are updated in place; `vmap` requires batched statistics for that, or none: see
 * `torch.func.replaceAllBatchNormModules_`.
 *
 * @throws ValueError for an input with another number of dimensions.
 * @example
 * ```ts
 * const norm = new torch.nn.BatchNorm1d(2);
 * norm(torch.tensor([[0, 2], [2, 6]])); // [[-1, -1], [1, 1]]
 * norm.runningMean; // [0.1, 0.4]
 * ```
 */
export class BatchNorm1d extends BatchNorm {
  constructor(numFeatures: number, ...optional: ChannelNormArguments) {
    super('BatchNorm1d', numFeatures, optional, true);
  }

  protected override checkInputDim(input: Tensor): void {
    checkDim(input, [2, 3]);
  }
}

/**
 * Normalizes each channel over the batch; `torch.nn.BatchNorm2d`. Input `(N, C, H, W)`.
 *
 * @throws ValueError for an input with another number of dimensions.
 */
export class BatchNorm2d extends BatchNorm {
  constructor(numFeatures: number, ...optional: ChannelNormArguments) {
    super('BatchNorm2d', numFeatures, optional, true);
  }

  protected override checkInputDim(input: Tensor): void {
    checkDim(input, [4]);
  }
}

/**
 * Normalizes each channel over the batch; `torch.nn.BatchNorm3d`. Input `(N, C, D, H, W)`.
 *
 * @throws ValueError for an input with another number of dimensions.
 */
export class BatchNorm3d extends BatchNorm {
  constructor(numFeatures: number, ...optional: ChannelNormArguments) {
    super('BatchNorm3d', numFeatures, optional, true);
  }

  protected override checkInputDim(input: Tensor): void {
    checkDim(input, [5]);
  }
}
