/** Max pooling over windows at random positions. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import { checkOptionalTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { fractionalMaxPool2dWithIndices, fractionalMaxPool3dWithIndices } from '../functional/pooling-fractional';
import { expandSize } from '../functional/sizes';
import { Module } from '../module';
import { pythonRepr } from '../module-text';
import type { Pooled } from './pooling-max';

/** The options of {@link FractionalMaxPool2d} and {@link FractionalMaxPool3d}; one of the first two is required. */
export interface FractionalMaxPoolLayerOptions<I extends boolean = boolean> {
  /** The size of the output. */
  outputSize?: number | Size | null;
  /** The size of the output as a fraction of the input's, between 0 and 1. */
  outputRatio?: number | readonly number[] | null;
  /** Whether the layer also returns the positions of the maxima; false by default. */
  returnIndices?: I;
  /** The positions of the windows, uniform numbers; random in each call by default. A buffer of the module. */
  _randomSamples?: Tensor | null;
}

type FractionalArguments<I extends boolean> = Optional<
  [
    outputSize: number | Size | null,
    outputRatio: number | readonly number[] | null,
    returnIndices: I,
    _randomSamples: Tensor | null,
  ],
  FractionalMaxPoolLayerOptions<I>
>;

abstract class FractionalMaxPoolNd<I extends boolean> extends Module {
  readonly kernelSize: Size;
  readonly outputSize: Size | null;
  readonly outputRatio: readonly number[] | null;
  readonly returnIndices: boolean;
  readonly _randomSamples: Tensor | null;

  constructor(rank: number, kernelSize: number | Size, optional: FractionalArguments<I>) {
    super();
    const name = new.target.name;
    const names = ['outputSize', 'outputRatio', 'returnIndices', '_randomSamples'] as const;
    const options = readOptions<FractionalMaxPoolLayerOptions>(name, optional, names);
    const { outputSize = null, outputRatio = null, returnIndices = false, _randomSamples = null } = options;
    checkOptionalTensors(name, { _randomSamples });
    this.kernelSize = expandSize(name, 'kernelSize', kernelSize, rank);
    if (rank === 3 && this.kernelSize.some((size) => size <= 0)) {
      throw new ValueError(`kernel_size must be greater than 0, but got ${pythonRepr(kernelSize)}`);
    }
    if (outputSize === null && outputRatio === null) {
      throw new ValueError(`${name} requires specifying either an output size, or a pooling ratio`);
    }
    if (outputSize !== null && outputRatio !== null) {
      throw new ValueError('only one of output_size and output_ratio may be specified');
    }
    this.outputSize = outputSize === null ? null : expandSize(name, 'outputSize', outputSize, rank);
    this.outputRatio = outputRatio === null ? null : expandSize(name, 'outputRatio', outputRatio, rank);
    if (this.outputRatio !== null && !this.outputRatio.every((ratio) => 0 < ratio && ratio < 1)) {
      throw new ValueError(`output_ratio must be between 0 and 1 (got ${pythonRepr(outputRatio)})`);
    }
    this.returnIndices = returnIndices;
    this._randomSamples = this.registerBuffer('_randomSamples', _randomSamples);
  }

  /** The function that this layer calls. */
  protected abstract readonly pool: typeof fractionalMaxPool2dWithIndices;

  override forward(input: Tensor): Pooled<I> {
    const { outputSize, outputRatio, _randomSamples } = this;
    const pooled = this.pool(input, this.kernelSize, { outputSize, outputRatio, _randomSamples });
    return (this.returnIndices ? pooled : pooled[0]) as Pooled<I>;
  }
}

/**
 * Max pooling over windows at random positions; `torch.nn.FractionalMaxPool2d`. Input `(N, C, H, W)` or
 * `(C, H, W)`. With `returnIndices: true` it returns `[values, indices]`.
 *
 * @throws ValueError unless exactly one of outputSize and outputRatio is given, and ratios are between 0 and 1.
 * @example
 * ```ts
 * new torch.nn.FractionalMaxPool2d(2, { outputRatio: 0.5 })(torch.ones(1, 8, 8)).shape; // [1, 4, 4]
 * ```
 */
export class FractionalMaxPool2d<I extends boolean = false> extends FractionalMaxPoolNd<I> {
  constructor(kernelSize: number | Size, ...optional: FractionalArguments<I>) {
    super(2, kernelSize, optional);
  }

  protected override get pool() {
    return fractionalMaxPool2dWithIndices;
  }
}

/**
 * Max pooling over windows at random positions; `torch.nn.FractionalMaxPool3d`. Input `(N, C, D, H, W)` or
 * `(C, D, H, W)`. With `returnIndices: true` it returns `[values, indices]`.
 *
 * @throws ValueError unless exactly one of outputSize and outputRatio is given, and ratios are between 0 and 1.
 * @example
 * ```ts
 * new torch.nn.FractionalMaxPool3d(2, { outputSize: 3 })(torch.ones(1, 8, 8, 8)).shape; // [1, 3, 3, 3]
 * ```
 */
export class FractionalMaxPool3d<I extends boolean = false> extends FractionalMaxPoolNd<I> {
  constructor(kernelSize: number | Size, ...optional: FractionalArguments<I>) {
    super(3, kernelSize, optional);
  }

  protected override get pool() {
    return fractionalMaxPool3dWithIndices;
  }
}
