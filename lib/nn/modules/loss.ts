/** Losses of elements and of classes. */

import { checkOptions, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Tensor } from '../../tensor';
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  nllLoss,
} from '../functional/loss-classification';
import { huberLoss, klDiv, l1Loss, mseLoss, smoothL1Loss } from '../functional/loss-regression';
import type { Reduction, ReductionOptions } from '../functional/reduction';
import { Module } from '../module';
import { Loss } from './loss-base';

/**
 * The squared difference, its mean by default; `torch.nn.MSELoss`. Input and target of the same shape.
 *
 * @example
 * ```ts
 * new torch.nn.MSELoss()(torch.tensor([1, 2]), torch.tensor([1, 4])).item(); // 2
 * ```
 */
export class MSELoss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, { reduction: this.reduction });
  }
}

/** The absolute difference, its mean by default; `torch.nn.L1Loss`. */
export class L1Loss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, { reduction: this.reduction });
  }
}

/** The options of {@link SmoothL1Loss}. */
export interface SmoothL1LayerOptions extends ReductionOptions {
  /** The error below which the loss is quadratic; 1 by default. */
  beta?: number;
}

/** Squared below `beta`, absolute above; `torch.nn.SmoothL1Loss`. */
export class SmoothL1Loss extends Module {
  readonly reduction: Reduction;
  readonly beta: number;

  constructor(...optional: Optional<[reduction: Reduction, beta: number], SmoothL1LayerOptions>) {
    super();
    const names = ['reduction', 'beta'] as const;
    const options = readOptions<SmoothL1LayerOptions>('SmoothL1Loss', optional, names, [], 0);
    this.reduction = options.reduction ?? 'mean';
    this.beta = options.beta ?? 1;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}

/** The options of {@link HuberLoss}. */
export interface HuberLayerOptions extends ReductionOptions {
  /** The error below which the loss is quadratic; 1 by default. */
  delta?: number;
}

/** Squared below `delta`, `delta` times absolute above; `torch.nn.HuberLoss`. */
export class HuberLoss extends Module {
  readonly reduction: Reduction;
  readonly delta: number;

  constructor(...optional: Optional<[reduction: Reduction, delta: number], HuberLayerOptions>) {
    super();
    const names = ['reduction', 'delta'] as const;
    const options = readOptions<HuberLayerOptions>('HuberLoss', optional, names, [], 0);
    this.reduction = options.reduction ?? 'mean';
    this.delta = options.delta ?? 1;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}

/** The options of {@link KLDivLoss}. */
export interface KLDivLayerOptions {
  /** `'mean'` by default, with a warning; `'batchmean'` is the mathematical divergence. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target contains log probabilities as well; false by default. */
  logTarget?: boolean;
}

/** The Kullback-Leibler divergence of log probabilities from a target; `torch.nn.KLDivLoss`. */
export class KLDivLoss extends Module {
  readonly reduction: Reduction | 'batchmean';
  readonly logTarget: boolean;

  constructor(...optional: Optional<[reduction: Reduction | 'batchmean', logTarget: boolean], KLDivLayerOptions>) {
    super();
    const names = ['reduction', 'logTarget'] as const;
    const options = readOptions<KLDivLayerOptions>('KLDivLoss', optional, names, [], 0);
    this.reduction = options.reduction ?? 'mean';
    this.logTarget = options.logTarget ?? false;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}

/** The options of {@link CrossEntropyLoss}, all by name. */
export interface CrossEntropyLayerOptions extends ReductionOptions {
  /** One weight per class; a buffer of the module. */
  weight?: Tensor | null;
  /** A target class that is ignored; -100 by default. */
  ignoreIndex?: number;
  /** The fraction of each target that is distributed over all classes; 0 by default. */
  labelSmoothing?: number;
}

/**
 * The cross entropy of logits and classes; `torch.nn.CrossEntropyLoss`. Input `(N, C)` or `(N, C, ...)`,
 * target `(N, ...)` of int64 classes, or probabilities of the input's shape.
 *
 * @example
 * ```ts
 * const loss = new torch.nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
 * loss(torch.zeros(2, 4), torch.tensor([0n, 3n])).item(); // 1.38629
 * ```
 */
export class CrossEntropyLoss extends Module {
  readonly weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
  readonly labelSmoothing: number;

  constructor(options: CrossEntropyLayerOptions = {}) {
    super();
    const names = ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing'] as const;
    const read = checkOptions('CrossEntropyLoss', options, names);
    this.weight = this.registerBuffer('weight', read.weight ?? null);
    this.ignoreIndex = read.ignoreIndex ?? -100;
    this.reduction = read.reduction ?? 'mean';
    this.labelSmoothing = read.labelSmoothing ?? 0;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

/** The options of {@link NLLLoss}, all by name. */
export type NLLLayerOptions = Omit<CrossEntropyLayerOptions, 'labelSmoothing'>;

/** The negative log likelihood of classes; `torch.nn.NLLLoss`. Like {@link CrossEntropyLoss}, for log probabilities. */
export class NLLLoss extends Module {
  readonly weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;

  constructor(options: NLLLayerOptions = {}) {
    super();
    const names = ['weight', 'ignoreIndex', 'reduction'] as const;
    const read = checkOptions('NLLLoss', options, names);
    this.weight = this.registerBuffer('weight', read.weight ?? null);
    this.ignoreIndex = read.ignoreIndex ?? -100;
    this.reduction = read.reduction ?? 'mean';
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

/** The options of {@link BCELoss}, all by name. */
export interface BCELayerOptions extends ReductionOptions {
  /** One weight per element; a buffer of the module. */
  weight?: Tensor | null;
}

/** The binary cross entropy of probabilities; `torch.nn.BCELoss`. Input and target of the same shape. */
export class BCELoss extends Module {
  readonly weight: Tensor | null;
  readonly reduction: Reduction;

  constructor(options: BCELayerOptions = {}) {
    super();
    const read = checkOptions('BCELoss', options, ['weight', 'reduction']);
    this.weight = this.registerBuffer('weight', read.weight ?? null);
    this.reduction = read.reduction ?? 'mean';
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, { weight: this.weight, reduction: this.reduction });
  }
}

/** The options of {@link BCEWithLogitsLoss}, all by name. */
export interface BCEWithLogitsLayerOptions extends BCELayerOptions {
  /** The weight of positive examples; a buffer of the module. */
  posWeight?: Tensor | null;
}

/** The binary cross entropy of logits; `torch.nn.BCEWithLogitsLoss`. Input and target of the same shape. */
export class BCEWithLogitsLoss extends Module {
  readonly weight: Tensor | null;
  readonly posWeight: Tensor | null;
  readonly reduction: Reduction;

  constructor(options: BCEWithLogitsLayerOptions = {}) {
    super();
    const names = ['weight', 'posWeight', 'reduction'] as const;
    const read = checkOptions('BCEWithLogitsLoss', options, names);
    this.weight = this.registerBuffer('weight', read.weight ?? null);
    this.posWeight = this.registerBuffer('posWeight', read.posWeight ?? null);
    this.reduction = read.reduction ?? 'mean';
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return binaryCrossEntropyWithLogits(input, target, { weight, posWeight, reduction });
  }
}
