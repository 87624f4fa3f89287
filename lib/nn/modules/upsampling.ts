/** Layers that resize images and rearrange their channels. */

import { checkNumbers, copyDense, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { describeType } from '../../describe';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import { interpolate } from '../functional/interpolation';
import type { InterpolationMode, UpsampleOptions } from '../functional/interpolation';
import { Module } from '../module';
import { optionsRepr, pythonFloat, pythonRepr } from '../module-text';

/** The options of {@link Upsample}. */
export interface UpsampleLayerOptions extends UpsampleOptions {
  /** Whether to recompute the scale from the rounded output size. */
  recomputeScaleFactor?: boolean | null;
}

/** Throws a TypeError for a factor or a mode of a wrong type, and a ValueError for an array with holes. */
function checkTargets(name: string, { scaleFactor, mode = 'nearest' }: UpsampleLayerOptions): void {
  const factors = Array.isArray(scaleFactor) ? copyDense(scaleFactor as unknown[]) : [scaleFactor ?? 1];
  const isFactor = factors.every((factor) => typeof factor === 'number');
  if (!isFactor) {
    const expected = 'must be a number or an array of numbers';
    throw new TypeError(`${name}(): argument 'scaleFactor' ${expected}, not ${describeType(scaleFactor)}`);
  }
  if (typeof mode !== 'string') {
    throw new TypeError(`${name}(): argument 'mode' must be a string, not ${describeType(mode)}`);
  }
}

type Targets = [size: number | Size | null, scaleFactor: number | readonly number[] | null];

/**
 * Resizes the spatial dimensions, to a size or by a factor; `torch.nn.Upsample`. Input `(N, C, L)`,
 * `(N, C, H, W)` or `(N, C, D, H, W)`; see `torch.nn.functional.interpolate` for the modes of each.
 *
 * @throws ValueError in a call for options that do not match; NotImplementedError for a mode that does not support
 * this number of dimensions.
 * @example
 * ```ts
 * new torch.nn.Upsample({ scaleFactor: 2 })(torch.tensor([[[1, 2]]])); // [[[1, 1, 2, 2]]]
 * new torch.nn.Upsample({ size: [3, 5], mode: 'bilinear' })(torch.ones(1, 1, 2, 2)).shape; // [1, 1, 3, 5]
 * ```
 */
export class Upsample extends Module {
  readonly size: number | Size | null;
  readonly scaleFactor: number | readonly number[] | null;
  readonly mode: InterpolationMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(
    ...optional: Optional<
      [...Targets, mode: InterpolationMode, alignCorners: boolean | null, recomputeScaleFactor: boolean | null],
      UpsampleLayerOptions
    >
  ) {
    super();
    const names = ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor'] as const;
    const options = readOptions<UpsampleLayerOptions>(new.target.name, optional, names, [], 0);
    checkTargets(new.target.name, options);
    this.size = options.size ?? null;
    this.scaleFactor = options.scaleFactor ?? null;
    this.mode = options.mode ?? 'nearest';
    this.alignCorners = options.alignCorners ?? null;
    this.recomputeScaleFactor = options.recomputeScaleFactor ?? null;
  }

  override forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(input, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }

  override extraRepr(): string {
    const { size, scaleFactor, mode } = this;
    const factor =
      typeof scaleFactor === 'number' ? pythonFloat(scaleFactor) : `(${scaleFactor?.map(pythonFloat).join(', ')})`;
    return `${scaleFactor === null ? `size=${pythonRepr(size)}` : `scale_factor=${factor}`}, mode='${mode}'`;
  }
}

/** The options of {@link UpsamplingNearest2d} and {@link UpsamplingBilinear2d}; one of the two is required. */
export type UpsamplingOptions = Pick<UpsampleOptions, 'size' | 'scaleFactor'>;

const TARGETS = ['size', 'scaleFactor'] as const;

/**
 * Resizes images by repeating elements; `torch.nn.UpsamplingNearest2d`. Deprecated in PyTorch, see
 * {@link Upsample}. Input `(N, C, H, W)`.
 *
 * @throws ValueError in a call unless exactly one of size and scaleFactor is given.
 * @example
 * ```ts
 * new torch.nn.UpsamplingNearest2d({ scaleFactor: 2 })(torch.ones(1, 1, 2, 2)).shape; // [1, 1, 4, 4]
 * ```
 */
export class UpsamplingNearest2d extends Upsample {
  constructor(...optional: Optional<Targets, UpsamplingOptions>) {
    super({ ...readOptions<UpsamplingOptions>('UpsamplingNearest2d', optional, TARGETS, [], 0), mode: 'nearest' });
  }
}

/**
 * Resizes images by bilinear interpolation between aligned corners; `torch.nn.UpsamplingBilinear2d`. Deprecated in
 * PyTorch, see {@link Upsample}. Input `(N, C, H, W)`.
 *
 * @throws ValueError in a call unless exactly one of size and scaleFactor is given.
 * @example
 * ```ts
 * new torch.nn.UpsamplingBilinear2d(3)(torch.tensor([[[[0, 2], [4, 6]]]]));
 * // [[[[0, 1, 2], [2, 3, 4], [4, 5, 6]]]]
 * ```
 */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...optional: Optional<Targets, UpsamplingOptions>) {
    const options = readOptions<UpsamplingOptions>('UpsamplingBilinear2d', optional, TARGETS, [], 0);
    super({ ...options, mode: 'bilinear', alignCorners: true });
  }
}

/**
 * Moves groups of channels into the spatial dimensions; `torch.nn.PixelShuffle`. Input `(..., C * r^2, H, W)`,
 * output `(..., C, H * r, W * r)`, where r is `upscaleFactor`.
 *
 * @throws RuntimeError for a number of channels that is not divisible by r^2.
 * @example
 * ```ts
 * new torch.nn.PixelShuffle(2)(torch.arange(4).view(4, 1, 1)); // [[[0, 1], [2, 3]]]
 * ```
 */
export class PixelShuffle extends Module {
  constructor(readonly upscaleFactor: number) {
    super();
    checkNumbers('PixelShuffle', { upscaleFactor });
  }

  override forward(input: Tensor): Tensor {
    return nnFunctionalFunctions.pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return optionsRepr({ upscale_factor: this.upscaleFactor });
  }
}

/**
 * Moves blocks of pixels into channels, the inverse of {@link PixelShuffle}; `torch.nn.PixelUnshuffle`. Input
 * `(..., C, H * r, W * r)`, output `(..., C * r^2, H, W)`, where r is `downscaleFactor`.
 *
 * @throws RuntimeError for a height or width that is not divisible by r.
 * @example
 * ```ts
 * new torch.nn.PixelUnshuffle(2)(torch.arange(4).view(1, 2, 2)); // [[[0]], [[1]], [[2]], [[3]]]
 * ```
 */
export class PixelUnshuffle extends Module {
  constructor(readonly downscaleFactor: number) {
    super();
    checkNumbers('PixelUnshuffle', { downscaleFactor });
  }

  override forward(input: Tensor): Tensor {
    return nnFunctionalFunctions.pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return optionsRepr({ downscale_factor: this.downscaleFactor });
  }
}

/**
 * Interleaves groups of channels; `torch.nn.ChannelShuffle`. Input `(N, C, ...)`.
 *
 * @throws RuntimeError for a number of channels that is not divisible by `groups`.
 * @example
 * ```ts
 * new torch.nn.ChannelShuffle(2)(torch.arange(4).view(1, 4, 1)); // [[[0], [2], [1], [3]]]
 * ```
 */
export class ChannelShuffle extends Module {
  constructor(readonly groups: number) {
    super();
    checkNumbers('ChannelShuffle', { groups });
  }

  override forward(input: Tensor): Tensor {
    return torchFunctions.channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return optionsRepr({ groups: this.groups });
  }
}
