/** Activation modules with options or parameters. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { AssertionError } from '../../errors';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { celu, elu, glu, hardtanh, leakyRelu, rrelu, softsign, tanhshrink, threshold } from '../functional/activations';
import { constant_ } from '../init';
import { Module } from '../module';
import { optionsRepr, pythonFloat, pythonRepr } from '../module-text';
import type { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';

const inplaceText = (inplace: boolean): string => (inplace ? ', inplace=True' : '');

/** `1 / (1 + exp(-x))` of each element; `torch.nn.Sigmoid`. */
export class Sigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return torchFunctions.sigmoid(input);
  }
}

/** The hyperbolic tangent of each element; `torch.nn.Tanh`. */
export class Tanh extends Module {
  override forward(input: Tensor): Tensor {
    return torchFunctions.tanh(input);
  }
}

/** `log(sigmoid(x))` of each element; `torch.nn.LogSigmoid`. */
export class LogSigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return nnFunctionalFunctions.logsigmoid(input);
  }
}

/** `x / (1 + |x|)` of each element; `torch.nn.Softsign`. */
export class Softsign extends Module {
  override forward(input: Tensor): Tensor {
    return softsign(input);
  }
}

/** `x - tanh(x)` of each element; `torch.nn.Tanhshrink`. */
export class Tanhshrink extends Module {
  override forward(input: Tensor): Tensor {
    return tanhshrink(input);
  }
}

/** The approximation that {@link GELU} uses. */
export type GeluApproximation = 'none' | 'tanh';

/** `x` times the normal distribution's cumulative probability of `x`; `torch.nn.GELU`. */
export class GELU extends Module {
  readonly approximate: GeluApproximation;

  constructor(
    ...optional: Optional<
      [approximate: GeluApproximation],
      { /** `'none'` by default. */ approximate?: GeluApproximation }
    >
  ) {
    super();
    const names = ['approximate'] as const;
    this.approximate =
      readOptions<{ approximate: GeluApproximation }>('GELU', optional, names, [], 0).approximate ?? 'none';
  }

  override forward(input: Tensor): Tensor {
    return nnFunctionalFunctions.gelu(input, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return optionsRepr({ approximate: this.approximate });
  }
}

/** The options of {@link ELU} and {@link CELU}. */
export interface EluOptions {
  /** The value approached at minus infinity, negated; 1 by default. */
  alpha?: number;
  /** Whether the result overwrites the input; false by default. */
  inplace?: boolean;
}

abstract class AlphaActivation extends Module {
  readonly alpha: number;
  readonly inplace: boolean;

  constructor(...optional: Optional<[alpha: number, inplace: boolean], EluOptions>) {
    super();
    const names = ['alpha', 'inplace'] as const;
    const { alpha = 1, inplace = false } = readOptions<EluOptions>(new.target.name, optional, names, [], 0);
    this.alpha = alpha;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return `alpha=${pythonFloat(this.alpha)}${inplaceText(this.inplace)}`;
  }
}

/** The exponential linear unit, `max(0, x) + min(0, alpha * (exp(x) - 1))`; `torch.nn.ELU`. */
export class ELU extends AlphaActivation {
  override forward(input: Tensor): Tensor {
    return elu(input, this.alpha, this.inplace);
  }
}

/** `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))` of each element; `torch.nn.CELU`. */
export class CELU extends AlphaActivation {
  override forward(input: Tensor): Tensor {
    return celu(input, this.alpha, this.inplace);
  }
}

/** The options of {@link LeakyReLU}. */
export interface LeakyReLUOptions {
  /** The slope below zero; 0.01 by default. */
  negativeSlope?: number;
  /** Whether the result overwrites the input; false by default. */
  inplace?: boolean;
}

/** `max(0, x) + negativeSlope * min(0, x)` of each element; `torch.nn.LeakyReLU`. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;
  readonly inplace: boolean;

  constructor(...optional: Optional<[negativeSlope: number, inplace: boolean], LeakyReLUOptions>) {
    super();
    const names = ['negativeSlope', 'inplace'] as const;
    const { negativeSlope = 0.01, inplace = false } = readOptions<LeakyReLUOptions>(
      'LeakyReLU',
      optional,
      names,
      [],
      0,
    );
    this.negativeSlope = negativeSlope;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return leakyRelu(input, this.negativeSlope, this.inplace);
  }

  override extraRepr(): string {
    return `negative_slope=${pythonFloat(this.negativeSlope)}${inplaceText(this.inplace)}`;
  }
}

/** The options of {@link RReLU}. */
export interface RReLUOptions {
  /** The smallest slope; 1/8 by default. */
  lower?: number;
  /** The largest slope; 1/3 by default. */
  upper?: number;
  /** Whether the result overwrites the input; false by default. */
  inplace?: boolean;
}

/** A leaky ReLU with a random slope for each element in training; `torch.nn.RReLU`. */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;
  readonly inplace: boolean;

  constructor(...optional: Optional<[lower: number, upper: number, inplace: boolean], RReLUOptions>) {
    super();
    const names = ['lower', 'upper', 'inplace'] as const;
    const options = readOptions<RReLUOptions>('RReLU', optional, names, [], 0);
    this.lower = options.lower ?? 1 / 8;
    this.upper = options.upper ?? 1 / 3;
    this.inplace = options.inplace ?? false;
  }

  override forward(input: Tensor): Tensor {
    return rrelu(input, this.lower, this.upper, this.training, this.inplace);
  }

  override extraRepr(): string {
    return `lower=${pythonFloat(this.lower)}, upper=${pythonFloat(this.upper)}${inplaceText(this.inplace)}`;
  }
}

/** The options of {@link Hardtanh}. */
export interface HardtanhLayerOptions {
  /** The lower bound; -1 by default. */
  minVal?: number;
  /** The upper bound; 1 by default. */
  maxVal?: number;
  /** Whether the result overwrites the input; false by default. */
  inplace?: boolean;
}

/**
 * Each element clamped to `[minVal, maxVal]`; `torch.nn.Hardtanh`.
 *
 * @throws AssertionError unless maxVal is greater than minVal.
 */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;
  readonly inplace: boolean;

  constructor(...optional: Optional<[minVal: number, maxVal: number, inplace: boolean], HardtanhLayerOptions>) {
    super();
    const names = ['minVal', 'maxVal', 'inplace'] as const;
    const {
      minVal = -1,
      maxVal = 1,
      inplace = false,
    } = readOptions<HardtanhLayerOptions>('Hardtanh', optional, names, [], 0);
    checkNumbers('Hardtanh', { minVal, maxVal });
    this.minVal = minVal;
    this.maxVal = maxVal;
    this.inplace = inplace;
    if (maxVal <= minVal) {
      throw new AssertionError(
        `max_val (${pythonFloat(maxVal)}) must be greater than min_val (${pythonFloat(minVal)})`,
      );
    }
  }

  override forward(input: Tensor): Tensor {
    return hardtanh(input, this.minVal, this.maxVal, this.inplace);
  }

  override extraRepr(): string {
    return `min_val=${pythonFloat(this.minVal)}, max_val=${pythonFloat(this.maxVal)}${inplaceText(this.inplace)}`;
  }
}

/** `x` where it is greater than `threshold`, else `value`; `torch.nn.Threshold`. */
export class Threshold extends Module {
  readonly inplace: boolean;

  constructor(
    readonly threshold: number,
    readonly value: number,
    ...optional: Optional<[inplace: boolean], { inplace?: boolean }>
  ) {
    super();
    this.inplace = readOptions<{ inplace: boolean }>('Threshold', optional, ['inplace'], [], 2).inplace ?? false;
  }

  override forward(input: Tensor): Tensor {
    return threshold(input, this.threshold, this.value, this.inplace);
  }

  override extraRepr(): string {
    return `${optionsRepr({ threshold: this.threshold, value: this.value })}${inplaceText(this.inplace)}`;
  }
}

/** The options of {@link Softplus}. */
export interface SoftplusOptions {
  /** The sharpness of the bend; 1 by default. */
  beta?: number;
  /** If `beta * x` exceeds this value, the result is `x`; 20 by default. */
  threshold?: number;
}

/** `log(1 + exp(beta * x)) / beta` of each element; `torch.nn.Softplus`. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(...optional: Optional<[beta: number, threshold: number], SoftplusOptions>) {
    super();
    const names = ['beta', 'threshold'] as const;
    const { beta = 1, threshold = 20 } = readOptions<SoftplusOptions>('Softplus', optional, names, [], 0);
    this.beta = beta;
    this.threshold = threshold;
  }

  override forward(input: Tensor): Tensor {
    return nnFunctionalFunctions.softplus(input, this.beta, this.threshold);
  }

  override extraRepr(): string {
    return `beta=${pythonFloat(this.beta)}, threshold=${pythonFloat(this.threshold)}`;
  }
}

/** The options of {@link PReLU}. */
export interface PReLUOptions extends FactoryOptions {
  /** 1 (the default) for one shared slope, or the number of channels. */
  numParameters?: number;
  /** The initial slope; 0.25 by default. */
  init?: number;
}

/** A leaky ReLU whose slopes are parameters; `torch.nn.PReLU`. Channels are dimension 1 of the input. */
export class PReLU extends Module {
  readonly numParameters: number;
  readonly init: number;
  /** Shape `(numParameters)`. */
  weight: Parameter;

  constructor(
    ...optional: Optional<
      [numParameters: number, init: number, device: DeviceLike | null, dtype: Dtype | null],
      PReLUOptions
    >
  ) {
    super();
    const names = ['numParameters', 'init', 'device', 'dtype'] as const;
    const { numParameters = 1, init = 0.25, ...factory } = readOptions<PReLUOptions>('PReLU', optional, names, [], 0);
    this.numParameters = numParameters;
    this.init = init;
    this.weight = emptyParameter([numParameters], factory);
    this.resetParameters();
  }

  /** Resets the slopes to their initial value. */
  resetParameters(): void {
    constant_(this.weight, this.init);
  }

  override forward(input: Tensor): Tensor {
    return torchFunctions.prelu(input, this.weight);
  }

  override extraRepr(): string {
    return optionsRepr({ num_parameters: this.numParameters });
  }
}

/** The gated linear unit: the first half along `dim`, times the sigmoid of the second half; `torch.nn.GLU`. */
export class GLU extends Module {
  readonly dim: number;

  constructor(...optional: Optional<[dim: number], { /** -1 by default. */ dim?: number }>) {
    super();
    this.dim = readOptions<{ dim: number }>('GLU', optional, ['dim'], [], 0).dim ?? -1;
  }

  override forward(input: Tensor): Tensor {
    return glu(input, this.dim);
  }

  override extraRepr(): string {
    return optionsRepr({ dim: this.dim });
  }
}

/** The options of {@link Hardshrink} and {@link Softshrink}. */
export interface ShrinkOptions {
  /** The absolute value up to which the result is zero; 0.5 by default. */
  lambd?: number;
}

abstract class Shrink extends Module {
  readonly lambd: number;

  constructor(...optional: Optional<[lambd: number], ShrinkOptions>) {
    super();
    this.lambd = readOptions<ShrinkOptions>(new.target.name, optional, ['lambd'], [], 0).lambd ?? 0.5;
  }

  override extraRepr(): string {
    return pythonRepr(this.lambd);
  }
}

/**
 * Zero where the absolute value is at most `lambd`, else the element; `torch.nn.Hardshrink`.
 *
 * @example
 * ```ts
 * new torch.nn.Hardshrink()(torch.tensor([-2, 0.25, 1])); // [-2, 0, 1]
 * ```
 */
export class Hardshrink extends Shrink {
  override forward(input: Tensor): Tensor {
    return torchFunctions.hardshrink(input, this.lambd);
  }
}

/**
 * Each element moved towards zero by `lambd`, but not past it; `torch.nn.Softshrink`.
 *
 * @throws RuntimeError in a call for a negative `lambd`.
 * @example
 * ```ts
 * new torch.nn.Softshrink()(torch.tensor([-2, 0.25, 1])); // [-1.5, 0, 0.5]
 * ```
 */
export class Softshrink extends Shrink {
  override forward(input: Tensor): Tensor {
    return nnFunctionalFunctions.softshrink(input, this.lambd);
  }
}
