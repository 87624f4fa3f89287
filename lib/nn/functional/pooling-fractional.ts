/** Fractional max pooling: windows at random positions, for an output size or ratio. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkOptionalTensors, checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import type { Named } from './pooling-max';
import { expandSize } from './sizes';

/** The options of fractional max pooling; `outputSize` or `outputRatio` is required. */
export interface FractionalMaxPoolOptions {
  /** The size of the output. */
  outputSize?: number | Size | null;
  /** The size of the output as a fraction of the input's, between 0 and 1. */
  outputRatio?: number | readonly number[] | null;
  /** Whether to return the positions of the maxima as well; false by default. */
  returnIndices?: boolean;
  /** The window positions: uniform numbers of shape `(N, C, 2)` or `(N, C, 3)`; random by default. */
  _randomSamples?: Tensor | null;
}

type Sizes = [outputSize: number | Size | null, outputRatio: number | readonly number[] | null];
type Positional = [...Sizes, returnIndices: boolean, _randomSamples: Tensor | null];

/** The type of {@link fractionalMaxPool2d} and {@link fractionalMaxPool3d}. */
export interface FractionalMaxPool {
  (
    input: Tensor,
    kernelSize: number | Size,
    ...optional: Named<Sizes, FractionalMaxPoolOptions & { returnIndices: true }>
  ): [Tensor, Tensor];
  (
    input: Tensor,
    kernelSize: number | Size,
    ...optional: [...Sizes, returnIndices: true, _randomSamples?: Tensor | null]
  ): [Tensor, Tensor];
  (input: Tensor, kernelSize: number | Size, ...optional: Optional<Positional, FractionalMaxPoolOptions>): Tensor;
}

/** The type of {@link fractionalMaxPool2dWithIndices} and {@link fractionalMaxPool3dWithIndices}. */
export type FractionalMaxPoolWithIndices = (
  input: Tensor,
  kernelSize: number | Size,
  ...optional: Optional<Positional, FractionalMaxPoolOptions>
) => [Tensor, Tensor];

const NAMES = ['outputSize', 'outputRatio', 'returnIndices', '_randomSamples'] as const;

function outputSizeOf(dims: number, input: Tensor, options: FractionalMaxPoolOptions): Size {
  const { outputSize, outputRatio } = options;
  const name = `fractionalMaxPool${dims}d`;
  if (outputSize != null) return expandSize(name, 'outputSize', outputSize, dims);
  if (outputRatio == null) {
    throw new ValueError(`fractional_max_pool${dims}d requires specifying either an output_size or an output_ratio`);
  }
  if (dims === 2 && Array.isArray(outputRatio) && outputRatio.length > 2) {
    throw new ValueError('fractional_max_pool2d requires output_ratio to either be a single Int or tuple of Ints.');
  }
  const ratios = expandSize(name, 'outputRatio', outputRatio, dims);
  return ratios.map((ratio, i) => Math.trunc(input.size(i - dims) * ratio));
}

function pool(dims: 2 | 3, input: Tensor, kernelSize: number | Size, options: FractionalMaxPoolOptions) {
  const name = `fractionalMaxPool${dims}d`;
  checkTensors(name, { input });
  checkOptionalTensors(name, { _randomSamples: options._randomSamples });
  const kernel = expandSize(name, 'kernelSize', kernelSize, dims);
  const outputSize = outputSizeOf(dims, input, options);
  const samples =
    options._randomSamples ??
    torchFunctions.rand([input.dim() === dims + 1 ? 1 : input.size(0), input.size(-dims - 1), dims], {
      dtype: input.dtype,
      device: input.device,
    });
  return dims === 2
    ? nnFunctionalFunctions.fractionalMaxPool2d(input, kernel, outputSize, samples)
    : nnFunctionalFunctions.fractionalMaxPool3d(input, kernel, outputSize, samples);
}

function fractionalMaxPool(dims: 2 | 3): FractionalMaxPool {
  const name = `fractionalMaxPool${dims}d`;
  const result = (input: Tensor, kernelSize: number | Size, ...optional: unknown[]): unknown => {
    const options = readOptions<FractionalMaxPoolOptions>(name, optional, NAMES, [], 2);
    const pooled = pool(dims, input, kernelSize, options);
    return options.returnIndices ? pooled : pooled[0];
  };
  return result as FractionalMaxPool;
}

function withIndices(dims: 2 | 3): FractionalMaxPoolWithIndices {
  const name = `fractionalMaxPool${dims}dWithIndices`;
  return (input, kernelSize, ...optional) =>
    pool(dims, input, kernelSize, readOptions<FractionalMaxPoolOptions>(name, optional, NAMES, [], 2));
}

/**
 * Max pooling over windows at random positions; `torch.nn.functional.fractional_max_pool2d`. Shape
 * `(N, C, H, W)` or `(C, H, W)`, floating-point; with `returnIndices`, `[values, indices]`.
 *
 * @throws ValueError without outputSize and outputRatio; RuntimeError for an output size that is too large.
 */
export const fractionalMaxPool2d = fractionalMaxPool(2);

/**
 * Max pooling over windows at random positions; `torch.nn.functional.fractional_max_pool3d`. Shape
 * `(N, C, D, H, W)` or `(C, D, H, W)`, floating-point; with `returnIndices`, `[values, indices]`.
 *
 * @throws ValueError without outputSize and outputRatio; RuntimeError for an output size that is too large.
 */
export const fractionalMaxPool3d = fractionalMaxPool(3);

/** {@link fractionalMaxPool2d} as `[values, indices]`; `torch.nn.functional.fractional_max_pool2d_with_indices`. */
export const fractionalMaxPool2dWithIndices = withIndices(2);

/** {@link fractionalMaxPool3d} as `[values, indices]`; `torch.nn.functional.fractional_max_pool3d_with_indices`. */
export const fractionalMaxPool3dWithIndices = withIndices(3);
