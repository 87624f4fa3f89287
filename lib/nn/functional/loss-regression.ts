/**
 * Regression losses, and losses between densities.
 *
 * No loss has PyTorch's deprecated arguments `size_average` and `reduce`; positional arguments after them
 * move up. Use `reduction`.
 */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { textOf } from '../../describe';
import { ValueError } from '../../errors';
import { native } from '../../native';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import { sameShape } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkOptionalTensors, checkTensors } from '../../tensor-arguments';
import { emitLibtorchWarning } from '../../warnings';
import {
  broadcastWithWarning,
  checkElementWeight,
  checkReduction,
  checkWeightedReduction,
  reduce,
  reductionEnum,
} from './reduction';
import type { Reduction, ReductionOptions } from './reduction';
import { valuesOf } from './wrapped-values';

/** The options of {@link mseLoss} and {@link l1Loss}. */
export interface ElementLossOptions extends ReductionOptions {
  /** One weight per element, of the input's shape; `'mean'` then divides by the sum of the weights. */
  weight?: Tensor | null;
}

type ElementLoss = Optional<[reduction: Reduction, weight: Tensor | null], ElementLossOptions>;

interface ReadElementLoss {
  reduction: Reduction;
  weight: Tensor | null;
  expanded: [input: Tensor, target: Tensor];
}

function readElementLoss(func: string, input: Tensor, target: Tensor, given: ElementLoss): ReadElementLoss {
  const { reduction = 'mean', weight = null } = readOptions<ElementLossOptions>(
    func,
    given,
    ['reduction', 'weight'],
    [],
    2,
  );
  checkTensors(func, { input, target });
  checkOptionalTensors(func, { weight });
  return { reduction, weight, expanded: broadcastWithWarning(input, target) };
}

function weightedMean(errors: Tensor, weight: Tensor, reduction: Reduction): Tensor {
  checkWeightedReduction(reduction);
  const weighted = errors.mul(weight);
  return reduction === 'mean' ? weighted.sum().div(weight.sum()) : reduce(weighted, reduction);
}

/**
 * The mean squared error; `torch.nn.functional.mse_loss`. Input and target of the same shape (other shapes
 * broadcast, with PyTorch's warning), floating-point or complex.
 *
 * @throws ValueError for an unknown reduction or a weight whose shape differs from the input's.
 * @example
 * ```ts
 * const { mseLoss } = torch.nn.functional;
 * const [prediction, target] = [torch.tensor([1, 2]), torch.tensor([1, 4])];
 * mseLoss(prediction, target).item(); // 2
 * mseLoss(prediction, target, { reduction: 'none' }); // [0, 4]
 * torch.func.grad((x: torch.Tensor) => mseLoss(x, target))(prediction); // [0, -2]
 * ```
 */
export function mseLoss(input: Tensor, target: Tensor, ...optional: ElementLoss): Tensor {
  const { reduction, weight, expanded } = readElementLoss('mseLoss', input, target, optional);
  if (weight === null) return nnFunctionalFunctions.mseLoss(...expanded, reductionEnum(reduction));
  checkElementWeight(weight, input);
  return weightedMean(expanded[0].sub(expanded[1]).pow(2), weight, reduction);
}

/**
 * The mean absolute error; `torch.nn.functional.l1_loss`. Shapes, options and errors as for
 * {@link mseLoss}.
 */
export function l1Loss(input: Tensor, target: Tensor, ...optional: ElementLoss): Tensor {
  const { reduction, weight, expanded } = readElementLoss('l1Loss', input, target, optional);
  if (weight === null) return nnFunctionalFunctions.l1Loss(...expanded, reductionEnum(reduction));
  checkElementWeight(weight, input);
  return weightedMean(expanded[0].sub(expanded[1]).abs(), weight, reduction);
}

/** The options of {@link smoothL1Loss}. */
export interface SmoothL1LossOptions extends ReductionOptions {
  /** The error below which the loss is quadratic; 1 by default. 0 gives {@link l1Loss}. */
  beta?: number;
}

/**
 * Squared below `beta`, absolute above; `torch.nn.functional.smooth_l1_loss`. Input and target of one
 * shape (other shapes broadcast, with PyTorch's warning), floating-point.
 *
 * @throws ValueError for an unknown reduction; RuntimeError for a negative beta.
 */
export function smoothL1Loss(
  input: Tensor,
  target: Tensor,
  ...optional: Optional<[reduction: Reduction, beta: number], SmoothL1LossOptions>
): Tensor {
  const { reduction = 'mean', beta = 1 } = readOptions<SmoothL1LossOptions>(
    'smoothL1Loss',
    optional,
    ['reduction', 'beta'],
    [],
    2,
  );
  checkTensors('smoothL1Loss', { input, target });
  const expanded = broadcastWithWarning(input, target);
  return beta === 0
    ? nnFunctionalFunctions.l1Loss(...expanded, reductionEnum(reduction))
    : nnFunctionalFunctions.smoothL1Loss(...expanded, reductionEnum(reduction), beta);
}

/** The options of {@link huberLoss}. */
export interface HuberLossOptions extends ReductionOptions {
  /** The error below which the loss is quadratic; 1 by default. */
  delta?: number;
  /** A weight per element, of the input's shape. */
  weight?: Tensor | null;
}

/**
 * Squared below `delta`, `delta` times absolute above; `torch.nn.functional.huber_loss`. Input and
 * target of one shape (other shapes broadcast, with PyTorch's warning), floating-point.
 *
 * @throws ValueError for an unknown reduction or a weight of another shape; RuntimeError unless delta is
 * positive.
 * @example
 * ```ts
 * torch.nn.functional.huberLoss(torch.randn(5), torch.zeros(5), { delta: 0.5 });
 * ```
 */
export function huberLoss(
  input: Tensor,
  target: Tensor,
  ...optional: Optional<[reduction: Reduction, delta: number, weight: Tensor | null], HuberLossOptions>
): Tensor {
  const {
    reduction = 'mean',
    delta = 1,
    weight = null,
  } = readOptions<HuberLossOptions>('huberLoss', optional, ['reduction', 'delta', 'weight'], [], 2);
  checkTensors('huberLoss', { input, target });
  checkOptionalTensors('huberLoss', { weight });
  const expanded = broadcastWithWarning(input, target);
  if (weight === null) return nnFunctionalFunctions.huberLoss(...expanded, reductionEnum(reduction), delta);
  checkElementWeight(weight, input);
  const weighted = nnFunctionalFunctions.huberLoss(...expanded, reductionEnum('none'), delta).mul(weight);
  checkWeightedReduction(reduction);
  return reduce(weighted, reduction);
}

/** The options of {@link poissonNllLoss}. */
export interface PoissonNllLossOptions extends ReductionOptions {
  /** Whether the input is the logarithm of the rate; true by default. */
  logInput?: boolean;
  /** Whether to add Stirling's approximation of the target term; false by default. */
  full?: boolean;
  /** Keeps `log(rate + eps)` finite if `logInput` is false; 1e-8 by default. */
  eps?: number;
}

/**
 * The negative log likelihood of counts under a Poisson distribution;
 * `torch.nn.functional.poisson_nll_loss`. Input and target of shapes that broadcast, floating-point.
 *
 * @throws ValueError for an unknown reduction.
 */
export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  ...optional: Optional<[logInput: boolean, full: boolean, eps: number, reduction: Reduction], PoissonNllLossOptions>
): Tensor {
  const {
    logInput = true,
    full = false,
    eps = 1e-8,
    reduction = 'mean',
  } = readOptions<PoissonNllLossOptions>('poissonNllLoss', optional, ['logInput', 'full', 'eps', 'reduction'], [], 2);
  checkReduction(reduction, `${textOf(reduction)} is not a valid value for reduction`);
  return torchFunctions.poissonNllLoss(input, target, logInput, full, eps, reductionEnum(reduction));
}

/** The options of {@link gaussianNllLoss}. */
export interface GaussianNllLossOptions extends ReductionOptions {
  /** Whether the constant term is added; false by default. */
  full?: boolean;
  /** The minimum variance, which does not affect the gradient; 1e-6 by default. */
  eps?: number;
}

// Accepts a variance per element, without the last dimension, or with a last dimension of size 1.
function matchVariance(variance: Tensor, input: Tensor): Tensor {
  const [inputShape, shape] = [input.shape, variance.shape];
  if (sameShape(shape, inputShape)) return variance;
  if (sameShape(inputShape.slice(0, -1), shape)) return variance.unsqueeze(-1);
  const differing = shape.filter((size, i) => size !== inputShape[i]);
  if (inputShape.length === shape.length && differing.reduce((a, b) => a + b, 0) === 1) return variance;
  throw new ValueError('var is of incorrect size');
}

/**
 * The negative log likelihood of targets under normal distributions with mean `input` and variance
 * `variance`; `torch.nn.functional.gaussian_nll_loss`. The variance is a number, or a tensor of the
 * input's shape, without its last dimension, or with one dimension of size 1; all floating-point.
 *
 * The function checks the values of the variance; under `vmap` those of all samples.
 *
 * @throws ValueError for a negative variance, one of another shape, or an unknown reduction.
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor | number,
  ...optional: Optional<[full: boolean, eps: number, reduction: Reduction], GaussianNllLossOptions>
): Tensor {
  const {
    full = false,
    eps = 1e-6,
    reduction = 'mean',
  } = readOptions<GaussianNllLossOptions>('gaussianNllLoss', optional, ['full', 'eps', 'reduction'], [], 3);
  checkTensors('gaussianNllLoss', { input, target });
  let given: Tensor;
  if (native.isTensor(variance)) {
    given = variance;
    if (native.peek(valuesOf(given).lt(0).any()) === true) throw new ValueError('var has negative entry/entries');
  } else {
    if (typeof variance !== 'number') checkTensors('gaussianNllLoss', { variance });
    if (variance < 0) throw new ValueError('var has negative entry/entries');
    given = torchFunctions.onesLike(input).mul(variance);
  }
  const matched = matchVariance(given, input);
  checkReduction(reduction, `${String(reduction)} is not valid`);
  // The bound affects neither the gradient nor the tangent.
  const clamped = torchFunctions.where(matched.lt(eps), matched.sub(matched.detach()).add(eps), matched);
  const loss = clamped.log().add(input.sub(target).pow(2).div(clamped)).mul(0.5);
  if (full) loss.add_(0.5 * Math.log(2 * Math.PI));
  return reduce(loss, reduction);
}

/** The options of {@link klDiv}. */
export interface KlDivOptions {
  /** A common reduction, or `'batchmean'`: the sum divided by the size of the first dimension. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target contains log probabilities as well; false by default. */
  logTarget?: boolean;
}

/**
 * The Kullback-Leibler divergence of `input`, given as log probabilities, from `target`;
 * `torch.nn.functional.kl_div`. Shapes that broadcast, floating-point. `'batchmean'` is the
 * mathematical definition; the default `'mean'` divides by the number of elements, and warns.
 *
 * @throws ValueError for an unknown reduction.
 * @example
 * ```ts
 * const { klDiv, logSoftmax, softmax } = torch.nn.functional;
 * klDiv(logSoftmax(torch.randn(4, 3), 1), softmax(torch.randn(4, 3), 1), { reduction: 'batchmean' });
 * ```
 */
export function klDiv(
  input: Tensor,
  target: Tensor,
  ...optional: Optional<[reduction: Reduction | 'batchmean', logTarget: boolean], KlDivOptions>
): Tensor {
  const { reduction = 'mean', logTarget = false } = readOptions<KlDivOptions>(
    'klDiv',
    optional,
    ['reduction', 'logTarget'],
    [],
    2,
  );
  checkTensors('klDiv', { input });
  if (reduction === 'mean') {
    emitLibtorchWarning(
      'UserWarning',
      "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the same as 'batchmean' in the next major release.",
    );
  }
  const reduced = torchFunctions.klDiv(input, target, reductionEnum(reduction === 'batchmean' ? 'sum' : reduction), {
    logTarget,
  });
  return reduction === 'batchmean' && input.dim() !== 0 ? reduced.div(input.size(0)) : reduced;
}
