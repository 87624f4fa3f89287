/** Convolutions. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { quoted } from '../../describe';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { ValueError } from '../../errors';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import { expandSize } from '../functional/sizes';
import { pad } from '../functional/windows';
import { Module } from '../module';
import { optionsRepr } from '../module-text';
import type { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';
import { drawWeightAndBias } from './reset';

/** The values that a convolution uses beyond the edges of its input. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

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

type ConvArguments = Optional<
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

const OPTIONS = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode', 'device', 'dtype'] as const;
const PADDING_MODES = ['zeros', 'reflect', 'replicate', 'circular'];

/** The common base of the one-, two- and three-dimensional convolutions. */
abstract class ConvNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  /** Shape `(outChannels, inChannels / groups, ...kernelSize)`. */
  weight: Parameter;
  /** Shape `(outChannels)`; null without a bias. */
  bias: Parameter | null;

  constructor(
    rank: number,
    inChannels: number,
    outChannels: number,
    kernelSize: number | Size,
    optional: readonly unknown[],
  ) {
    super();
    const name = `Conv${rank}d`;
    const options = readOptions<ConvOptions>(name, optional, OPTIONS, [], 3);
    const { padding = 0, groups = 1, bias = true, paddingMode = 'zeros', device, dtype } = options;
    checkNumbers(name, { inChannels, outChannels, groups });
    if (groups <= 0) throw new ValueError('groups must be a positive integer');
    if (inChannels % groups !== 0) throw new ValueError('in_channels must be divisible by groups');
    if (outChannels % groups !== 0) throw new ValueError('out_channels must be divisible by groups');
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = expandSize(name, 'kernelSize', kernelSize, rank);
    this.stride = expandSize(name, 'stride', options.stride ?? 1, rank);
    this.padding = typeof padding === 'string' ? padding : expandSize(name, 'padding', padding, rank);
    this.dilation = expandSize(name, 'dilation', options.dilation ?? 1, rank);
    this.groups = groups;
    this.paddingMode = paddingMode;
    if (typeof padding === 'string' && padding !== 'same' && padding !== 'valid') {
      throw new ValueError(`Invalid padding string '${String(padding)}', should be one of {'same', 'valid'}`);
    }
    if (padding === 'same' && this.stride.some((stride) => stride !== 1)) {
      throw new ValueError("padding='same' is not supported for strided convolutions");
    }
    if (!PADDING_MODES.includes(paddingMode)) {
      throw new ValueError(
        `padding_mode must be one of {${quoted(PADDING_MODES)}}, but got padding_mode='${String(paddingMode)}'`,
      );
    }
    this.weight = emptyParameter([outChannels, inChannels / groups, ...this.kernelSize], { device, dtype });
    this.bias = this.registerParameter('bias', bias ? emptyParameter([outChannels], { device, dtype }) : null);
    this.resetParameters();
  }

  /** Reinitialises the parameters. */
  resetParameters(): void {
    drawWeightAndBias(this.weight, this.bias);
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

  override extraRepr(): string {
    const { padding, dilation, groups } = this;
    const some = (values: readonly number[] | string, usual: number): boolean =>
      typeof values === 'string' || values.some((value) => value !== usual);
    const more = {
      kernel_size: this.kernelSize,
      stride: this.stride,
      ...(some(padding, 0) && typeof padding !== 'string' ? { padding } : {}),
    };
    const rest = {
      ...(some(dilation, 1) ? { dilation } : {}),
      ...(groups !== 1 ? { groups } : {}),
      ...(this.bias === null ? { bias: false } : {}),
    };
    // Python prints these two without quotes.
    const texts = [
      `${this.inChannels}, ${this.outChannels}`,
      optionsRepr(more),
      typeof padding === 'string' ? `padding=${padding}` : '',
      optionsRepr(rest),
      this.paddingMode === 'zeros' ? '' : `padding_mode=${this.paddingMode}`,
    ];
    return texts.filter((text) => text !== '').join(', ');
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
