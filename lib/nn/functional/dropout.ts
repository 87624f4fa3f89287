/** Dropout: randomly zeroing elements or whole channels. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { RuntimeError, ValueError } from '../../errors';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { emitLibtorchWarning } from '../../warnings';

/** The options of the dropout functions. */
export interface DropoutOptions {
  /** The probability of zeroing; 0.5 by default. */
  p?: number;
  /** Whether dropout is active; true by default, false for the alpha variants, as in PyTorch. */
  training?: boolean;
  /** Whether the result overwrites the input, which is then returned; false by default. */
  inplace?: boolean;
}

type Dropout = Optional<[p: number, training: boolean, inplace: boolean], DropoutOptions>;

function readDropout(func: string, input: Tensor, given: Dropout, training: boolean): Required<DropoutOptions> {
  const options = readOptions<DropoutOptions>(func, given, ['p', 'training', 'inplace']);
  const p = options.p ?? 0.5;
  checkTensors(func, { input });
  checkNumbers(func, { p });
  if (p < 0 || p > 1) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
  return { p, training: options.training ?? training, inplace: options.inplace ?? false };
}

/**
 * Zeroes each element with probability `p` and scales the others by `1 / (1 - p)`;
 * `torch.nn.functional.dropout`. Any shape, floating-point. Under `vmap`, the option `randomness` is required.
 *
 * @throws ValueError unless p is between 0 and 1.
 * @example
 * ```ts
 * const x = torch.ones(3);
 * torch.nn.functional.dropout(x, 0.1);
 * torch.nn.functional.dropout(x, { p: 0.1, training: false }); // x itself
 * ```
 */
export function dropout(input: Tensor, ...optional: Dropout): Tensor {
  const { p, training, inplace } = readDropout('dropout', input, optional, true);
  return inplace ? torchFunctions.dropout_(input, p, training) : torchFunctions.dropout(input, p, training);
}

/**
 * Dropout that preserves mean and variance of SELU outputs; `torch.nn.functional.alpha_dropout`. Any
 * shape, floating-point. Active only with `training: true`.
 *
 * @throws ValueError unless p is between 0 and 1.
 */
export function alphaDropout(input: Tensor, ...optional: Dropout): Tensor {
  const { p, training, inplace } = readDropout('alphaDropout', input, optional, false);
  return inplace ? torchFunctions.alphaDropout_(input, p, training) : torchFunctions.alphaDropout(input, p, training);
}

/**
 * {@link alphaDropout} of whole channels; `torch.nn.functional.feature_alpha_dropout`. Shape
 * `(N, C, ...)`, floating-point. Active only with `training: true`.
 *
 * @throws ValueError unless p is between 0 and 1.
 */
export function featureAlphaDropout(input: Tensor, ...optional: Dropout): Tensor {
  const { p, training, inplace } = readDropout('featureAlphaDropout', input, optional, false);
  return inplace
    ? torchFunctions.featureAlphaDropout_(input, p, training)
    : torchFunctions.featureAlphaDropout(input, p, training);
}

function featureDropout(input: Tensor, { p, training, inplace }: Required<DropoutOptions>): Tensor {
  return inplace
    ? torchFunctions.featureDropout_(input, p, training)
    : torchFunctions.featureDropout(input, p, training);
}

// Adds the batch dimension that the operator requires, and removes it again.
function unbatchedFeatureDropout(input: Tensor, options: Required<DropoutOptions>): Tensor {
  return options.inplace
    ? featureDropout(input.unsqueeze_(0), options).squeeze_(0)
    : featureDropout(input.unsqueeze(0), options).squeeze(0);
}

/**
 * Zeroes whole channels of sequences; `torch.nn.functional.dropout1d`. Shape `(N, C, L)` or `(C, L)`,
 * floating-point.
 *
 * @throws ValueError unless p is between 0 and 1; RuntimeError for another number of dimensions.
 */
export function dropout1d(input: Tensor, ...optional: Dropout): Tensor {
  const options = readDropout('dropout1d', input, optional, true);
  const rank = input.dim();
  if (rank !== 2 && rank !== 3) {
    throw new RuntimeError(
      `dropout1d: Expected 2D or 3D input, but received a ${rank}D input. Note that dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs).`,
    );
  }
  return rank === 3 ? featureDropout(input, options) : unbatchedFeatureDropout(input, options);
}

function warnOfRank(func: string, rank: number, spatial: number): void {
  emitLibtorchWarning(
    'UserWarning',
    `${func}: Received a ${rank}-D input to ${func}, which is deprecated and will result in an error in a future release. To retain the behavior and silence this warning, please use dropout instead. Note that ${func} exists to provide channel-wise dropout on inputs with ${spatial} spatial dimensions, a channel dimension, and an optional batch dimension (i.e. ${spatial + 1}D or ${spatial + 2}D inputs).`,
  );
}

/**
 * Zeroes whole channels of images; `torch.nn.functional.dropout2d`. Shape `(N, C, H, W)`,
 * floating-point. A 3-D input is treated as `(N, C, L)`, with PyTorch's warning; other ranks also warn.
 *
 * @throws ValueError unless p is between 0 and 1.
 */
export function dropout2d(input: Tensor, ...optional: Dropout): Tensor {
  const options = readDropout('dropout2d', input, optional, true);
  const rank = input.dim();
  if (rank !== 3 && rank !== 4) warnOfRank('dropout2d', rank, 2);
  if (rank === 3) {
    emitLibtorchWarning(
      'UserWarning',
      'dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise dropout behavior, please switch to using dropout1d instead.',
    );
  }
  return featureDropout(input, options);
}

/**
 * Zeroes whole channels of volumes; `torch.nn.functional.dropout3d`. Shape `(N, C, D, H, W)` or
 * `(C, D, H, W)`, floating-point. Other ranks warn.
 *
 * @throws ValueError unless p is between 0 and 1.
 */
export function dropout3d(input: Tensor, ...optional: Dropout): Tensor {
  const options = readDropout('dropout3d', input, optional, true);
  const rank = input.dim();
  if (rank !== 4 && rank !== 5) warnOfRank('dropout3d', rank, 3);
  return rank === 5 ? featureDropout(input, options) : unbatchedFeatureDropout(input, options);
}
