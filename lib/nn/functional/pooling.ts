/** Adaptive average pooling, power-average pooling, and max unpooling. */

import { readOptions, checkList, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { listText } from '../../describe';
import { ValueError } from '../../errors';
import { nnFunctionalFunctions } from '../../operators';
import { product } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { fillSizes, maxPool1d, maxPool2d, maxPool3d } from './pooling-max';
import type { AdaptiveSize, MaxPool } from './pooling-max';
import { expandSize } from './sizes';

/**
 * The means of windows that divide the input into `outputSize` parts;
 * `torch.nn.functional.adaptive_avg_pool2d`. Shape `(N, C, H, W)` or `(C, H, W)`, floating-point. A null
 * in `outputSize` keeps the input's size.
 *
 * @throws ValueError for an input with too few dimensions.
 */
export function adaptiveAvgPool2d(input: Tensor, outputSize: AdaptiveSize): Tensor {
  checkTensors('adaptiveAvgPool2d', { input });
  return nnFunctionalFunctions.adaptiveAvgPool2d(input, fillSizes('adaptiveAvgPool2d', outputSize, input.shape, 2));
}

/**
 * The means of windows that divide the input into `outputSize` parts;
 * `torch.nn.functional.adaptive_avg_pool3d`. Shape `(N, C, D, H, W)` or `(C, D, H, W)`, floating-point. A
 * null in `outputSize` keeps the input's size.
 *
 * @throws ValueError for an input with too few dimensions.
 */
export function adaptiveAvgPool3d(input: Tensor, outputSize: AdaptiveSize): Tensor {
  checkTensors('adaptiveAvgPool3d', { input });
  return nnFunctionalFunctions.adaptiveAvgPool3d(input, fillSizes('adaptiveAvgPool3d', outputSize, input.shape, 3));
}

/** The options of power-average pooling. */
export interface LpPoolOptions {
  /** The step of the window; the kernel size by default. */
  stride?: number | Size | null;
  /** Whether the output size is rounded up; false by default. */
  ceilMode?: boolean;
}

type LpPool = Optional<[stride: number | Size | null, ceilMode: boolean], LpPoolOptions>;

type AvgPool = (
  input: Tensor,
  kernelSize: number | Size,
  options: { stride?: number | Size; padding?: number | Size; ceilMode?: boolean },
) => Tensor;

const AVG_POOLS: readonly AvgPool[] = [
  nnFunctionalFunctions.avgPool1d,
  nnFunctionalFunctions.avgPool2d,
  nnFunctionalFunctions.avgPool3d,
];
const MAX_POOLS: readonly MaxPool[] = [maxPool1d, maxPool2d, maxPool3d];

function lpPool(dims: number, input: Tensor, normType: number, kernelSize: number | Size, given: LpPool): Tensor {
  const name = `lpPool${dims}d`;
  const { stride = null, ceilMode = false } = readOptions<LpPoolOptions>(name, given, ['stride', 'ceilMode'], [], 3);
  checkTensors(name, { input });
  checkNumbers(name, { normType });
  const windowSize = product(expandSize(name, 'kernelSize', kernelSize, dims));
  const maxPool = MAX_POOLS[dims - 1];
  if (normType === Infinity) return maxPool(input.abs(), kernelSize, stride, 0, 1, ceilMode);
  if (normType === -Infinity) return maxPool(input.abs().neg(), kernelSize, stride, 0, 1, ceilMode).neg();
  const mean = AVG_POOLS[dims - 1](input.pow(normType), kernelSize, {
    ...(stride === null ? {} : { stride }),
    padding: 0,
    ceilMode,
  });
  if (normType > 0) {
    // The power has an infinite derivative at 0. Zeros are masked before and after it: their gradient and tangent are 0.
    const isZero = mean.eq(0);
    return mean
      .maskedFill(isZero, 1)
      .mul(windowSize)
      .pow(1 / normType)
      .maskedFill(isZero, 0);
  }
  return mean
    .sign()
    .mul(mean.abs().relu())
    .mul(windowSize)
    .pow(1 / normType);
}

/**
 * The p-norm of each window, p being `normType`; `torch.nn.functional.lp_pool1d`. Shape `(N, C, L)` or
 * `(C, L)`, floating-point. An infinite norm is the maximum (or minimum) of absolute values.
 */
export function lpPool1d(input: Tensor, normType: number, kernelSize: number | Size, ...optional: LpPool): Tensor {
  return lpPool(1, input, normType, kernelSize, optional);
}

/**
 * The p-norm of each window, p being `normType`; `torch.nn.functional.lp_pool2d`. Shape `(N, C, H, W)` or
 * `(C, H, W)`, floating-point.
 */
export function lpPool2d(input: Tensor, normType: number, kernelSize: number | Size, ...optional: LpPool): Tensor {
  return lpPool(2, input, normType, kernelSize, optional);
}

/**
 * The p-norm of each window, p being `normType`; `torch.nn.functional.lp_pool3d`. Shape
 * `(N, C, D, H, W)` or `(C, D, H, W)`, floating-point.
 */
export function lpPool3d(input: Tensor, normType: number, kernelSize: number | Size, ...optional: LpPool): Tensor {
  return lpPool(3, input, normType, kernelSize, optional);
}

/** The options of max unpooling. */
export interface MaxUnpoolOptions {
  /** The step of the pooling window; the kernel size by default. */
  stride?: number | Size | null;
  /** The padding of the pooling; 0 by default. */
  padding?: number | Size;
  /** The size of the output, because several sizes can lead to the same pooled size. */
  outputSize?: Size | null;
}

type MaxUnpool = Optional<
  [stride: number | Size | null, padding: number | Size, outputSize: Size | null],
  MaxUnpoolOptions
>;

interface ReadMaxUnpool {
  stride: number[];
  padding: number[];
  outputSize: Size;
}

function unpooledSize(
  func: string,
  input: Tensor,
  kernel: Size,
  stride: Size,
  padding: Size,
  given: Size | null,
): Size {
  const dims = kernel.length;
  const sizes = kernel.map((size, d) => (input.size(d - dims) - 1) * stride[d] + size - 2 * padding[d]);
  if (given === null) return sizes;
  checkList(func, 'outputSize', given);
  const outputSize = given.length === dims + 2 ? given.slice(2) : given;
  if (outputSize.length !== dims) {
    throw new ValueError(
      `output_size should be a sequence containing ${dims} or ${dims + 2} elements, but it has a length of '${outputSize.length}'`,
    );
  }
  outputSize.forEach((size, d) => {
    const [least, most] = [sizes[d] - stride[d], sizes[d] + stride[d]];
    if (!(least < size && size < most)) {
      throw new ValueError(
        `invalid output_size "${listText(outputSize)}" (dim ${d} must be between ${least} and ${most})`,
      );
    }
  });
  return outputSize;
}

function readMaxUnpool(
  dims: number,
  tensors: { input: Tensor; indices: Tensor },
  kernelSize: number | Size,
  given: MaxUnpool,
): ReadMaxUnpool {
  const name = `maxUnpool${dims}d`;
  const options = readOptions<MaxUnpoolOptions>(name, given, ['stride', 'padding', 'outputSize'], [], 3);
  checkTensors(name, tensors);
  const kernel = expandSize(name, 'kernelSize', kernelSize, dims);
  const stride = options.stride == null ? kernel : expandSize(name, 'stride', options.stride, dims);
  const padding = expandSize(name, 'padding', options.padding ?? 0, dims);
  const outputSize = unpooledSize(name, tensors.input, kernel, stride, padding, options.outputSize ?? null);
  outputSize.forEach((size, d) => {
    if (size >= 0) return;
    throw new ValueError(
      `max_unpooling: output_size must contain non-negative spatial dimensions, but got output_size[${d}]=${size}`,
    );
  });
  return { stride, padding, outputSize };
}

/**
 * Writes maxima back to their positions and fills the rest with zeros; `torch.nn.functional.max_unpool1d`.
 * Input and the int64 indices that {@link maxPool1d} returned: `(N, C, L)` or `(C, L)`.
 *
 * @throws ValueError for an output size that cannot lead to the pooled size.
 */
export function maxUnpool1d(input: Tensor, indices: Tensor, kernelSize: number | Size, ...optional: MaxUnpool): Tensor {
  const { outputSize } = readMaxUnpool(1, { input, indices }, kernelSize, optional);
  return nnFunctionalFunctions.maxUnpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [...outputSize, 1]).squeeze(-1);
}

/**
 * Writes maxima back to their positions and fills the rest with zeros; `torch.nn.functional.max_unpool2d`.
 * Input and the int64 indices that {@link maxPool2d} returned: `(N, C, H, W)` or `(C, H, W)`.
 *
 * @throws ValueError for an output size that cannot lead to the pooled size.
 * @example
 * ```ts
 * const { maxPool2d, maxUnpool2d } = torch.nn.functional;
 * const [values, indices] = maxPool2d(torch.randn(1, 1, 4, 4), 2, { returnIndices: true });
 * maxUnpool2d(values, indices, 2).shape; // [1, 1, 4, 4]
 * ```
 */
export function maxUnpool2d(input: Tensor, indices: Tensor, kernelSize: number | Size, ...optional: MaxUnpool): Tensor {
  const { outputSize } = readMaxUnpool(2, { input, indices }, kernelSize, optional);
  return nnFunctionalFunctions.maxUnpool2d(input, indices, outputSize);
}

/**
 * Writes maxima back to their positions and fills the rest with zeros; `torch.nn.functional.max_unpool3d`.
 * Input and the int64 indices that {@link maxPool3d} returned: `(N, C, D, H, W)` or `(C, D, H, W)`.
 *
 * @throws ValueError for an output size that cannot lead to the pooled size.
 */
export function maxUnpool3d(input: Tensor, indices: Tensor, kernelSize: number | Size, ...optional: MaxUnpool): Tensor {
  const { stride, padding, outputSize } = readMaxUnpool(3, { input, indices }, kernelSize, optional);
  return nnFunctionalFunctions.maxUnpool3d(input, indices, outputSize, stride, padding);
}
