/** Max unpooling: writes maxima back to their positions. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from '../functional/pooling';
import { expandSize } from '../functional/sizes';
import { Module } from '../module';
import { optionsRepr } from '../module-text';

/** The options of {@link MaxUnpool1d}, {@link MaxUnpool2d} and {@link MaxUnpool3d}. */
export interface MaxUnpoolLayerOptions {
  /** The step of the pooling window; the kernel size by default. */
  stride?: number | Size | null;
  /** The padding of the pooling; 0 by default. */
  padding?: number | Size;
}

type MaxUnpoolArguments = Optional<[stride: number | Size | null, padding: number | Size], MaxUnpoolLayerOptions>;

abstract class MaxUnpoolNd extends Module {
  readonly kernelSize: Size;
  readonly stride: Size;
  readonly padding: Size;

  constructor(rank: number, kernelSize: number | Size, optional: MaxUnpoolArguments) {
    super();
    const name = new.target.name;
    const options = readOptions<MaxUnpoolLayerOptions>(name, optional, ['stride', 'padding']);
    this.kernelSize = expandSize(name, 'kernelSize', kernelSize, rank);
    this.stride = expandSize(name, 'stride', options.stride ?? kernelSize, rank);
    this.padding = expandSize(name, 'padding', options.padding ?? 0, rank);
  }

  override extraRepr(): string {
    return optionsRepr({ kernel_size: this.kernelSize, stride: this.stride, padding: this.padding });
  }
}

/**
 * Writes maxima back to their positions and fills the rest with zeros; `torch.nn.MaxUnpool1d`. Takes what
 * {@link MaxPool1d} with `returnIndices: true` returns, and the output size where several are possible.
 *
 * @throws ValueError for an output size that cannot lead to the pooled size.
 * @example
 * ```ts
 * const pool = new torch.nn.MaxPool1d(2, { returnIndices: true });
 * new torch.nn.MaxUnpool1d(2)(...pool(torch.tensor([[1, 3, 4, 2]]))); // [[0, 3, 4, 0]]
 * ```
 */
export class MaxUnpool1d extends MaxUnpoolNd {
  constructor(kernelSize: number | Size, ...optional: MaxUnpoolArguments) {
    super(1, kernelSize, optional);
  }

  override forward(input: Tensor, indices: Tensor, outputSize: Size | null = null): Tensor {
    return maxUnpool1d(input, indices, this.kernelSize, this.stride, this.padding, outputSize);
  }
}

/**
 * Writes maxima back to their positions and fills the rest with zeros; `torch.nn.MaxUnpool2d`. Takes what
 * {@link MaxPool2d} with `returnIndices: true` returns, and the output size where several are possible.
 *
 * @throws ValueError for an output size that cannot lead to the pooled size.
 * @example
 * ```ts
 * const pool = new torch.nn.MaxPool2d(2, { returnIndices: true });
 * new torch.nn.MaxUnpool2d(2)(...pool(torch.randn(1, 1, 4, 4))).shape; // [1, 1, 4, 4]
 * ```
 */
export class MaxUnpool2d extends MaxUnpoolNd {
  constructor(kernelSize: number | Size, ...optional: MaxUnpoolArguments) {
    super(2, kernelSize, optional);
  }

  override forward(input: Tensor, indices: Tensor, outputSize: Size | null = null): Tensor {
    return maxUnpool2d(input, indices, this.kernelSize, this.stride, this.padding, outputSize);
  }
}

/**
 * Writes maxima back to their positions and fills the rest with zeros; `torch.nn.MaxUnpool3d`. Takes what
 * {@link MaxPool3d} with `returnIndices: true` returns, and the output size where several are possible.
 *
 * @throws ValueError for an output size that cannot lead to the pooled size.
 * @example
 * ```ts
 * const pool = new torch.nn.MaxPool3d(2, { returnIndices: true });
 * new torch.nn.MaxUnpool3d(2)(...pool(torch.randn(1, 1, 4, 4, 4))).shape; // [1, 1, 4, 4, 4]
 * ```
 */
export class MaxUnpool3d extends MaxUnpoolNd {
  constructor(kernelSize: number | Size, ...optional: MaxUnpoolArguments) {
    super(3, kernelSize, optional);
  }

  override forward(input: Tensor, indices: Tensor, outputSize: Size | null = null): Tensor {
    return maxUnpool3d(input, indices, this.kernelSize, this.stride, this.padding, outputSize);
  }
}
