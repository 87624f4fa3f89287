/** Fan-in and fan-out of a weight, and the gain of a nonlinearity. */

import { textOf } from '../../describe';
import { ValueError } from '../../errors';
import { product } from '../../shapes';
import type { Tensor } from '../../tensor';

/** The layers and functions for which a gain is defined. */
export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'conv_transpose1d'
  | 'conv_transpose2d'
  | 'conv_transpose3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leaky_relu'
  | 'selu';

/** Whether to preserve the variance in the forward or in the backward pass. */
export type FanMode = 'fan_in' | 'fan_out';

/**
 * The numbers of inputs and outputs that a weight of shape `(out, in, ...)` connects.
 *
 * @throws ValueError for fewer than two dimensions.
 */
export function fans(tensor: Tensor): { fanIn: number; fanOut: number } {
  const [outputs, inputs, ...field] = tensor.shape;
  if (inputs === undefined) {
    throw new ValueError('Fan in and fan out can not be computed for tensor with fewer than 2 dimensions');
  }
  const size = product(field);
  return { fanIn: inputs * size, fanOut: outputs * size };
}

/** The fan-in or fan-out, depending on the mode. */
export function fanOf(tensor: Tensor, mode: FanMode): number {
  const { fanIn, fanOut } = fans(tensor);
  const name = textOf(mode).toLowerCase();
  if (name !== 'fan_in' && name !== 'fan_out') {
    throw new ValueError(`Mode ${name} not supported, please use one of ['fan_in', 'fan_out']`);
  }
  return name === 'fan_in' ? fanIn : fanOut;
}

/**
 * The recommended factor for the standard deviation before a nonlinearity; `torch.nn.init.calculate_gain`.
 * `param` is the negative slope of `'leaky_relu'`.
 *
 * @throws ValueError for an unknown nonlinearity or a slope that is not a number.
 * @example
 * ```ts
 * torch.nn.init.calculateGain('leaky_relu', 0.2); // 1.38675
 * ```
 */
export function calculateGain(nonlinearity: Nonlinearity, param: number | null = null): number {
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.sqrt(2);
    case 'selu':
      return 3 / 4;
    case 'leaky_relu': {
      const slope = param ?? 0.01;
      if (typeof slope !== 'number') throw new ValueError(`negative_slope ${textOf(slope)} not a valid number`);
      return Math.sqrt(2 / (1 + slope ** 2));
    }
    default:
      if (/^(sigmoid|linear|conv(_transpose)?[123]d)$/.test(textOf(nonlinearity))) return 1;
      throw new ValueError(`Unsupported nonlinearity ${textOf(nonlinearity)}`);
  }
}
