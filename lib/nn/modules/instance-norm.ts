/** Instance normalisation layers. */

import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { emitLibtorchWarning } from '../../warnings';
import { instanceNorm } from '../functional/normalization';
import { ChannelNorm } from './norm-base';
import type { ChannelNormArguments } from './norm-base';

abstract class InstanceNorm extends ChannelNorm {
  /** The number of dimensions of one sample: channels and spatial dimensions. */
  protected abstract readonly sampleDim: number;

  #normalized(input: Tensor): Tensor {
    const { runningMean, runningVar, weight, bias } = this;
    const ofInput = this.training || !this.trackRunningStats;
    return instanceNorm(input, {
      runningMean,
      runningVar,
      weight,
      bias,
      useInputStats: ofInput,
      momentum: this.momentum ?? 0,
      eps: this.eps,
    });
  }

  override forward(input: Tensor): Tensor {
    checkTensors(this.constructor.name, { input });
    const [dim, sample] = [input.dim(), this.sampleDim];
    if (dim !== sample && dim !== sample + 1) {
      throw new ValueError(`expected ${sample}D or ${sample + 1}D input (got ${dim}D input)`);
    }
    const channels = dim - sample;
    if (input.size(channels) !== this.numFeatures) {
      if (this.affine) {
        throw new ValueError(
          `expected input's size at dim=${channels} to match num_features (${this.numFeatures}), but got: ${input.size(channels)}.`,
        );
      }
      emitLibtorchWarning(
        'UserWarning',
        `input's size at dim=${channels} does not match num_features. You can silence this warning by not passing in num_features, which is not used because affine=False`,
      );
    }
    return channels === 0 ? this.#normalized(input.unsqueeze(0)).squeeze(0) : this.#normalized(input);
  }
}

/**
 * Normalizes each channel of each sample; `torch.nn.InstanceNorm1d`. Input `(N, C, L)` or `(C, L)`. By default
 * it is not affine and has no running statistics.
 *
 * @throws ValueError for an input with another number of dimensions, or of channels if the norm is affine.
 */
export class InstanceNorm1d extends InstanceNorm {
  constructor(numFeatures: number, ...optional: ChannelNormArguments) {
    super('InstanceNorm1d', numFeatures, optional, false);
  }

  protected override get sampleDim(): number {
    return 2;
  }
}

/**
 * Normalizes each channel of each sample; `torch.nn.InstanceNorm2d`. Input `(N, C, H, W)` or `(C, H, W)`.
 *
 * @throws ValueError for an input with another number of dimensions, or of channels if the norm is affine.
 */
export class InstanceNorm2d extends InstanceNorm {
  constructor(numFeatures: number, ...optional: ChannelNormArguments) {
    super('InstanceNorm2d', numFeatures, optional, false);
  }

  protected override get sampleDim(): number {
    return 3;
  }
}

/**
 * Normalizes each channel of each sample; `torch.nn.InstanceNorm3d`. Input `(N, C, D, H, W)` or
 * `(C, D, H, W)`.
 *
 * @throws ValueError for an input with another number of dimensions, or of channels if the norm is affine.
 */
export class InstanceNorm3d extends InstanceNorm {
  constructor(numFeatures: number, ...optional: ChannelNormArguments) {
    super('InstanceNorm3d', numFeatures, optional, false);
  }

  protected override get sampleDim(): number {
    return 4;
  }
}
