/** Max pooling layers, with fixed windows and adaptive. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import type { AdaptiveSize } from '../functional/pooling-max';
import {
  adaptiveMaxPool1d,
  adaptiveMaxPool1dWithIndices,
  adaptiveMaxPool2d,
  adaptiveMaxPool2dWithIndices,
  adaptiveMaxPool3d,
  adaptiveMaxPool3dWithIndices,
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
} from '../functional/pooling-max';
import { Module } from '../module';
import { optionsRepr } from '../module-text';

/** What a layer with the option `returnIndices: I` returns: the maxima, or the maxima and their positions. */
export type Pooled<I extends boolean> = I extends true ? [values: Tensor, indices: Tensor] : Tensor;

/** The options of {@link MaxPool1d}, {@link MaxPool2d} and {@link MaxPool3d}. */
export interface MaxPoolLayerOptions<I extends boolean = boolean> {
  /** The step of the window; the kernel size by default. */
  stride?: number | Size | null;
  /** The padding at each end; 0 by default. */
  padding?: number | Size;
  /** The step between elements of the window; 1 by default. */
  dilation?: number | Size;
  /** Whether the layer also returns the positions of the maxima, for max unpooling; false by default. */
  returnIndices?: I;
  /** Whether the output size is rounded up; false by default. */
  ceilMode?: boolean;
}

type MaxPoolArguments<I extends boolean> = Optional<
  [stride: number | Size | null, padding: number | Size, dilation: number | Size, returnIndices: I, ceilMode: boolean],
  MaxPoolLayerOptions<I>
>;

abstract class MaxPoolNd<I extends boolean> extends Module {
  readonly kernelSize: number | Size;
  readonly stride: number | Size;
  readonly padding: number | Size;
  readonly dilation: number | Size;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;

  constructor(kernelSize: number | Size, ...optional: MaxPoolArguments<I>) {
    super();
    const names = ['stride', 'padding', 'dilation', 'returnIndices', 'ceilMode'] as const;
    const options = readOptions<MaxPoolLayerOptions>(new.target.name, optional, names);
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? kernelSize;
    this.padding = options.padding ?? 0;
    this.dilation = options.dilation ?? 1;
    this.returnIndices = options.returnIndices ?? false;
    this.ceilMode = options.ceilMode ?? false;
  }

  /** The function that this layer calls, with and without indices. */
  protected abstract readonly pools: readonly [typeof maxPool1d, typeof maxPool1dWithIndices];

  override forward(input: Tensor): Pooled<I> {
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this;
    const pool = this.pools[returnIndices ? 1 : 0];
    return pool(input, kernelSize, { stride, padding, dilation, ceilMode }) as Pooled<I>;
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return optionsRepr({ kernel_size: kernelSize, stride, padding, dilation, ceil_mode: ceilMode });
  }
}

/**
 * The maximum of each window; `torch.nn.MaxPool1d`. Input `(N, C, L)` or `(C, L)`. With `returnIndices: true`
 * it returns `[values, indices]`.
 *
 * @throws RuntimeError for a window that is larger than the input.
 * @example
 * ```ts
 * new torch.nn.MaxPool1d(2)(torch.tensor([[1, 3, 2, 4]])); // [[3, 4]]
 * ```
 */
export class MaxPool1d<I extends boolean = false> extends MaxPoolNd<I> {
  protected override get pools() {
    return [maxPool1d, maxPool1dWithIndices] as const;
  }
}

/**
 * The maximum of each window; `torch.nn.MaxPool2d`. Input `(N, C, H, W)` or `(C, H, W)`. With
 * `returnIndices: true` it returns `[values, indices]`, which {@link MaxUnpool2d} takes.
 *
 * @throws RuntimeError for a window that is larger than the input.
 * @example
 * ```ts
 * new torch.nn.MaxPool2d(2)(torch.arange(16).view(1, 4, 4)); // [[[5, 7], [13, 15]]]
 * const [values, indices] = new torch.nn.MaxPool2d(2, { returnIndices: true })(torch.ones(1, 4, 4));
 * [values.shape, indices.dtype]; // [[1, 2, 2], 'int64']
 * ```
 */
export class MaxPool2d<I extends boolean = false> extends MaxPoolNd<I> {
  protected override get pools() {
    return [maxPool2d, maxPool2dWithIndices] as const;
  }
}

/**
 * The maximum of each window; `torch.nn.MaxPool3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`. With
 * `returnIndices: true` it returns `[values, indices]`.
 *
 * @throws RuntimeError for a window that is larger than the input.
 * @example
 * ```ts
 * new torch.nn.MaxPool3d(2)(torch.ones(1, 4, 4, 4)).shape; // [1, 2, 2, 2]
 * ```
 */
export class MaxPool3d<I extends boolean = false> extends MaxPoolNd<I> {
  protected override get pools() {
    return [maxPool3d, maxPool3dWithIndices] as const;
  }
}

/** The options of {@link AdaptiveMaxPool1d}, {@link AdaptiveMaxPool2d} and {@link AdaptiveMaxPool3d}. */
export interface AdaptiveMaxPoolLayerOptions<I extends boolean = boolean> {
  /** Whether the layer also returns the positions of the maxima; false by default. */
  returnIndices?: I;
}

type AdaptiveMaxPoolArguments<I extends boolean> = Optional<[returnIndices: I], AdaptiveMaxPoolLayerOptions<I>>;

abstract class AdaptiveMaxPoolNd<I extends boolean> extends Module {
  readonly returnIndices: boolean;

  constructor(
    readonly outputSize: AdaptiveSize,
    ...optional: AdaptiveMaxPoolArguments<I>
  ) {
    super();
    const names = ['returnIndices'] as const;
    const options = readOptions<AdaptiveMaxPoolLayerOptions>(new.target.name, optional, names);
    this.returnIndices = options.returnIndices ?? false;
  }

  /** The function that this layer calls, with and without indices. */
  protected abstract readonly pools: readonly [typeof adaptiveMaxPool1d, typeof adaptiveMaxPool1dWithIndices];

  override forward(input: Tensor): Pooled<I> {
    return this.pools[this.returnIndices ? 1 : 0](input, this.outputSize) as Pooled<I>;
  }

  override extraRepr(): string {
    return optionsRepr({ output_size: this.outputSize });
  }
}

/**
 * The maxima of `outputSize` windows; `torch.nn.AdaptiveMaxPool1d`. Input `(N, C, L)` or `(C, L)`. With
 * `returnIndices: true` it returns `[values, indices]`.
 *
 * @example
 * ```ts
 * new torch.nn.AdaptiveMaxPool1d(2)(torch.tensor([[1, 3, 2, 4]])); // [[3, 4]]
 * ```
 */
export class AdaptiveMaxPool1d<I extends boolean = false> extends AdaptiveMaxPoolNd<I> {
  protected override get pools() {
    return [adaptiveMaxPool1d, adaptiveMaxPool1dWithIndices] as const;
  }
}

/**
 * The maxima of `outputSize` windows; `torch.nn.AdaptiveMaxPool2d`. Input `(N, C, H, W)` or `(C, H, W)`; null
 * keeps the size of a dimension.
 *
 * @throws ValueError for an input with too few dimensions.
 * @example
 * ```ts
 * new torch.nn.AdaptiveMaxPool2d([2, null])(torch.ones(1, 4, 6)).shape; // [1, 2, 6]
 * ```
 */
export class AdaptiveMaxPool2d<I extends boolean = false> extends AdaptiveMaxPoolNd<I> {
  protected override get pools() {
    return [adaptiveMaxPool2d, adaptiveMaxPool2dWithIndices] as const;
  }
}

/**
 * The maxima of `outputSize` windows; `torch.nn.AdaptiveMaxPool3d`. Input `(N, C, D, H, W)` or
 * `(C, D, H, W)`; null keeps the size of a dimension.
 *
 * @throws ValueError for an input with too few dimensions.
 * @example
 * ```ts
 * new torch.nn.AdaptiveMaxPool3d(2)(torch.ones(1, 4, 4, 4)).shape; // [1, 2, 2, 2]
 * ```
 */
export class AdaptiveMaxPool3d<I extends boolean = false> extends AdaptiveMaxPoolNd<I> {
  protected override get pools() {
    return [adaptiveMaxPool3d, adaptiveMaxPool3dWithIndices] as const;
  }
}
