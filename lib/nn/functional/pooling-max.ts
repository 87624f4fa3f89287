/** Max pooling with fixed windows, and adaptive max pooling. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { expandSize } from './sizes';

/** The options of max pooling. */
export interface MaxPoolOptions {
  /** The step of the window; the kernel size by default. */
  stride?: number | Size | null;
  /** The padding with minus infinity at each end; 0 by default, at most half the kernel size. */
  padding?: number | Size;
  /** The step between elements of the window; 1 by default. */
  dilation?: number | Size;
  /** Whether the output size is rounded up; false by default. */
  ceilMode?: boolean;
  /** Whether to return the positions of the maxima as well; false by default. */
  returnIndices?: boolean;
}

type Window = [stride: number | Size | null, padding: number | Size, dilation: number | Size, ceilMode: boolean];
type Indexed = { returnIndices: true };

/** Optional arguments that end with an options object. */
export type Named<P extends readonly unknown[], O> = Exclude<Optional<P, O>, Partial<P>>;

/** The type of {@link maxPool1d}, {@link maxPool2d} and {@link maxPool3d}. */
export interface MaxPool {
  (input: Tensor, kernelSize: number | Size, ...optional: Named<Window, MaxPoolOptions & Indexed>): [Tensor, Tensor];
  (input: Tensor, kernelSize: number | Size, ...optional: [...Window, returnIndices: true]): [Tensor, Tensor];
  (
    input: Tensor,
    kernelSize: number | Size,
    ...optional: Optional<[...Window, returnIndices: boolean], MaxPoolOptions>
  ): Tensor;
}

/** The type of {@link maxPool1dWithIndices}, {@link maxPool2dWithIndices} and {@link maxPool3dWithIndices}. */
export type MaxPoolWithIndices = (
  input: Tensor,
  kernelSize: number | Size,
  ...optional: Optional<[...Window, returnIndices: boolean], MaxPoolOptions>
) => [Tensor, Tensor];

const MAX_POOL_OPTIONS = ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices'] as const;

type Operator<R> = (
  input: Tensor,
  kernelSize: number | Size,
  stride: number | Size,
  padding: number | Size,
  dilation: number | Size,
  ceilMode: boolean,
) => R;

function withIndices(name: string, operator: Operator<[Tensor, Tensor]>): MaxPoolWithIndices {
  return (input, kernelSize, ...optional) => {
    const options = readOptions<MaxPoolOptions>(name, optional, MAX_POOL_OPTIONS, [], 2);
    const { stride, padding = 0, dilation = 1, ceilMode = false } = options;
    return operator(input, kernelSize, stride ?? [], padding, dilation, ceilMode);
  };
}

function maxPool(name: string, values: Operator<Tensor>, indexed: Operator<[Tensor, Tensor]>): MaxPool {
  const pool = (input: Tensor, kernelSize: number | Size, ...optional: unknown[]): unknown => {
    const options = readOptions<MaxPoolOptions>(name, optional, MAX_POOL_OPTIONS, [], 2);
    const { stride, padding = 0, dilation = 1, ceilMode = false, returnIndices = false } = options;
    const operator = returnIndices ? indexed : values;
    return operator(input, kernelSize, stride ?? [], padding, dilation, ceilMode);
  };
  return pool as MaxPool;
}

/**
 * {@link maxPool1d} with the positions of the maxima; `torch.nn.functional.max_pool1d_with_indices`.
 * Returns `[values, indices]`, indices int64.
 */
export const maxPool1dWithIndices = withIndices('maxPool1dWithIndices', torchFunctions.maxPool1dWithIndices);

/**
 * {@link maxPool2d} with the positions of the maxima in each plane;
 * `torch.nn.functional.max_pool2d_with_indices`. Returns `[values, indices]`, indices int64.
 */
export const maxPool2dWithIndices = withIndices('maxPool2dWithIndices', nnFunctionalFunctions.maxPool2dWithIndices);

/**
 * {@link maxPool3d} with the positions of the maxima in each volume;
 * `torch.nn.functional.max_pool3d_with_indices`. Returns `[values, indices]`, indices int64.
 */
export const maxPool3dWithIndices = withIndices('maxPool3dWithIndices', nnFunctionalFunctions.maxPool3dWithIndices);

/**
 * The maximum of each window; `torch.nn.functional.max_pool1d`. Shape `(N, C, L)` or `(C, L)`,
 * floating-point; with `returnIndices`, `[values, indices]`.
 *
 * @throws RuntimeError for a window that is larger than the input.
 */
export const maxPool1d = maxPool('maxPool1d', torchFunctions.maxPool1d, torchFunctions.maxPool1dWithIndices);

/**
 * The maximum of each window; `torch.nn.functional.max_pool2d`. Shape `(N, C, H, W)` or `(C, H, W)`;
 * with `returnIndices`, `[values, indices]`.
 *
 * @throws RuntimeError for a window that is larger than the input.
 * @example
 * ```ts
 * const { maxPool2d } = torch.nn.functional;
 * maxPool2d(torch.randn(1, 3, 8, 8), 2).shape; // [1, 3, 4, 4]
 * const [values, indices] = maxPool2d(torch.randn(1, 3, 8, 8), 3, { stride: 1, returnIndices: true });
 * ```
 */
export const maxPool2d = maxPool('maxPool2d', torchFunctions.maxPool2d, nnFunctionalFunctions.maxPool2dWithIndices);

/**
 * The maximum of each window; `torch.nn.functional.max_pool3d`. Shape `(N, C, D, H, W)` or
 * `(C, D, H, W)`; with `returnIndices`, `[values, indices]`.
 *
 * @throws RuntimeError for a window that is larger than the input.
 */
export const maxPool3d = maxPool('maxPool3d', torchFunctions.maxPool3d, nnFunctionalFunctions.maxPool3dWithIndices);

/** An output size for adaptive pooling; null keeps the input's size. */
export type AdaptiveSize = number | readonly (number | null)[];

/** One size per dimension, with null replaced by the input's size; PyTorch's `_list_with_default`. */
export function fillSizes(func: string, outputSize: AdaptiveSize, shape: Size, dims: number): Size {
  if (!Array.isArray(outputSize)) return expandSize(func, 'outputSize', outputSize as number, dims);
  const sizes = outputSize as readonly (number | null)[];
  if (shape.length <= sizes.length) {
    throw new ValueError(`Input dimension should be at least ${sizes.length + 1}`);
  }
  return sizes.map((size, i) => size ?? shape[shape.length - sizes.length + i]);
}

/** The options of adaptive max pooling. */
export interface AdaptiveMaxPoolOptions {
  /** Whether to return the positions of the maxima as well; false by default. */
  returnIndices?: boolean;
}

/** The type of {@link adaptiveMaxPool1d}, {@link adaptiveMaxPool2d} and {@link adaptiveMaxPool3d}. */
export interface AdaptiveMaxPool {
  (input: Tensor, outputSize: AdaptiveSize, returnIndices: true | (AdaptiveMaxPoolOptions & Indexed)): [Tensor, Tensor];
  (
    input: Tensor,
    outputSize: AdaptiveSize,
    ...optional: Optional<[returnIndices: boolean], AdaptiveMaxPoolOptions>
  ): Tensor;
}

/** The type of {@link adaptiveMaxPool1dWithIndices} and its relatives. */
export type AdaptiveMaxPoolWithIndices = (
  input: Tensor,
  outputSize: AdaptiveSize,
  ...optional: Optional<[returnIndices: boolean], AdaptiveMaxPoolOptions>
) => [Tensor, Tensor];

type AdaptiveOperator = (input: Tensor, outputSize: number | Size) => [Tensor, Tensor];

const ADAPTIVE_OPERATORS: readonly AdaptiveOperator[] = [
  torchFunctions.adaptiveMaxPool1d,
  nnFunctionalFunctions.adaptiveMaxPool2d,
  nnFunctionalFunctions.adaptiveMaxPool3d,
];

// In one dimension Python passes the size through unchanged.
const adaptiveResult = (name: string, dims: number, input: Tensor, outputSize: AdaptiveSize): [Tensor, Tensor] => {
  checkTensors(name, { input });
  const size = dims === 1 ? (outputSize as number | Size) : fillSizes(name, outputSize, input.shape, dims);
  return ADAPTIVE_OPERATORS[dims - 1](input, size);
};

function adaptiveWithIndices(name: string, dims: number): AdaptiveMaxPoolWithIndices {
  return (input, outputSize, ...optional) => {
    readOptions<AdaptiveMaxPoolOptions>(name, optional, ['returnIndices'], [], 2);
    return adaptiveResult(name, dims, input, outputSize);
  };
}

function adaptiveMaxPool(name: string, dims: number): AdaptiveMaxPool {
  const pool = (input: Tensor, outputSize: AdaptiveSize, ...optional: unknown[]): unknown => {
    const { returnIndices = false } = readOptions<AdaptiveMaxPoolOptions>(name, optional, ['returnIndices'], [], 2);
    const result = adaptiveResult(name, dims, input, outputSize);
    return returnIndices ? result : result[0];
  };
  return pool as AdaptiveMaxPool;
}

/** {@link adaptiveMaxPool1d} as `[values, indices]`; `torch.nn.functional.adaptive_max_pool1d_with_indices`. */
export const adaptiveMaxPool1dWithIndices = adaptiveWithIndices('adaptiveMaxPool1dWithIndices', 1);

/** {@link adaptiveMaxPool2d} as `[values, indices]`; `torch.nn.functional.adaptive_max_pool2d_with_indices`. */
export const adaptiveMaxPool2dWithIndices = adaptiveWithIndices('adaptiveMaxPool2dWithIndices', 2);

/** {@link adaptiveMaxPool3d} as `[values, indices]`; `torch.nn.functional.adaptive_max_pool3d_with_indices`. */
export const adaptiveMaxPool3dWithIndices = adaptiveWithIndices('adaptiveMaxPool3dWithIndices', 3);

/**
 * The maxima of windows that divide the input into `outputSize` parts;
 * `torch.nn.functional.adaptive_max_pool1d`. Shape `(N, C, L)` or `(C, L)`, floating-point.
 */
export const adaptiveMaxPool1d = adaptiveMaxPool('adaptiveMaxPool1d', 1);

/**
 * The maxima of windows that divide the input into `outputSize` parts;
 * `torch.nn.functional.adaptive_max_pool2d`. Shape `(N, C, H, W)` or `(C, H, W)`, floating-point. A null
 * in `outputSize` keeps the input's size.
 *
 * @throws ValueError for an input with too few dimensions.
 */
export const adaptiveMaxPool2d = adaptiveMaxPool('adaptiveMaxPool2d', 2);

/**
 * The maxima of windows that divide the input into `outputSize` parts;
 * `torch.nn.functional.adaptive_max_pool3d`. Shape `(N, C, D, H, W)` or `(C, D, H, W)`, floating-point. A
 * null in `outputSize` keeps the input's size.
 *
 * @throws ValueError for an input with too few dimensions.
 */
export const adaptiveMaxPool3d = adaptiveMaxPool('adaptiveMaxPool3d', 3);
