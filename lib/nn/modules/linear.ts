/** Linear layers. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { ValueError } from '../../errors';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { uniform_ } from '../init';
import { Module } from '../module';
import { optionsRepr } from '../module-text';
import type { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';
import { drawWeightAndBias } from './reset';

/** The options of {@link Linear} and {@link Bilinear}. */
export interface LinearOptions extends FactoryOptions {
  /** Whether to add a learned bias; true by default. */
  bias?: boolean;
}

type LinearArguments = Optional<[bias: boolean, device: DeviceLike | null, dtype: Dtype | null], LinearOptions>;

const LINEAR_OPTIONS = ['bias', 'device', 'dtype'] as const;

/**
 * `x A^T + b`; `torch.nn.Linear`. Input `(..., inFeatures)`, output `(..., outFeatures)`. For a given seed,
 * the initial parameters equal those of Python's PyTorch.
 *
 * @example
 * ```ts
 * const layer = new torch.nn.Linear(2, 3, { bias: false, dtype: 'float64' });
 * layer.weight.shape; // [3, 2]
 * layer(torch.ones(5, 2, { dtype: 'float64' })).shape; // [5, 3]
 * ```
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Shape `(outFeatures, inFeatures)`. */
  weight: Parameter;
  /** The bias, shape `(outFeatures)`; null without a bias. */
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, ...optional: LinearArguments) {
    super();
    const { bias = true, ...factory } = readOptions<LinearOptions>('Linear', optional, LINEAR_OPTIONS, [], 2);
    checkNumbers('Linear', { inFeatures, outFeatures });
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, inFeatures], factory);
    this.bias = this.registerParameter('bias', bias ? emptyParameter([outFeatures], factory) : null);
    this.resetParameters();
  }

  /** Reinitialises the parameters. */
  resetParameters(): void {
    drawWeightAndBias(this.weight, this.bias);
  }

  override forward(input: Tensor): Tensor {
    return nnFunctionalFunctions.linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return optionsRepr({ in_features: this.inFeatures, out_features: this.outFeatures, bias: this.bias !== null });
  }
}

/**
 * `x1^T A x2 + b`; `torch.nn.Bilinear`. Inputs `(..., in1Features)` and `(..., in2Features)`, output
 * `(..., outFeatures)`.
 *
 * @throws ValueError unless in1Features is positive.
 */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  /** Shape `(outFeatures, in1Features, in2Features)`. */
  weight: Parameter;
  /** The bias, shape `(outFeatures)`; null without a bias. */
  bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, ...optional: LinearArguments) {
    super();
    const { bias = true, ...factory } = readOptions<LinearOptions>('Bilinear', optional, LINEAR_OPTIONS, [], 3);
    checkNumbers('Bilinear', { in1Features, in2Features, outFeatures });
    if (in1Features <= 0) throw new ValueError(`in1_features must be > 0, but got (in1_features=${in1Features})`);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, in1Features, in2Features], factory);
    this.bias = this.registerParameter('bias', bias ? emptyParameter([outFeatures], factory) : null);
    this.resetParameters();
  }

  /** Reinitialises the parameters. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return torchFunctions.bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    return optionsRepr({
      in1_features: this.in1Features,
      in2_features: this.in2Features,
      out_features: this.outFeatures,
      bias: this.bias !== null,
    });
  }
}

/** Returns its input unchanged; `torch.nn.Identity`. Accepts and ignores any constructor arguments. */
export class Identity extends Module {
  constructor(..._ignored: unknown[]) {
    super();
  }

  override forward(input: Tensor): Tensor {
    return input;
  }
}
