/** Layers that average: fixed windows, adaptive windows, and power means. */

import { checkNumbers, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import { nnFunctionalFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import { adaptiveAvgPool2d, adaptiveAvgPool3d, lpPool1d, lpPool2d, lpPool3d } from '../functional/pooling';
import type { AdaptiveSize } from '../functional/pooling-max';
import { Module } from '../module';
import { optionsRepr } from '../module-text';

/** The options of {@link AvgPool1d}. */
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

/** The options of {@link AvgPool2d} and {@link AvgPool3d}. */
export interface AvgPoolDivisorOptions extends AvgPoolLayerOptions {
  /** What the sum of a window is divided by; the number of its elements by default. */
  divisorOverride?: number | null;
}

type AvgPoolPositions = [
  stride: number | Size | null,
  padding: number | Size,
  ceilMode: boolean,
  countIncludePad: boolean,
];
type AvgPoolArguments = Optional<AvgPoolPositions, AvgPoolLayerOptions>;
type AvgPoolDivisorArguments = Optional<[...AvgPoolPositions, divisorOverride: number | null], AvgPoolDivisorOptions>;

const AVG_POOL = ['stride', 'padding', 'ceilMode', 'countIncludePad'] as const;

// As in Python, which prints the one-dimensional layer with tuples.
const tuple = (size: number | Size): Size => (typeof size === 'number' ? [size] : size);

/** The mean of each window; `torch.nn.AvgPool1d`. Input `(N, C, L)` or `(C, L)`.
 *
 * @example
 * ```ts
 * new torch.nn.AvgPool1d(2)(torch.tensor([[1, 3, 2, 4]])); // [[2, 3]]
 * ```
 */
export class AvgPool1d extends Module {
  readonly kernelSize: Size;
  readonly stride: Size;
  readonly padding: Size;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  constructor(kernelSize: number | Size, ...optional: AvgPoolArguments) {
    super();
    const options = readOptions<AvgPoolLayerOptions>('AvgPool1d', optional, AVG_POOL);
    this.kernelSize = tuple(kernelSize);
    this.stride = tuple(options.stride ?? kernelSize);
    this.padding = tuple(options.padding ?? 0);
    this.ceilMode = options.ceilMode ?? false;
    this.countIncludePad = options.countIncludePad ?? true;
  }

  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad } = this;
    return nnFunctionalFunctions.avgPool1d(input, kernelSize, stride, padding, ceilMode, countIncludePad);
  }

  override extraRepr(): string {
    return optionsRepr({ kernel_size: this.kernelSize, stride: this.stride, padding: this.padding });
  }
}

abstract class AvgPoolNd extends Module {
  readonly kernelSize: number | Size;
  readonly stride: number | Size;
  readonly padding: number | Size;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  constructor(kernelSize: number | Size, ...optional: AvgPoolDivisorArguments) {
    super();
    const names = [...AVG_POOL, 'divisorOverride'] as const;
    const options = readOptions<AvgPoolDivisorOptions>(new.target.name, optional, names);
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? kernelSize;
    this.padding = options.padding ?? 0;
    this.ceilMode = options.ceilMode ?? false;
    this.countIncludePad = options.countIncludePad ?? true;
    this.divisorOverride = options.divisorOverride ?? null;
  }

  /** The operator that this layer calls. */
  protected abstract readonly pool: typeof nnFunctionalFunctions.avgPool2d;

  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return this.pool(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }

  override extraRepr(): string {
    return optionsRepr({ kernel_size: this.kernelSize, stride: this.stride, padding: this.padding });
  }
}

/**
 * The mean of each window; `torch.nn.AvgPool2d`. Input `(N, C, H, W)` or `(C, H, W)`.
 *
 * @example
 * ```ts
 * new torch.nn.AvgPool2d(2)(torch.arange(16).view(1, 4, 4).to('float32')); // [[[2.5, 4.5], [10.5, 12.5]]]
 * ```
 */
export class AvgPool2d extends AvgPoolNd {
  protected override get pool() {
    return nnFunctionalFunctions.avgPool2d;
  }
}

/**
 * The mean of each window; `torch.nn.AvgPool3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`.
 *
 * @example
 * ```ts
 * new torch.nn.AvgPool3d(2)(torch.ones(1, 4, 4, 4)).shape; // [1, 2, 2, 2]
 * ```
 */
export class AvgPool3d extends AvgPoolNd {
  protected override get pool() {
    return nnFunctionalFunctions.avgPool3d;
  }
}

abstract class AdaptiveAvgPoolNd extends Module {
  constructor(readonly outputSize: AdaptiveSize) {
    super();
  }

  override extraRepr(): string {
    return optionsRepr({ output_size: this.outputSize });
  }
}

/**
 * The means of `outputSize` windows; `torch.nn.AdaptiveAvgPool1d`. Input `(N, C, L)` or `(C, L)`.
 *
 * @example
 * ```ts
 * new torch.nn.AdaptiveAvgPool1d(2)(torch.tensor([[1, 3, 2, 4]])); // [[2, 3]]
 * ```
 */
export class AdaptiveAvgPool1d extends AdaptiveAvgPoolNd {
  override forward(input: Tensor): Tensor {
    return nnFunctionalFunctions.adaptiveAvgPool1d(input, this.outputSize as number | Size);
  }
}

/**
 * The means of `outputSize` windows; `torch.nn.AdaptiveAvgPool2d`. Input `(N, C, H, W)` or
 * `(C, H, W)`; null keeps the size of a dimension.
 *
 * @throws ValueError for an input with too few dimensions.
 * @example
 * ```ts
 * new torch.nn.AdaptiveAvgPool2d([2, null])(torch.ones(1, 4, 6)).shape; // [1, 2, 6]
 * ```
 */
export class AdaptiveAvgPool2d extends AdaptiveAvgPoolNd {
  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }
}

/**
 * The means of `outputSize` windows; `torch.nn.AdaptiveAvgPool3d`. Input `(N, C, D, H, W)` or
 * `(C, D, H, W)`; null keeps the size of a dimension.
 *
 * @throws ValueError for an input with too few dimensions.
 * @example
 * ```ts
 * new torch.nn.AdaptiveAvgPool3d(2)(torch.ones(1, 4, 4, 4)).shape; // [1, 2, 2, 2]
 * ```
 */
export class AdaptiveAvgPool3d extends AdaptiveAvgPoolNd {
  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool3d(input, this.outputSize);
  }
}

/** The options of {@link LPPool1d}, {@link LPPool2d} and {@link LPPool3d}. */
export interface LPPoolLayerOptions {
  /** The step of the window; the kernel size by default. */
  stride?: number | Size | null;
  /** Whether the output size is rounded up; false by default. */
  ceilMode?: boolean;
}

type LPPoolArguments = Optional<[stride: number | Size | null, ceilMode: boolean], LPPoolLayerOptions>;

abstract class LPPoolNd extends Module {
  readonly stride: number | Size | null;
  readonly ceilMode: boolean;

  constructor(
    readonly normType: number,
    readonly kernelSize: number | Size,
    ...optional: LPPoolArguments
  ) {
    super();
    const name = new.target.name;
    const options = readOptions<LPPoolLayerOptions>(name, optional, ['stride', 'ceilMode'], [], 2);
    checkNumbers(name, { normType });
    if (normType === 0) throw new ValueError(`norm_type must be a non-zero value, but got ${normType}`);
    this.stride = options.stride ?? null;
    this.ceilMode = options.ceilMode ?? false;
  }

  override extraRepr(): string {
    const { normType, kernelSize, stride, ceilMode } = this;
    return optionsRepr({ norm_type: normType, kernel_size: kernelSize, stride, ceil_mode: ceilMode });
  }
}

/**
 * The `normType`-norm of each window; `torch.nn.LPPool1d`. Input `(N, C, L)` or `(C, L)`.
 *
 * @throws ValueError for a norm of order 0.
 * @example
 * ```ts
 * new torch.nn.LPPool1d(2, 2)(torch.tensor([[3, 4, 6, 8]])); // [[5, 10]]
 * ```
 */
export class LPPool1d extends LPPoolNd {
  override forward(input: Tensor): Tensor {
    return lpPool1d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/**
 * The `normType`-norm of each window; `torch.nn.LPPool2d`. Input `(N, C, H, W)` or `(C, H, W)`.
 *
 * @throws ValueError for a norm of order 0.
 * @example
 * ```ts
 * new torch.nn.LPPool2d(2, 2)(torch.ones(1, 4, 4)); // [[[2, 2], [2, 2]]]
 * ```
 */
export class LPPool2d extends LPPoolNd {
  override forward(input: Tensor): Tensor {
    return lpPool2d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/**
 * The `normType`-norm of each window; `torch.nn.LPPool3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`.
 *
 * @throws ValueError for a norm of order 0.
 * @example
 * ```ts
 * new torch.nn.LPPool3d(1, 2)(torch.ones(1, 2, 2, 2)); // [[[[8]]]]
 * ```
 */
export class LPPool3d extends LPPoolNd {
  override forward(input: Tensor): Tensor {
    return lpPool3d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}
