/** Dropout layers: randomly zero parts of the input in training mode. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from '../functional/dropout';
import { Module } from '../module';
import { optionsRepr } from '../module-text';

/** The options of the dropout layers. */
export interface DropoutLayerOptions {
  /** The probability of zeroing; 0.5 by default. */
  p?: number;
  /** Whether the result overwrites the input; false by default. */
  inplace?: boolean;
}

abstract class DropoutNd extends Module {
  p: number;
  readonly inplace: boolean;

  constructor(...optional: Optional<[p: number, inplace: boolean], DropoutLayerOptions>) {
    super();
    const names = ['p', 'inplace'] as const;
    const { p = 0.5, inplace = false } = readOptions<DropoutLayerOptions>(new.target.name, optional, names, [], 0);
    checkNumbers(new.target.name, { p });
    if (p < 0 || p > 1) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
    this.p = p;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return optionsRepr({ p: this.p, inplace: this.inplace });
  }
}

/**
 * In training, zeroes each element with probability `p` and scales the others by `1 / (1 - p)`;
 * `torch.nn.Dropout`. Any floating-point input. Under `vmap`, the option `randomness` is required.
 *
 * @throws ValueError unless p is between 0 and 1.
 * @example
 * ```ts
 * new torch.nn.Dropout(0.2).eval()(torch.ones(3)); // [1, 1, 1]
 * ```
 */
export class Dropout extends DropoutNd {
  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.inplace);
  }
}

/** In training, zeroes whole channels of sequences; `torch.nn.Dropout1d`. Input `(N, C, L)` or `(C, L)`. */
export class Dropout1d extends DropoutNd {
  override forward(input: Tensor): Tensor {
    return dropout1d(input, this.p, this.training, this.inplace);
  }
}

/** In training, zeroes whole channels of images; `torch.nn.Dropout2d`. Input `(N, C, H, W)`. */
export class Dropout2d extends DropoutNd {
  override forward(input: Tensor): Tensor {
    return dropout2d(input, this.p, this.training, this.inplace);
  }
}

/** In training, zeroes whole channels of volumes; `torch.nn.Dropout3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`. */
export class Dropout3d extends DropoutNd {
  override forward(input: Tensor): Tensor {
    return dropout3d(input, this.p, this.training, this.inplace);
  }
}

/** Dropout that preserves mean and variance of SELU outputs; `torch.nn.AlphaDropout`. */
export class AlphaDropout extends DropoutNd {
  override forward(input: Tensor): Tensor {
    return alphaDropout(input, this.p, this.training);
  }
}

/** {@link AlphaDropout} of whole channels; `torch.nn.FeatureAlphaDropout`. */
export class FeatureAlphaDropout extends DropoutNd {
  override forward(input: Tensor): Tensor {
    return featureAlphaDropout(input, this.p, this.training);
  }
}
