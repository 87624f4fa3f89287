/** Softmax layers. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { logSoftmax, softmax, softmin } from '../functional/softmax';
import { Module } from '../module';
import { optionsRepr } from '../module-text';

/** The options of {@link Softmax}, {@link Softmin} and {@link LogSoftmax}. */
export interface SoftmaxLayerOptions {
  /** The dimension along which results sum to 1. If omitted, a dimension is guessed with a warning. */
  dim?: number | null;
}

abstract class DimActivation extends Module {
  readonly dim: number | null;

  constructor(...optional: Optional<[dim: number | null], SoftmaxLayerOptions>) {
    super();
    this.dim = readOptions<SoftmaxLayerOptions>(new.target.name, optional, ['dim'], [], 0).dim ?? null;
  }

  override extraRepr(): string {
    return optionsRepr({ dim: this.dim });
  }
}

/**
 * `exp(x)` divided by its sum along a dimension; `torch.nn.Softmax`.
 *
 * @example
 * ```ts
 * new torch.nn.Softmax({ dim: 0 })(torch.zeros(2)); // [0.5, 0.5]
 * ```
 */
export class Softmax extends DimActivation {
  override forward(input: Tensor): Tensor {
    return softmax(input, this.dim);
  }
}

/** The softmax of `-x`; `torch.nn.Softmin`. */
export class Softmin extends DimActivation {
  override forward(input: Tensor): Tensor {
    return softmin(input, this.dim);
  }
}

/** The logarithm of the softmax; `torch.nn.LogSoftmax`. */
export class LogSoftmax extends DimActivation {
  override forward(input: Tensor): Tensor {
    return logSoftmax(input, this.dim);
  }
}

/**
 * The softmax over the channels of each pixel; `torch.nn.Softmax2d`. Input `(N, C, H, W)` or `(C, H, W)`.
 *
 * @throws ValueError for an input with another number of dimensions.
 * @example
 * ```ts
 * new torch.nn.Softmax2d()(torch.zeros(2, 1, 1)); // [[[0.5]], [[0.5]]]
 * ```
 */
export class Softmax2d extends Module {
  override forward(input: Tensor): Tensor {
    checkTensors('Softmax2d', { input });
    const dim = input.dim();
    if (dim !== 3 && dim !== 4) throw new ValueError(`Softmax2d: expected input to be 3D or 4D, got ${dim}D instead`);
    return softmax(input, -3);
  }
}
