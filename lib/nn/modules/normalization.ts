/** Norms without running statistics: layer norm, group norm, RMS norm. */

import { checkList, checkNumbers, copyDense, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { groupNorm, layerNorm, localResponseNorm, rmsNorm } from '../functional/normalization';
import { ones_, zeros_ } from '../init';
import { Module } from '../module';
import { optionsRepr, pythonFloat, pythonRepr } from '../module-text';
import type { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';

function shapeOf(layer: string, normalizedShape: number | Size): number[] {
  if (typeof normalizedShape === 'number') return [normalizedShape];
  checkList(layer, 'normalizedShape', normalizedShape);
  return copyDense(normalizedShape) as number[];
}

/** The options of {@link LayerNorm}. */
export interface LayerNormOptions extends FactoryOptions {
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
  /** Whether each element has a learned scale and shift; true by default. */
  elementwiseAffine?: boolean;
  /** Whether an affine norm has a shift; true by default. */
  bias?: boolean;
}

/**
 * Normalizes over the last dimensions; `torch.nn.LayerNorm`. Any input whose shape ends with
 * `normalizedShape`.
 *
 * @example
 * ```ts
 * new torch.nn.LayerNorm(2)(torch.tensor([[1, 3], [5, 9]])); // [[-1, 1], [-1, 1]]
 * ```
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  /** The scale, of the normalized shape; null if the norm is not affine. */
  weight: Parameter | null;
  /** The shift, of the normalized shape; null if the norm is not affine or has no bias. */
  bias: Parameter | null;

  constructor(
    normalizedShape: number | Size,
    ...optional: Optional<
      [eps: number, elementwiseAffine: boolean, bias: boolean, device: DeviceLike | null, dtype: Dtype | null],
      LayerNormOptions
    >
  ) {
    super();
    const names = ['eps', 'elementwiseAffine', 'bias', 'device', 'dtype'] as const;
    const {
      eps = 1e-5,
      elementwiseAffine = true,
      bias = true,
      ...factory
    } = readOptions<LayerNormOptions>('LayerNorm', optional, names);
    this.normalizedShape = shapeOf('LayerNorm', normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    const parameter = (isThere: boolean) => (isThere ? emptyParameter(this.normalizedShape, factory) : null);
    this.weight = this.registerParameter('weight', parameter(elementwiseAffine));
    this.bias = this.registerParameter('bias', parameter(elementwiseAffine && bias));
    this.resetParameters();
  }

  /** Resets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const options = { eps: this.eps, elementwise_affine: this.elementwiseAffine, bias: this.bias !== null };
    return `${pythonRepr(this.normalizedShape)}, ${optionsRepr(options)}`;
  }
}

/** The options of {@link GroupNorm}. */
export interface GroupNormOptions extends FactoryOptions {
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
  /** Whether each channel has a learned scale and shift; true by default. */
  affine?: boolean;
  /** Whether an affine norm has a shift; true by default. */
  bias?: boolean;
}

/**
 * Normalizes each of `numGroups` groups of channels; `torch.nn.GroupNorm`. Input `(N, C, ...)`.
 *
 * @throws ValueError unless the number of channels is divisible by `numGroups`.
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  /** The scale, shape `(numChannels)`; null if the norm is not affine. */
  weight: Parameter | null;
  /** The shift, shape `(numChannels)`; null if the norm is not affine or has no bias. */
  bias: Parameter | null;

  constructor(
    numGroups: number,
    numChannels: number,
    ...optional: Optional<
      [eps: number, affine: boolean, device: DeviceLike | null, dtype: Dtype | null],
      GroupNormOptions
    >
  ) {
    super();
    const names = ['eps', 'affine', 'device', 'dtype'] as const;
    const {
      eps = 1e-5,
      affine = true,
      bias = true,
      ...factory
    } = readOptions<GroupNormOptions>('GroupNorm', optional, names, ['bias'], 2);
    checkNumbers('GroupNorm', { numGroups, numChannels });
    if (numChannels % numGroups !== 0) {
      throw new ValueError(`num_channels (${numChannels}) must be divisible by num_groups (${numGroups})`);
    }
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    const parameter = (isThere: boolean) => (isThere ? emptyParameter([numChannels], factory) : null);
    this.weight = this.registerParameter('weight', parameter(affine));
    this.bias = this.registerParameter('bias', parameter(affine && bias));
    this.resetParameters();
  }

  /** Resets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const options = { eps: this.eps, affine: this.affine, bias: this.bias !== null };
    return `${this.numGroups}, ${this.numChannels}, ${optionsRepr(options)}`;
  }
}

/** The options of {@link RMSNorm}. */
export interface RMSNormOptions extends FactoryOptions {
  /** Added to the mean square; by default the machine epsilon of the dtype. */
  eps?: number | null;
  /** Whether each element has a learned scale; true by default. */
  elementwiseAffine?: boolean;
}

/**
 * Divides by the root mean square over the last dimensions; `torch.nn.RMSNorm`. Any input whose shape ends
 * with `normalizedShape`.
 */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;
  /** The scale, of the normalized shape; null if the norm is not affine. */
  weight: Parameter | null;

  constructor(
    normalizedShape: number | Size,
    ...optional: Optional<
      [eps: number | null, elementwiseAffine: boolean, device: DeviceLike | null, dtype: Dtype | null],
      RMSNormOptions
    >
  ) {
    super();
    const names = ['eps', 'elementwiseAffine', 'device', 'dtype'] as const;
    const {
      eps = null,
      elementwiseAffine = true,
      ...factory
    } = readOptions<RMSNormOptions>('RMSNorm', optional, names);
    this.normalizedShape = shapeOf('RMSNorm', normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = this.registerParameter(
      'weight',
      elementwiseAffine ? emptyParameter(this.normalizedShape, factory) : null,
    );
    this.resetParameters();
  }

  /** Resets the scale to 1. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
  }

  override forward(input: Tensor): Tensor {
    return rmsNorm(input, this.normalizedShape, this.weight, this.eps);
  }

  override extraRepr(): string {
    const options = { eps: this.eps, elementwise_affine: this.elementwiseAffine };
    return `${pythonRepr(this.normalizedShape)}, ${optionsRepr(options)}`;
  }
}

/** The options of {@link LocalResponseNorm} and {@link CrossMapLRN2d}. */
export interface LocalResponseNormLayerOptions {
  /** The scale of the mean square; 1e-4 by default. */
  alpha?: number;
  /** The exponent; 0.75 by default. */
  beta?: number;
  /** The constant term; 1 by default. */
  k?: number;
}

type LocalResponseArguments = Optional<[alpha: number, beta: number, k: number], LocalResponseNormLayerOptions>;

/**
 * Divides by `(k + alpha * mean(x^2))^beta` over `size` neighbouring channels; `torch.nn.LocalResponseNorm`. Input
 * `(N, C, ...)` of at least three dimensions.
 *
 * @throws ValueError in a call for an input with fewer dimensions.
 * @example
 * ```ts
 * const norm = new torch.nn.LocalResponseNorm(1, { alpha: 1, beta: 1, k: 0 });
 * norm(torch.tensor([[[2]], [[4]]])); // [[[0.5]], [[0.25]]]
 * ```
 */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(size: number, ...optional: LocalResponseArguments) {
    super();
    const name = new.target.name;
    const options = readOptions<LocalResponseNormLayerOptions>(name, optional, ['alpha', 'beta', 'k']);
    checkNumbers(name, { size });
    this.size = size;
    this.alpha = options.alpha ?? 1e-4;
    this.beta = options.beta ?? 0.75;
    this.k = options.k ?? 1;
  }

  override forward(input: Tensor): Tensor {
    return localResponseNorm(input, this.size, this.alpha, this.beta, this.k);
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${pythonRepr(this.alpha)}, beta=${pythonRepr(this.beta)}, k=${pythonFloat(this.k)}`;
  }
}

/**
 * The norm of Torch 7 over neighbouring channels of images; `torch.nn.CrossMapLRN2d`. Like
 * {@link LocalResponseNorm} for an odd `size`; an even one has a window of `size - 1` channels, and still divides
 * their sum by `size`. Input `(N, C, H, W)`.
 *
 * @throws ValueError in a call for an input with another number of dimensions.
 * @example
 * ```ts
 * new torch.nn.CrossMapLRN2d(1, { alpha: 1, beta: 1, k: 0 })(torch.tensor([[[[4]]]])); // [[[[0.25]]]]
 * ```
 */
export class CrossMapLRN2d extends LocalResponseNorm {
  override forward(input: Tensor): Tensor {
    checkTensors('CrossMapLRN2d', { input });
    if (input.dim() !== 4) {
      throw new ValueError(`CrossMapLRN2d: Expected input to be 4D, got ${input.dim()}D instead.`);
    }
    const window = 2 * Math.floor((this.size - 1) / 2) + 1;
    return localResponseNorm(input, window, (this.alpha * window) / this.size, this.beta, this.k);
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${pythonRepr(this.alpha)}, beta=${pythonRepr(this.beta)}, k=${pythonRepr(this.k)}`;
  }
}
