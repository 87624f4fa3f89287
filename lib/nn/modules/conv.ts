/** Convolutions. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import { pad } from '../functional/windows';
import { ConvBase } from './conv-base';
import type { PaddingMode } from './conv-base';
import type { FactoryOptions } from './factory';

/** The options of {@link Conv1d}, {@link Conv2d} and {@link Conv3d}; a number stands for all dimensions. */
export interface ConvOptions extends FactoryOptions {
  /** The step of the kernel; 1 by default. */
  stride?: number | Size;
  /** The padding on both sides, 0 by default; `'same'` keeps the size, `'valid'` means no padding. */
  padding?: number | Size | 'same' | 'valid';
  /** The distance between the elements of the kernel; 1 by default. */
  dilation?: number | Size;
  /** The number of groups of channels; each group is convolved separately; 1 by default. */
  groups?: number;
  /** Whether to add a learned bias to each output channel; true by default. */
  bias?: boolean;
  /** The values beyond the edges; `'zeros'` by default. */
  paddingMode?: PaddingMode;
}

/** The optional arguments of a convolution, in Python's order. */
export type ConvArguments = Optional<
  [
    stride: number | Size,
    padding: number | Size | 'same' | 'valid',
    dilation: number | Size,
    groups: number,
    bias: boolean,
    paddingMode: PaddingMode,
    device: DeviceLike | null,
    dtype: Dtype | null,
  ],
  ConvOptions
>;

/** The names of the options in Python's order. @internal */
export const CONV_OPTIONS = [
  'stride',
  'padding',
  'dilation',
  'groups',
  'bias',
  'paddingMode',
  'device',
  'dtype',
] as const;

/** The common base of the one-, two- and three-dimensional convolutions. */
abstract class ConvNd extends ConvBase {
  constructor(
    rank: number,
    inChannels: number,
    outChannels: number,
    kernelSize: number | Size,
    optional: readonly unknown[],
  ) {
    const name = `Conv${rank}d`;
    const options = readOptions<ConvOptions>(name, optional, CONV_OPTIONS, [], 3);
    super({ name, rank, inChannels, outChannels, kernelSize, isTransposed: false }, options);
  }

  // The padding in the order of pad(): the last dimension first, before and after.
  #amounts(): number[] {
    const { padding, dilation, kernelSize } = this;
    return kernelSize
      .map((size, i): [number, number] => {
        if (typeof padding !== 'string') return [padding[i], padding[i]];
        const total = padding === 'same' ? dilation[i] * (size - 1) : 0;
        return [Math.floor(total / 2), total - Math.floor(total / 2)];
      })
      .reverse()
      .flat();
  }

  /** The padded input, and the padding that remains for the operator. */
  protected padded(input: Tensor): [Tensor, number | readonly number[] | string] {
    if (this.paddingMode === 'zeros') return [input, this.padding];
    return [pad(input, this.#amounts(), this.paddingMode), 0];
  }
}

/**
 * A convolution over sequences; `torch.nn.Conv1d`. Input `(N, C, L)` or `(C, L)`.
 *
 * @throws ValueError for options that contradict each other.
 */
export class Conv1d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: number | Size, ...optional: ConvArguments) {
    super(1, inChannels, outChannels, kernelSize, optional);
  }

  override forward(input: Tensor): Tensor {
    const [padded, padding] = this.padded(input);
    return torchFunctions.conv1d(
      ...([padded, this.weight, this.bias, this.stride, padding as number, this.dilation, this.groups] as const),
    );
  }
}

/**
 * A convolution over images; `torch.nn.Conv2d`. Input `(N, C, H, W)` or `(C, H, W)`.
 *
 * @throws ValueError for options that contradict each other.
 * @example
 * ```ts
 * const layer = new torch.nn.Conv2d(3, 8, 3, { padding: 'same' });
 * layer(torch.zeros(1, 3, 5, 5)).shape; // [1, 8, 5, 5]
 * String(layer); // 'Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same)'
 * ```
 */
export class Conv2d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: number | Size, ...optional: ConvArguments) {
    super(2, inChannels, outChannels, kernelSize, optional);
  }

  override forward(input: Tensor): Tensor {
    const [padded, padding] = this.padded(input);
    return torchFunctions.conv2d(
      ...([padded, this.weight, this.bias, this.stride, padding as number, this.dilation, this.groups] as const),
    );
  }
}

/**
 * A convolution over volumes; `torch.nn.Conv3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`.
 *
 * @throws ValueError for options that contradict each other.
 */
export class Conv3d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: number | Size, ...optional: ConvArguments) {
    super(3, inChannels, outChannels, kernelSize, optional);
  }

  override forward(input: Tensor): Tensor {
    const [padded, padding] = this.padded(input);
    return torchFunctions.conv3d(
      ...([padded, this.weight, this.bias, this.stride, padding as number, this.dilation, this.groups] as const),
    );
  }
}
