/** The common base of convolutions and transposed convolutions. */

import { checkNumbers } from '../../arguments';
import { quoted } from '../../describe';
import { ValueError } from '../../errors';
import type { Size } from '../../types';
import { expandSize } from '../functional/sizes';
import { Module } from '../module';
import { optionsRepr } from '../module-text';
import type { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';
import { drawWeightAndBias } from './reset';

/** The values that a convolution uses beyond the edges of its input. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

const PADDING_MODES = ['zeros', 'reflect', 'replicate', 'circular'];

/** What the class and the required arguments of a constructor say. */
interface ConvShape {
  name: string;
  rank: number;
  inChannels: number;
  outChannels: number;
  kernelSize: number | Size;
  isTransposed: boolean;
}

interface ConvBaseOptions extends FactoryOptions {
  stride?: number | Size;
  padding?: number | Size | 'same' | 'valid';
  outputPadding?: number | Size;
  dilation?: number | Size;
  groups?: number;
  bias?: boolean;
  paddingMode?: PaddingMode;
}

/** The common base of convolutions and transposed convolutions of all ranks. */
export abstract class ConvBase extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  /** Whether the convolution is transposed. */
  readonly transposed: boolean;
  /** What a transposed convolution adds to one side of its output; zeros for others. */
  readonly outputPadding: readonly number[];
  /**
   * Shape `(outChannels, inChannels / groups, ...kernelSize)`; of a transposed convolution
   * `(inChannels, outChannels / groups, ...kernelSize)`.
   */
  weight: Parameter;
  /** Shape `(outChannels)`; null without a bias. */
  bias: Parameter | null;

  constructor(shape: ConvShape, options: ConvBaseOptions) {
    super();
    const { name, rank, inChannels, outChannels, isTransposed } = shape;
    const { padding = 0, groups = 1, bias = true, paddingMode = 'zeros', device, dtype } = options;
    checkNumbers(name, { inChannels, outChannels, groups });
    if (isTransposed && paddingMode !== 'zeros') {
      throw new ValueError(`Only "zeros" padding mode is supported for ${name}`);
    }
    if (groups <= 0) throw new ValueError('groups must be a positive integer');
    if (inChannels % groups !== 0) throw new ValueError('in_channels must be divisible by groups');
    if (outChannels % groups !== 0) throw new ValueError('out_channels must be divisible by groups');
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = expandSize(name, 'kernelSize', shape.kernelSize, rank);
    this.stride = expandSize(name, 'stride', options.stride ?? 1, rank);
    this.padding = typeof padding === 'string' ? padding : expandSize(name, 'padding', padding, rank);
    this.dilation = expandSize(name, 'dilation', options.dilation ?? 1, rank);
    this.outputPadding = expandSize(name, 'outputPadding', options.outputPadding ?? 0, rank);
    this.groups = groups;
    this.paddingMode = paddingMode;
    this.transposed = isTransposed;
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
    this.weight = emptyParameter(this.weightShape(), { device, dtype });
    this.bias = this.registerParameter('bias', bias ? emptyParameter([outChannels], { device, dtype }) : null);
    this.resetParameters();
  }

  /** The shape of the weight for the numbers of channels. @internal */
  weightShape(): Size {
    const { inChannels, outChannels, groups, kernelSize } = this;
    return this.transposed
      ? [inChannels, outChannels / groups, ...kernelSize]
      : [outChannels, inChannels / groups, ...kernelSize];
  }

  /** Reinitialises the parameters. */
  resetParameters(): void {
    drawWeightAndBias(this.weight, this.bias);
  }

  override extraRepr(): string {
    const { padding, dilation, outputPadding, groups } = this;
    const some = (values: readonly number[] | string, usual: number): boolean =>
      typeof values === 'string' || values.some((value) => value !== usual);
    const more = {
      kernel_size: this.kernelSize,
      stride: this.stride,
      ...(some(padding, 0) && typeof padding !== 'string' ? { padding } : {}),
    };
    const rest = {
      ...(some(dilation, 1) ? { dilation } : {}),
      ...(some(outputPadding, 0) ? { output_padding: outputPadding } : {}),
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
