/** Pooling layers: the maximum or the mean of each window. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { nnFunctionalFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import { adaptiveAvgPool2d } from '../functional/pooling';
import { maxPool1d, maxPool2d } from '../functional/pooling-max';
import { Module } from '../module';
import { optionsRepr } from '../module-text';

/** The options of {@link MaxPool1d} and {@link MaxPool2d}. */
export interface MaxPoolLayerOptions {
  /** The step of the window; the kernel size by default. */
  stride?: number | Size | null;
  /** The padding at each end; 0 by default. */
  padding?: number | Size;
  /** The step between elements of the window; 1 by default. */
  dilation?: number | Size;
  /** Whether the output size is rounded up; false by default. */
  ceilMode?: boolean;
}

type MaxPoolArguments = Optional<
  [stride: number | Size | null, padding: number | Size, dilation: number | Size],
  MaxPoolLayerOptions
>;

abstract class MaxPoolNd extends Module {
  readonly kernelSize: number | Size;
  readonly stride: number | Size;
  readonly padding: number | Size;
  readonly dilation: number | Size;
  readonly ceilMode: boolean;

  constructor(kernelSize: number | Size, ...optional: MaxPoolArguments) {
    super();
    const names = ['stride', 'padding', 'dilation'] as const;
    const options = readOptions<MaxPoolLayerOptions>(new.target.name, optional, names, ['ceilMode']);
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? kernelSize;
    this.padding = options.padding ?? 0;
    this.dilation = options.dilation ?? 1;
    this.ceilMode = options.ceilMode ?? false;
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return optionsRepr({ kernel_size: kernelSize, stride, padding, dilation, ceil_mode: ceilMode });
  }
}

/** The maximum of each window; `torch.nn.MaxPool1d`. Input `(N, C, L)` or `(C, L)`. */
export class MaxPool1d extends MaxPoolNd {
  override forward(input: Tensor): Tensor {
    const { stride, padding, dilation, ceilMode } = this;
    return maxPool1d(input, this.kernelSize, { stride, padding, dilation, ceilMode });
  }
}

/**
 * The maximum of each window; `torch.nn.MaxPool2d`. Input `(N, C, H, W)` or `(C, H, W)`.
 * `torch.nn.functional.maxPool2dWithIndices` also returns the positions.
 *
 * @example
 * ```ts
 * new torch.nn.MaxPool2d(2)(torch.arange(16).view(1, 4, 4)); // [[[5, 7], [13, 15]]]
 * ```
 */
export class MaxPool2d extends MaxPoolNd {
  override forward(input: Tensor): Tensor {
    const { stride, padding, dilation, ceilMode } = this;
    return maxPool2d(input, this.kernelSize, { stride, padding, dilation, ceilMode });
  }
}

/** The options of {@link AvgPool1d} and {@link AvgPool2d}. */
export interface AvgPoolLayerOptions {
  /** The step of the window; the kernel size by default. */
  stride?: number | Size | null;
  /** The padding at each end; 0 by default. */
  padding?: number | Size;
  /** Whether the output size is rounded up; false by default. */
  ceilMode?: boolean;
  /** Whether the mean includes the padding; true by default. */
  countIncludePad?: boolean;
}

type AvgPoolArguments = Optional<
  [stride: number | Size | null, padding: number | Size, ceilMode: boolean, countIncludePad: boolean],
  AvgPoolLayerOptions
>;

abstract class AvgPoolNd extends Module {
  readonly kernelSize: number | Size;
  readonly stride: number | Size;
  readonly padding: number | Size;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  constructor(kernelSize: number | Size, ...optional: AvgPoolArguments) {
    super();
    const names = ['stride', 'padding', 'ceilMode', 'countIncludePad'] as const;
    const options = readOptions<AvgPoolLayerOptions>(new.target.name, optional, names);
    // As in Python: the printed layer shows the difference.
    const shape = (size: number | Size): number | Size =>
      this.keepsTuples && typeof size === 'number' ? [size] : size;
    this.kernelSize = shape(kernelSize);
    this.stride = shape(options.stride ?? kernelSize);
    this.padding = shape(options.padding ?? 0);
    this.ceilMode = options.ceilMode ?? false;
    this.countIncludePad = options.countIncludePad ?? true;
  }

  /** Whether the layer stores sizes as tuples. */
  protected get keepsTuples(): boolean {
    return false;
  }

  override extraRepr(): string {
    return optionsRepr({ kernel_size: this.kernelSize, stride: this.stride, padding: this.padding });
  }
}

/** The mean of each window; `torch.nn.AvgPool1d`. Input `(N, C, L)` or `(C, L)`. */
export class AvgPool1d extends AvgPoolNd {
  protected override get keepsTuples(): boolean {
    return true;
  }

  override forward(input: Tensor): Tensor {
    const { stride, padding, ceilMode, countIncludePad } = this;
    return nnFunctionalFunctions.avgPool1d(input, this.kernelSize, stride, padding, ceilMode, countIncludePad);
  }
}

/** The mean of each window; `torch.nn.AvgPool2d`. Input `(N, C, H, W)` or `(C, H, W)`. */
export class AvgPool2d extends AvgPoolNd {
  override forward(input: Tensor): Tensor {
    const { stride, padding, ceilMode, countIncludePad } = this;
    return nnFunctionalFunctions.avgPool2d(input, this.kernelSize, stride, padding, ceilMode, countIncludePad);
  }
}

/** The means of `outputSize` windows; `torch.nn.AdaptiveAvgPool1d`. Input `(N, C, L)` or `(C, L)`. */
export class AdaptiveAvgPool1d extends Module {
  constructor(readonly outputSize: number | Size) {
    super();
  }

  override forward(input: Tensor): Tensor {
    return nnFunctionalFunctions.adaptiveAvgPool1d(input, this.outputSize);
  }

  override extraRepr(): string {
    return optionsRepr({ output_size: this.outputSize });
  }
}

/**
 * The means of `outputSize` windows; `torch.nn.AdaptiveAvgPool2d`. Input `(N, C, H, W)` or
 * `(C, H, W)`; null keeps the size of a dimension.
 */
export class AdaptiveAvgPool2d extends Module {
  constructor(readonly outputSize: number | readonly (number | null)[]) {
    super();
  }

  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }

  override extraRepr(): string {
    return optionsRepr({ output_size: this.outputSize });
  }
}
