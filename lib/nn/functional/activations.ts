/**
 * Activation functions that torch/nn/functional.py writes in Python, most of them to offer `inplace`.
 * The others (gelu, softplus, logsigmoid, prelu, hardshrink, ...) are operators.
 */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { RuntimeError, ValueError } from '../../errors';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Scalar } from '../../types';

/** The options of an activation function without parameters. */
export interface InplaceOptions {
  /** Whether the result overwrites the input, which is then returned; false by default. */
  inplace?: boolean;
}

type Inplace = Optional<[inplace: boolean], InplaceOptions>;

function isInplace(func: string, given: Inplace, required = 1): boolean {
  // Fast path: most calls have no options.
  if (given.length === 0) return false;
  return readOptions<InplaceOptions>(func, given, ['inplace'], [], required).inplace ?? false;
}

/**
 * `max(0, x)` of each element; `torch.nn.functional.relu`. Any shape, any real dtype but bool.
 *
 * @example
 * ```ts
 * torch.nn.functional.relu(torch.tensor([-1, 2])).toArray(); // [0, 2]
 * ```
 */
export function relu(input: Tensor, ...optional: Inplace): Tensor {
  return isInplace('relu', optional) ? torchFunctions.relu_(input) : torchFunctions.relu(input);
}

/** `min(max(0, x), 6)` of each element; `torch.nn.functional.relu6`. Any shape, any real dtype but bool. */
export function relu6(input: Tensor, ...optional: Inplace): Tensor {
  return isInplace('relu6', optional) ? nnFunctionalFunctions.relu6_(input) : nnFunctionalFunctions.relu6(input);
}

/**
 * The scaled exponential linear unit, with the constants of self-normalizing networks;
 * `torch.nn.functional.selu`. Any shape, floating-point.
 */
export function selu(input: Tensor, ...optional: Inplace): Tensor {
  return isInplace('selu', optional) ? torchFunctions.selu_(input) : torchFunctions.selu(input);
}

/** `x * sigmoid(x)`, also called swish; `torch.nn.functional.silu`. Any shape, floating-point or complex. */
export function silu(input: Tensor, ...optional: Inplace): Tensor {
  return isInplace('silu', optional) ? nnFunctionalFunctions.silu_(input) : nnFunctionalFunctions.silu(input);
}

/** `x * tanh(softplus(x))`; `torch.nn.functional.mish`. Any shape, floating-point. */
export function mish(input: Tensor, ...optional: Inplace): Tensor {
  return isInplace('mish', optional) ? nnFunctionalFunctions.mish_(input) : nnFunctionalFunctions.mish(input);
}

/** `x * relu6(x + 3) / 6`; `torch.nn.functional.hardswish`. Any shape, floating-point. */
export function hardswish(input: Tensor, ...optional: Inplace): Tensor {
  return isInplace('hardswish', optional)
    ? nnFunctionalFunctions.hardswish_(input)
    : nnFunctionalFunctions.hardswish(input);
}

/** `relu6(x + 3) / 6`; `torch.nn.functional.hardsigmoid`. Any shape, floating-point. */
export function hardsigmoid(input: Tensor, ...optional: Inplace): Tensor {
  return isInplace('hardsigmoid', optional)
    ? nnFunctionalFunctions.hardsigmoid_(input)
    : nnFunctionalFunctions.hardsigmoid(input);
}

/** The options of {@link elu} and {@link celu}. */
export interface AlphaOptions extends InplaceOptions {
  /** The value approached at minus infinity, negated; 1 by default. */
  alpha?: Scalar;
}

type Alpha = Optional<[alpha: Scalar, inplace: boolean], AlphaOptions>;

/**
 * The exponential linear unit, `max(0, x) + min(0, alpha * (exp(x) - 1))`; `torch.nn.functional.elu`.
 * Any shape, floating-point.
 */
export function elu(input: Tensor, ...optional: Alpha): Tensor {
  const { alpha = 1, inplace = false } = readOptions<AlphaOptions>('elu', optional, ['alpha', 'inplace']);
  return inplace ? nnFunctionalFunctions.elu_(input, alpha) : nnFunctionalFunctions.elu(input, alpha);
}

/**
 * The continuously differentiable exponential linear unit, `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`;
 * `torch.nn.functional.celu`. Any shape, floating-point.
 *
 * @throws RuntimeError for alpha 0.
 */
export function celu(input: Tensor, ...optional: Alpha): Tensor {
  const { alpha = 1, inplace = false } = readOptions<AlphaOptions>('celu', optional, ['alpha', 'inplace']);
  return inplace ? torchFunctions.celu_(input, alpha) : torchFunctions.celu(input, alpha);
}

/** The options of {@link leakyRelu}. */
export interface LeakyReluOptions extends InplaceOptions {
  /** The slope below zero; 0.01 by default. */
  negativeSlope?: Scalar;
}

/** `max(0, x) + negativeSlope * min(0, x)`; `torch.nn.functional.leaky_relu`. Any shape, floating-point. */
export function leakyRelu(
  input: Tensor,
  ...optional: Optional<[negativeSlope: Scalar, inplace: boolean], LeakyReluOptions>
): Tensor {
  const { negativeSlope = 0.01, inplace = false } = readOptions<LeakyReluOptions>('leakyRelu', optional, [
    'negativeSlope',
    'inplace',
  ]);
  return inplace
    ? nnFunctionalFunctions.leakyRelu_(input, negativeSlope)
    : nnFunctionalFunctions.leakyRelu(input, negativeSlope);
}

/** The options of {@link rrelu}. */
export interface RreluOptions extends InplaceOptions {
  /** The smallest slope; 1/8 by default. */
  lower?: number;
  /** The largest slope; 1/3 by default. */
  upper?: number;
  /** Whether slopes are random; false by default, which uses their mean. */
  training?: boolean;
}

/**
 * A leaky ReLU with a random slope below zero for each element, from `[lower, upper]`;
 * `torch.nn.functional.rrelu`. Any shape, floating-point. Under `vmap`, training requires the option `randomness`.
 */
export function rrelu(
  input: Tensor,
  ...optional: Optional<[lower: number, upper: number, training: boolean, inplace: boolean], RreluOptions>
): Tensor {
  const {
    lower = 1 / 8,
    upper = 1 / 3,
    training = false,
    inplace = false,
  } = readOptions<RreluOptions>('rrelu', optional, ['lower', 'upper', 'training', 'inplace']);
  return inplace
    ? torchFunctions.rrelu_(input, lower, upper, training)
    : torchFunctions.rrelu(input, lower, upper, training);
}

/** The options of {@link hardtanh}. */
export interface HardtanhOptions extends InplaceOptions {
  /** The lower bound; -1 by default. */
  minVal?: number;
  /** The upper bound; 1 by default. */
  maxVal?: number;
}

/**
 * Clamps each element to `[minVal, maxVal]`; `torch.nn.functional.hardtanh`. Any shape, any real dtype
 * but bool.
 *
 * @throws ValueError if minVal is greater than maxVal.
 */
export function hardtanh(
  input: Tensor,
  ...optional: Optional<[minVal: number, maxVal: number, inplace: boolean], HardtanhOptions>
): Tensor {
  const {
    minVal = -1,
    maxVal = 1,
    inplace = false,
  } = readOptions<HardtanhOptions>('hardtanh', optional, ['minVal', 'maxVal', 'inplace']);
  checkNumbers('hardtanh', { minVal, maxVal });
  if (minVal > maxVal) throw new ValueError('min_val cannot be greater than max_val');
  return inplace
    ? nnFunctionalFunctions.hardtanh_(input, minVal, maxVal)
    : nnFunctionalFunctions.hardtanh(input, minVal, maxVal);
}

/**
 * `x` where it is greater than `threshold`, else `value`; `torch.nn.functional.threshold`. Any shape,
 * any real dtype but bool.
 */
export function threshold(input: Tensor, threshold: Scalar, value: Scalar, ...optional: Inplace): Tensor {
  return isInplace('threshold', optional, 3)
    ? torchFunctions.threshold_(input, threshold, value)
    : torchFunctions.threshold(input, threshold, value);
}

/**
 * The gated linear unit: the first half of the input along `dim`, times the sigmoid of the second half;
 * `torch.nn.functional.glu`. Floating-point; the output is half as long along `dim`.
 *
 * @throws RuntimeError for a 0-d tensor or an odd size; IndexError if `dim` is out of range.
 */
export function glu(input: Tensor, ...optional: Optional<[dim: number], { dim?: number }>): Tensor {
  const { dim = -1 } = readOptions<{ dim?: number }>('glu', optional, ['dim']);
  checkTensors('glu', { input });
  if (input.dim() === 0) throw new RuntimeError('glu does not support scalars because halving size must be even');
  return nnFunctionalFunctions.glu(input, dim);
}

/** `x - tanh(x)`; `torch.nn.functional.tanhshrink`. Any shape, floating-point or complex. */
export function tanhshrink(input: Tensor): Tensor {
  checkTensors('tanhshrink', { input });
  return input.sub(input.tanh());
}

/** `x / (1 + |x|)`; `torch.nn.functional.softsign`. Any shape and numeric dtype. */
export function softsign(input: Tensor): Tensor {
  checkTensors('softsign', { input });
  return input.div(input.abs().add(1));
}

/** The hyperbolic tangent; `torch.nn.functional.tanh`. Any shape and dtype; integers give floats. */
export function tanh(input: Tensor): Tensor {
  return torchFunctions.tanh(input);
}

/** `1 / (1 + exp(-x))`; `torch.nn.functional.sigmoid`. Any shape and dtype; integers give floats. */
export function sigmoid(input: Tensor): Tensor {
  return torchFunctions.sigmoid(input);
}
