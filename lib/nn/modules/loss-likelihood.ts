/** Negative log likelihoods: of counts, of real numbers, of sequences, and of classes after a linear layer. */

import { checkNumbers, checkOptions, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { tupleText } from '../../describe';
import { RuntimeError } from '../../errors';
import { product, sameShape } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkOptionalTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { emitLibtorchWarning } from '../../warnings';
import { ctcLoss, linearCrossEntropy } from '../functional/loss-classification';
import type { CtcLossOptions, NllLossOptions } from '../functional/loss-classification';
import { gaussianNllLoss, poissonNllLoss } from '../functional/loss-regression';
import type { GaussianNllLossOptions, PoissonNllLossOptions } from '../functional/loss-regression';
import type { Reduction } from '../functional/reduction';
import { Module } from '../module';
import { pythonFloat, pythonRepr } from '../module-text';
import type { FactoryOptions } from './factory';
import { Linear } from './linear';
import { NLLLoss } from './loss';
import type { NLLLayerOptions } from './loss';

/**
 * The negative log likelihood of counts under a Poisson distribution; `torch.nn.PoissonNLLLoss`. Input and target of
 * shapes that broadcast.
 *
 * @throws ValueError in a call for an unknown reduction.
 * @example
 * ```ts
 * new torch.nn.PoissonNLLLoss()(torch.tensor([0, 0]), torch.tensor([2, 4])).item(); // 1
 * ```
 */
export class PoissonNLLLoss extends Module {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;
  readonly reduction: Reduction;

  constructor(
    ...optional: Optional<[logInput: boolean, full: boolean, eps: number, reduction: Reduction], PoissonNllLossOptions>
  ) {
    super();
    const names = ['logInput', 'full', 'eps', 'reduction'] as const;
    const options = readOptions<PoissonNllLossOptions>('PoissonNLLLoss', optional, names, [], 0);
    this.logInput = options.logInput ?? true;
    this.full = options.full ?? false;
    this.eps = options.eps ?? 1e-8;
    this.reduction = options.reduction ?? 'mean';
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return poissonNllLoss(input, target, { logInput, full, eps, reduction });
  }
}

/**
 * The negative log likelihood of targets under normal distributions; `torch.nn.GaussianNLLLoss`. All options by name.
 * The variance is a number, or a tensor of the input's shape, without its last dimension, or with one dimension of
 * size 1.
 *
 * @throws ValueError in a call for a negative variance, or one of another shape.
 * @example
 * ```ts
 * new torch.nn.GaussianNLLLoss()(torch.tensor([1, 2]), torch.tensor([1, 4]), torch.ones(2)).item(); // 1
 * ```
 */
export class GaussianNLLLoss extends Module {
  readonly full: boolean;
  readonly eps: number;
  readonly reduction: Reduction;

  constructor(options: GaussianNllLossOptions = {}) {
    super();
    const read = checkOptions('GaussianNLLLoss', options, ['full', 'eps', 'reduction']);
    this.full = read.full ?? false;
    this.eps = read.eps ?? 1e-6;
    this.reduction = read.reduction ?? 'mean';
  }

  override forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    return gaussianNllLoss(input, target, variance, { full: this.full, eps: this.eps, reduction: this.reduction });
  }
}

/**
 * The connectionist temporal classification loss; `torch.nn.CTCLoss`. Log probabilities `(T, N, C)` or `(T, C)`; targets
 * `(N, S)`, or concatenated in one dimension; lengths as tensors or arrays of N.
 *
 * @throws ValueError in a call for an unknown reduction; RuntimeError for lengths or labels that do not match.
 * @example
 * ```ts
 * const logProbs = torch.zeros(3, 1, 2).logSoftmax(2);
 * new torch.nn.CTCLoss({ reduction: 'sum' })(logProbs, torch.tensor([[1n]]), [3], [1]).item(); // 0.287682
 * ```
 */
export class CTCLoss extends Module {
  readonly blank: number;
  readonly reduction: Reduction;
  readonly zeroInfinity: boolean;

  constructor(...optional: Optional<[blank: number, reduction: Reduction, zeroInfinity: boolean], CtcLossOptions>) {
    super();
    const names = ['blank', 'reduction', 'zeroInfinity'] as const;
    const options = readOptions<CtcLossOptions>('CTCLoss', optional, names, [], 0);
    this.blank = options.blank ?? 0;
    this.reduction = options.reduction ?? 'mean';
    this.zeroInfinity = options.zeroInfinity ?? false;
  }

  override forward(
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: Tensor | Size,
    targetLengths: Tensor | Size,
  ): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}

/** The options of {@link LinearCrossEntropyLoss}, all by name. */
export interface LinearCrossEntropyLayerOptions extends Omit<NllLossOptions, 'ignoreIndex'>, FactoryOptions {
  /** The sizes of further dimensions of the scores, after the classes; none by default. */
  outFeatures?: Size;
  /** Whether the linear layer has a bias; false by default. */
  bias?: boolean;
  /** A target class that is ignored; -100 by default, unless the target contains probabilities. */
  ignoreIndex?: number | null;
  /** The fraction of each target that is distributed over all classes, from 0 (default) to 1. */
  labelSmoothing?: number;
}

/**
 * The cross entropy of a linear layer's outputs; `torch.nn.LinearCrossEntropyLoss`. Input `(N, inFeatures)` or
 * `(inFeatures)`; target as for {@link CrossEntropyLoss} of scores `(N, numClasses, ...outFeatures)`. Python's option
 * `options`, which only selects a computation in pieces, does not exist here.
 *
 * @throws RuntimeError for a weight of another shape, or a label smoothing outside [0, 1].
 * @example
 * ```ts
 * const loss = new torch.nn.LinearCrossEntropyLoss(3, 4);
 * loss(torch.zeros(2, 3), torch.tensor([0n, 3n])).item(); // 1.38629
 * ```
 */
export class LinearCrossEntropyLoss extends Module {
  readonly numClasses: number;
  readonly outFeatures: Size;
  readonly weight: Tensor | null;
  readonly reduction: Reduction;
  readonly ignoreIndex: number | null;
  readonly labelSmoothing: number;
  /** The layer, with `numClasses * product(outFeatures)` outputs. */
  readonly linear: Linear;

  constructor(inFeatures: number, numClasses: number, options: LinearCrossEntropyLayerOptions = {}) {
    super();
    const name = 'LinearCrossEntropyLoss';
    const names = ['outFeatures', 'bias', 'device', 'dtype', 'reduction', 'weight', 'ignoreIndex', 'labelSmoothing'];
    const read = checkOptions(name, options, names as (keyof LinearCrossEntropyLayerOptions)[]);
    const { outFeatures = [], bias = false, device, dtype, weight = null, labelSmoothing = 0 } = read;
    checkNumbers(name, { inFeatures, numClasses, labelSmoothing });
    checkOptionalTensors(name, { weight });
    if (weight !== null && !sameShape(weight.shape, [numClasses])) {
      throw new RuntimeError(`expected weight shape to be ${tupleText([numClasses])}, got ${tupleText(weight.shape)}`);
    }
    if (labelSmoothing < 0 || labelSmoothing > 1) {
      throw new RuntimeError(`expected label_smoothing to be in range [0, 1], got ${pythonRepr(labelSmoothing)}`);
    }
    this.numClasses = numClasses;
    this.outFeatures = outFeatures;
    this.weight = this.registerBuffer('weight', weight);
    this.reduction = read.reduction ?? 'mean';
    this.ignoreIndex = read.ignoreIndex ?? null;
    this.labelSmoothing = labelSmoothing;
    this.linear = new Linear(inFeatures, product([numClasses, ...outFeatures]), { bias, device, dtype });
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { linear, weight, reduction, ignoreIndex, labelSmoothing } = this;
    const outputs = [this.numClasses, ...this.outFeatures];
    const linearWeight = linear.weight.reshape([...outputs, linear.inFeatures]);
    const linearBias = linear.bias === null ? null : linear.bias.reshape(outputs);
    return linearCrossEntropy(input, linearWeight, target, {
      linearBias,
      weight,
      reduction,
      ignoreIndex,
      labelSmoothing,
    });
  }

  override extraRepr(): string {
    const { linear, numClasses, outFeatures, ignoreIndex, labelSmoothing } = this;
    return [
      `in_features=${linear.inFeatures}, num_classes=${numClasses}, out_features=${pythonRepr(outFeatures)}`,
      `bias=${pythonRepr(linear.bias !== null)}, reduction=${this.reduction}, ignore_index=${pythonRepr(ignoreIndex)}`,
      `label_smoothing=${pythonFloat(labelSmoothing)}, options=None`,
    ].join(', ');
  }
}

/**
 * The former name of {@link NLLLoss}, with a warning; `torch.nn.NLLLoss2d`.
 *
 * @example
 * ```ts
 * new torch.nn.NLLLoss2d()(torch.zeros(1, 2, 1, 1), torch.zeros([1, 1, 1], { dtype: 'int64' })).item(); // 0
 * ```
 */
export class NLLLoss2d extends NLLLoss {
  constructor(options: NLLLayerOptions = {}) {
    super(options);
    emitLibtorchWarning(
      'FutureWarning',
      '`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement and see https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.',
    );
  }
}
