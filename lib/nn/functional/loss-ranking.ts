/** Ranking losses, of pairs and triples. The deprecated arguments `size_average` and `reduce` do not exist here. */

import { checkFunction, checkNumbers, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { textOf } from '../../describe';
import { RuntimeError, ValueError } from '../../errors';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import { sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { checkReduction, reduce, reductionEnum } from './reduction';
import type { Reduction, ReductionOptions } from './reduction';

/** The options of the losses with a margin. */
export interface MarginLossOptions extends ReductionOptions {
  /** The margin; its default depends on the loss. */
  margin?: number;
}

type MarginLoss = Optional<[margin: number, reduction: Reduction], MarginLossOptions>;

const readMargin = (func: string, given: MarginLoss, required: number): MarginLossOptions =>
  readOptions<MarginLossOptions>(func, given, ['margin', 'reduction'], [], required);

/**
 * `max(0, -target * (input1 - input2) + margin)`; `torch.nn.functional.margin_ranking_loss`. Three
 * tensors of as many dimensions, floating-point; targets 1 where input1 should rank higher, else -1. The
 * margin is 0 by default.
 *
 * @throws RuntimeError if the numbers of dimensions differ; ValueError for an unknown reduction.
 */
export function marginRankingLoss(input1: Tensor, input2: Tensor, target: Tensor, ...optional: MarginLoss): Tensor {
  const { margin = 0, reduction = 'mean' } = readMargin('marginRankingLoss', optional, 3);
  checkTensors('marginRankingLoss', { input1, input2, target });
  const reductionIndex = reductionEnum(reduction);
  if (input1.dim() !== input2.dim() || input1.dim() !== target.dim()) {
    throw new RuntimeError(
      `margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: ${sizeText(input1.shape)}, input2: ${sizeText(input2.shape)}, target: ${sizeText(target.shape)} `,
    );
  }
  return torchFunctions.marginRankingLoss(input1, input2, target, margin, reductionIndex);
}

/**
 * The input where the target is 1, `max(0, margin - input)` where it is -1;
 * `torch.nn.functional.hinge_embedding_loss`. Any shape, floating-point. The margin is 1 by default.
 *
 * @throws ValueError for an unknown reduction.
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, ...optional: MarginLoss): Tensor {
  const { margin = 1, reduction = 'mean' } = readMargin('hingeEmbeddingLoss', optional, 2);
  return torchFunctions.hingeEmbeddingLoss(input, target, margin, reductionEnum(reduction));
}

/**
 * One minus the cosine of the angle where the target is 1, `max(0, cos - margin)` where it is -1;
 * `torch.nn.functional.cosine_embedding_loss`. Inputs `(N, D)` or `(D)`, floating-point; target `(N)` or
 * `()`. The margin is 0 by default.
 *
 * @throws ValueError for an unknown reduction; RuntimeError for shapes that do not match.
 */
export function cosineEmbeddingLoss(input1: Tensor, input2: Tensor, target: Tensor, ...optional: MarginLoss): Tensor {
  const { margin = 0, reduction = 'mean' } = readMargin('cosineEmbeddingLoss', optional, 3);
  return torchFunctions.cosineEmbeddingLoss(input1, input2, target, margin, reductionEnum(reduction));
}

function checkMargin(func: string, margin: number): void {
  checkNumbers(func, { margin });
  if (margin <= 0) throw new ValueError(`margin must be greater than 0, got ${margin}`);
}

/** The options of {@link tripletMarginLoss}. */
export interface TripletMarginLossOptions extends MarginLossOptions {
  /** The norm of the distance; 2 by default. */
  p?: number;
  /** Added to differences to make the distance differentiable at 0; 1e-6 by default. */
  eps?: number;
  /** Whether to use the distance between positive and negative if it is smaller; false by default. */
  swap?: boolean;
}

/**
 * `max(0, d(anchor, positive) - d(anchor, negative) + margin)`; `torch.nn.functional.triplet_margin_loss`.
 * Three tensors `(N, D)` or `(D)`, floating-point. The margin is 1 by default.
 *
 * @throws ValueError unless the margin is positive, or for an unknown reduction; RuntimeError for shapes
 * that do not match.
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...optional: Optional<
    [margin: number, p: number, eps: number, swap: boolean, reduction: Reduction],
    TripletMarginLossOptions
  >
): Tensor {
  const {
    margin = 1,
    p = 2,
    eps = 1e-6,
    swap = false,
    reduction = 'mean',
  } = readOptions<TripletMarginLossOptions>(
    'tripletMarginLoss',
    optional,
    ['margin', 'p', 'eps', 'swap', 'reduction'],
    [],
    3,
  );
  const reductionIndex = reductionEnum(reduction);
  checkMargin('tripletMarginLoss', margin);
  return torchFunctions.tripletMarginLoss(anchor, positive, negative, margin, p, eps, swap, reductionIndex);
}

/** The options of {@link tripletMarginWithDistanceLoss}, all by name. */
export interface TripletMarginWithDistanceLossOptions extends MarginLossOptions {
  /** The distance between two tensors; Euclidean by default. */
  distanceFunction?: ((x: Tensor, y: Tensor) => Tensor) | null;
  /** Whether to use the distance between positive and negative if it is smaller; false by default. */
  swap?: boolean;
}

/**
 * {@link tripletMarginLoss} with a custom distance function;
 * `torch.nn.functional.triplet_margin_with_distance_loss`. Three tensors of as many dimensions. The
 * margin is 1 by default.
 *
 * @throws ValueError unless the margin is positive, or for an unknown reduction; RuntimeError if the
 * numbers of dimensions differ.
 * @example
 * ```ts
 * const distance = (x: torch.Tensor, y: torch.Tensor) => x.sub(y).abs().amax(1);
 * const [a, p, n] = torch.randn(3, 8, 4);
 * torch.nn.functional.tripletMarginWithDistanceLoss(a, p, n, { distanceFunction: distance });
 * ```
 */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...optional: Optional<[], TripletMarginWithDistanceLossOptions>
): Tensor {
  const func = 'tripletMarginWithDistanceLoss';
  const {
    distanceFunction,
    margin = 1,
    swap = false,
    reduction = 'mean',
  } = readOptions<TripletMarginWithDistanceLossOptions>(
    func,
    optional,
    [],
    ['distanceFunction', 'margin', 'swap', 'reduction'],
    3,
  );
  checkReduction(reduction, `${textOf(reduction)} is not a valid value for reduction`);
  checkMargin(func, margin);
  checkTensors(func, { anchor, positive, negative });
  const [a, p, n] = [anchor.dim(), positive.dim(), negative.dim()];
  if (a !== p || p !== n) {
    throw new RuntimeError(
      `The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor ${a}D, positive ${p}D, and negative ${n}D inputs`,
    );
  }
  if (distanceFunction != null) checkFunction(func, distanceFunction, 'distanceFunction');
  const distance = distanceFunction ?? ((x: Tensor, y: Tensor) => nnFunctionalFunctions.pairwiseDistance(x, y));
  const toPositive = distance(anchor, positive);
  let toNegative = distance(anchor, negative);
  if (swap) toNegative = torchFunctions.minimum(toNegative, distance(positive, negative));
  return reduce(toPositive.add(margin).sub(toNegative).clampMin(0), reduction);
}
