/** Normalization over a batch, over dimensions, over channels, and to unit length. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { listText } from '../../describe';
import { RuntimeError, ValueError } from '../../errors';
import { linalgFunctions, nnFunctionalFunctions, torchFunctions } from '../../operators';
import { product, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';

/** The options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** The scale of each channel, shape `(C)`. */
  weight?: Tensor | null;
  /** The shift of each channel, shape `(C)`. */
  bias?: Tensor | null;
  /** Whether to use batch statistics instead of running statistics; false by default. */
  training?: boolean;
  /** The weight of the batch in the update of the running statistics; 0.1 by default. */
  momentum?: number;
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
}

function checkBatchSize(valuesPerChannel: number, shown: string): void {
  if (valuesPerChannel === 1) {
    throw new ValueError(`Expected more than 1 value per channel when training, got input size ${shown}`);
  }
}

/**
 * Normalizes each channel over the batch; `torch.nn.functional.batch_norm`. Shape `(N, C)` or
 * `(N, C, ...)`, floating-point; running statistics `(C)`, or null in training. In training the running
 * statistics are updated in place.
 *
 * @throws ValueError for a single value per channel in training, or an eps that is too small; RuntimeError
 * for statistics of the wrong shape.
 * @example
 * ```ts
 * const x = torch.tensor([[0, 2], [2, 6]]);
 * torch.nn.functional.batchNorm(x, torch.zeros(2), torch.ones(2)); // in evaluation
 * torch.nn.functional.batchNorm(x, null, null, { training: true }); // [[-1, -1], [1, 1]]
 * ```
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  ...optional: Optional<
    [weight: Tensor | null, bias: Tensor | null, training: boolean, momentum: number, eps: number],
    BatchNormOptions
  >
): Tensor {
  const {
    weight = null,
    bias = null,
    training = false,
    momentum = 0.1,
    eps = 1e-5,
  } = readOptions<BatchNormOptions>('batchNorm', optional, ['weight', 'bias', 'training', 'momentum', 'eps'], [], 3);
  checkTensors('batchNorm', { input });
  checkNumbers('batchNorm', { eps });
  if (training) {
    const shape = input.shape;
    checkBatchSize(shape[0] * product(shape.slice(2)), sizeText(shape));
    if (eps <= 0) throw new ValueError(`batch_norm eps must be positive during training, but got ${eps}`);
  }
  if (eps < 0) throw new ValueError(`batch_norm eps must be non-negative, but got ${eps}`);
  return torchFunctions.batchNorm(input, weight, bias, runningMean, runningVar, training, momentum, eps, true);
}

/** The options of {@link instanceNorm}. */
export interface InstanceNormOptions {
  /** Running statistics, shape `(C)`; updated in place with `useInputStats`. */
  runningMean?: Tensor | null;
  runningVar?: Tensor | null;
  /** The scale of each channel, shape `(C)`. */
  weight?: Tensor | null;
  /** The shift of each channel, shape `(C)`. */
  bias?: Tensor | null;
  /** Whether to use the input's statistics instead of running statistics; true by default. */
  useInputStats?: boolean;
  /** The weight of the input in the update of the running statistics; 0.1 by default. */
  momentum?: number;
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
}

/**
 * Normalizes each channel of each sample; `torch.nn.functional.instance_norm`. Shape `(N, C, ...)`,
 * floating-point.
 *
 * @throws ValueError for a single spatial element with the input's statistics.
 */
export function instanceNorm(
  input: Tensor,
  ...optional: Optional<
    [
      runningMean: Tensor | null,
      runningVar: Tensor | null,
      weight: Tensor | null,
      bias: Tensor | null,
      useInputStats: boolean,
      momentum: number,
      eps: number,
    ],
    InstanceNormOptions
  >
): Tensor {
  const {
    runningMean = null,
    runningVar = null,
    weight = null,
    bias = null,
    useInputStats = true,
    momentum = 0.1,
    eps = 1e-5,
  } = readOptions<InstanceNormOptions>('instanceNorm', optional, [
    'runningMean',
    'runningVar',
    'weight',
    'bias',
    'useInputStats',
    'momentum',
    'eps',
  ]);
  checkTensors('instanceNorm', { input });
  const shape = input.shape;
  if (useInputStats && product(shape.slice(2)) === 1) {
    throw new ValueError(`Expected more than 1 spatial element when training, got input size ${sizeText(shape)}`);
  }
  return torchFunctions.instanceNorm(
    ...([input, weight, bias, runningMean, runningVar, useInputStats, momentum, eps, true] as const),
  );
}

/** The options of {@link layerNorm} and {@link groupNorm}. */
export interface AffineNormOptions {
  /** The scale, of the normalized shape, or `(C)` for groupNorm. */
  weight?: Tensor | null;
  /** The shift, of the normalized shape, or `(C)` for groupNorm. */
  bias?: Tensor | null;
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
}

type AffineNorm = Optional<[weight: Tensor | null, bias: Tensor | null, eps: number], AffineNormOptions>;

/**
 * Normalizes over the last dimensions, those of `normalizedShape`; `torch.nn.functional.layer_norm`. Any
 * shape that ends with it, floating-point.
 *
 * @throws RuntimeError for shapes that do not match.
 * @example
 * ```ts
 * torch.nn.functional.layerNorm(torch.randn(2, 5, 8), [8], { eps: 1e-6 }).shape; // [2, 5, 8]
 * ```
 */
export function layerNorm(input: Tensor, normalizedShape: Size, ...optional: AffineNorm): Tensor {
  const {
    weight = null,
    bias = null,
    eps = 1e-5,
  } = readOptions<AffineNormOptions>('layerNorm', optional, ['weight', 'bias', 'eps'], [], 2);
  return torchFunctions.layerNorm(input, normalizedShape, weight, bias, eps, true);
}

/**
 * Normalizes each of `numGroups` groups of channels; `torch.nn.functional.group_norm`. Shape
 * `(N, C, ...)`, floating-point, C divisible by the number of groups.
 *
 * @throws RuntimeError for fewer than two dimensions or a number of groups that does not divide C; ValueError
 * for a single value per group.
 * @example
 * ```ts
 * torch.nn.functional.groupNorm(torch.randn(2, 6, 4, 4), 3).shape; // [2, 6, 4, 4]
 * ```
 */
export function groupNorm(input: Tensor, numGroups: number, ...optional: AffineNorm): Tensor {
  const {
    weight = null,
    bias = null,
    eps = 1e-5,
  } = readOptions<AffineNormOptions>('groupNorm', optional, ['weight', 'bias', 'eps'], [], 2);
  checkTensors('groupNorm', { input });
  checkNumbers('groupNorm', { numGroups });
  const shape = input.shape;
  if (shape.length < 2) {
    throw new RuntimeError(`Expected at least 2 dimensions for input tensor but received ${shape.length}`);
  }
  const perGroup = Math.floor((shape[0] * shape[1]) / numGroups);
  const spatial = shape.slice(2);
  checkBatchSize(perGroup * product(spatial), listText([perGroup, numGroups, ...spatial]));
  return torchFunctions.groupNorm(input, numGroups, weight, bias, eps, true);
}

/** The options of {@link rmsNorm}. */
export interface RmsNormOptions {
  /** The scale, of the normalized shape. */
  weight?: Tensor | null;
  /** Added to the mean square; by default the machine epsilon of the dtype. */
  eps?: number | null;
}

/**
 * Divides by the root mean square over the last dimensions; `torch.nn.functional.rms_norm`. Any shape
 * that ends with `normalizedShape`, floating-point or complex.
 *
 * @throws RuntimeError for shapes that do not match.
 */
export function rmsNorm(
  input: Tensor,
  normalizedShape: Size,
  ...optional: Optional<[weight: Tensor | null, eps: number | null], RmsNormOptions>
): Tensor {
  const { weight = null, eps = null } = readOptions<RmsNormOptions>('rmsNorm', optional, ['weight', 'eps'], [], 2);
  return torchFunctions.rmsNorm(input, normalizedShape, weight, eps);
}

/** The options of {@link localResponseNorm}. */
export interface LocalResponseNormOptions {
  /** The scale of the mean square; 1e-4 by default. */
  alpha?: number;
  /** The exponent; 0.75 by default. */
  beta?: number;
  /** The constant term; 1 by default. */
  k?: number;
}

/**
 * Divides by `(k + alpha * mean(x^2))^beta` over `size` neighbouring channels;
 * `torch.nn.functional.local_response_norm`. Shape `(N, C, ...)` of at least three dimensions,
 * floating-point.
 *
 * @throws ValueError for fewer dimensions.
 */
export function localResponseNorm(
  input: Tensor,
  size: number,
  ...optional: Optional<[alpha: number, beta: number, k: number], LocalResponseNormOptions>
): Tensor {
  const {
    alpha = 1e-4,
    beta = 0.75,
    k = 1,
  } = readOptions<LocalResponseNormOptions>('localResponseNorm', optional, ['alpha', 'beta', 'k'], [], 2);
  checkTensors('localResponseNorm', { input });
  checkNumbers('localResponseNorm', { size });
  const shape = input.shape;
  if (shape.length < 3) {
    // PyTorch's message contains these blanks.
    const blanks = ' '.repeat(26);
    throw new ValueError(`Expected 3D or higher dimensionality${blanks}input (got ${shape.length} dimensions)`);
  }
  if (input.numel() === 0) return input;
  const { avgPool2d, avgPool3d, pad } = nnFunctionalFunctions;
  const margins = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
  let divisor = input.mul(input);
  if (shape.length === 3) {
    divisor = avgPool2d(pad(divisor.unsqueeze(1), [0, 0, ...margins]), [size, 1], { stride: 1 }).squeeze(1);
  } else {
    const planes = divisor.view([shape[0], 1, shape[1], shape[2], -1]);
    const means = avgPool3d(pad(planes, [0, 0, 0, 0, ...margins]), [size, 1, 1], { stride: 1 });
    divisor = means.squeeze(1).view(shape);
  }
  return input.div(divisor.mul(alpha).add(k).pow(beta));
}

/** The options of {@link normalize}. */
export interface NormalizeOptions {
  /** The p of the norm; 2 by default. */
  p?: number;
  /** The dimension, or dimensions, of the vectors; 1 by default. */
  dim?: number | Size;
  /** The minimum norm to divide by; 1e-12 by default. */
  eps?: number;
  /** A tensor that receives the result; the result then has no gradient. */
  out?: Tensor | null;
}

/**
 * Divides vectors along `dim` by their p-norm; `torch.nn.functional.normalize`. Any shape,
 * floating-point or complex.
 *
 * @throws IndexError if `dim` is out of range.
 * @example
 * ```ts
 * torch.nn.functional.normalize(torch.tensor([[3, 4]])).toArray(); // [[0.6, 0.8]]
 * ```
 */
export function normalize(
  input: Tensor,
  ...optional: Optional<[p: number, dim: number | Size, eps: number, out: Tensor | null], NormalizeOptions>
): Tensor {
  const {
    p = 2,
    dim = 1,
    eps = 1e-12,
    out = null,
  } = readOptions<NormalizeOptions>('normalize', optional, ['p', 'dim', 'eps', 'out']);
  checkTensors('normalize', { input });
  const norm = linalgFunctions.vectorNorm(input, p, dim, true);
  if (out === null) return input.div(norm.clampMin(eps).expandAs(input));
  return torchFunctions.div(input, norm.clampMin_(eps).expandAs(input), { out });
}
