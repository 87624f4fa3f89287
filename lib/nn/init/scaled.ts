/** Xavier and Kaiming initialisation, whose scale depends on fan-in and fan-out. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Generator } from '../../generator';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { emitLibtorchWarning } from '../../warnings';
import { calculateGain, fanOf, fans } from './fans';
import type { FanMode, Nonlinearity } from './fans';
import { filled } from './simple';
import type { GeneratorOptions } from './simple';

/** The options of {@link xavierUniform_} and {@link xavierNormal_}. */
export interface XavierOptions extends GeneratorOptions {
  /** A factor for the standard deviation; 1 by default. See `calculateGain`. */
  gain?: number;
}

type Xavier = Optional<[gain: number, generator: Generator | null], XavierOptions>;

function xavier(api: string, tensor: Tensor, given: Xavier): { std: number; generator: Generator | null } {
  const { gain = 1, generator = null } = readOptions<XavierOptions>(api, given, ['gain', 'generator']);
  checkTensors(api, { tensor });
  checkNumbers(api, { gain });
  const { fanIn, fanOut } = fans(tensor);
  return { std: gain * Math.sqrt(2 / (fanIn + fanOut)), generator };
}

/**
 * Fills a weight of shape `(out, in, ...)` uniformly, to preserve the variance in both passes;
 * `torch.nn.init.xavier_uniform_`.
 *
 * @throws ValueError for fewer than two dimensions.
 */
export function xavierUniform_(tensor: Tensor, ...optional: Xavier): Tensor {
  const { std, generator } = xavier('xavierUniform_', tensor, optional);
  const bound = Math.sqrt(3) * std;
  return filled('xavierUniform_', tensor, () => tensor.uniform_(-bound, bound, { generator }));
}

/**
 * Fills a weight of shape `(out, in, ...)` from a normal distribution, to preserve the variance in both
 * passes; `torch.nn.init.xavier_normal_`.
 *
 * @throws ValueError for fewer than two dimensions.
 */
export function xavierNormal_(tensor: Tensor, ...optional: Xavier): Tensor {
  const { std, generator } = xavier('xavierNormal_', tensor, optional);
  return filled('xavierNormal_', tensor, () => tensor.normal_(0, std, { generator }));
}

/** The options of {@link kaimingUniform_} and {@link kaimingNormal_}. */
export interface KaimingOptions extends GeneratorOptions {
  /** The negative slope of the leaky ReLU that follows the layer; 0 by default. */
  a?: number;
  /** Whether to preserve the variance in the forward pass (`'fan_in'`, the default) or the backward pass. */
  mode?: FanMode;
  /** The nonlinearity that follows the layer; `'leaky_relu'` by default. */
  nonlinearity?: Nonlinearity;
}

type Kaiming = Optional<
  [a: number, mode: FanMode, nonlinearity: Nonlinearity, generator: Generator | null],
  KaimingOptions
>;

// Null if the tensor is empty.
function kaiming(api: string, tensor: Tensor, given: Kaiming): { std: number; generator: Generator | null } | null {
  const names = ['a', 'mode', 'nonlinearity', 'generator'] as const;
  const {
    a = 0,
    mode = 'fan_in',
    nonlinearity = 'leaky_relu',
    generator = null,
  } = readOptions<KaimingOptions>(api, given, names);
  checkTensors(api, { tensor });
  if (tensor.shape.includes(0)) {
    emitLibtorchWarning('UserWarning', 'Initializing zero-element tensors is a no-op');
    return null;
  }
  const fan = fanOf(tensor, mode);
  return { std: calculateGain(nonlinearity, a) / Math.sqrt(fan), generator };
}

/**
 * Fills a weight of shape `(out, in, ...)` uniformly, to preserve the variance through ReLUs;
 * `torch.nn.init.kaiming_uniform_`.
 *
 * @throws ValueError for fewer than two dimensions, an unknown mode or nonlinearity.
 * @example
 * ```ts
 * torch.nn.init.kaimingUniform_(torch.empty(3, 5), { mode: 'fan_in', nonlinearity: 'relu' }).shape; // [3, 5]
 * ```
 */
export function kaimingUniform_(tensor: Tensor, ...optional: Kaiming): Tensor {
  const read = kaiming('kaimingUniform_', tensor, optional);
  if (read === null) return tensor;
  const bound = Math.sqrt(3) * read.std;
  return filled('kaimingUniform_', tensor, () => tensor.uniform_(-bound, bound, { generator: read.generator }));
}

/**
 * Fills a weight of shape `(out, in, ...)` from a normal distribution, to preserve the variance
 * through ReLUs; `torch.nn.init.kaiming_normal_`.
 *
 * @throws ValueError for fewer than two dimensions, an unknown mode or nonlinearity.
 */
export function kaimingNormal_(tensor: Tensor, ...optional: Kaiming): Tensor {
  const read = kaiming('kaimingNormal_', tensor, optional);
  if (read === null) return tensor;
  return filled('kaimingNormal_', tensor, () => tensor.normal_(0, read.std, { generator: read.generator }));
}
