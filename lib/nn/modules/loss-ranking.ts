/** Ranking losses, of pairs and triples. */

import { checkFunction, checkNumbers, checkOptions, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from '../functional/loss-ranking';
import type { TripletMarginLossOptions, TripletMarginWithDistanceLossOptions } from '../functional/loss-ranking';
import type { Reduction } from '../functional/reduction';
import { Module } from '../module';
import { pythonRepr } from '../module-text';
import { PairwiseDistance } from './distance';
import { MarginLoss } from './loss-base';

/**
 * The input where the target is 1, `max(0, margin - input)` where it is -1; `torch.nn.HingeEmbeddingLoss`. Two
 * tensors of one shape. The margin is 1 by default.
 *
 * @throws ValueError in a call for an unknown reduction.
 * @example
 * ```ts
 * new torch.nn.HingeEmbeddingLoss({ reduction: 'sum' })(torch.tensor([2, 0.5]), torch.tensor([1, -1])).item(); // 2.5
 * ```
 */
export class HingeEmbeddingLoss extends MarginLoss {
  protected override get usualMargin(): number {
    return 1;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, this.margin, this.reduction);
  }
}

/**
 * One minus the cosine of the angle where the target is 1, `max(0, cos - margin)` where it is -1;
 * `torch.nn.CosineEmbeddingLoss`. Inputs `(N, D)` or `(D)`, target `(N)` or `()`. The margin is 0 by default.
 *
 * @throws ValueError in a call for an unknown reduction; RuntimeError for shapes that do not match.
 * @example
 * ```ts
 * const loss = new torch.nn.CosineEmbeddingLoss();
 * loss(torch.tensor([[1, 0]]), torch.tensor([[0, 3]]), torch.tensor([1])).item(); // 1
 * ```
 */
export class CosineEmbeddingLoss extends MarginLoss {
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(input1, input2, target, this.margin, this.reduction);
  }
}

/**
 * `max(0, -target * (input1 - input2) + margin)`; `torch.nn.MarginRankingLoss`. Targets are 1 where input1 should
 * rank higher, else -1. The margin is 0 by default.
 *
 * @throws RuntimeError in a call if the numbers of dimensions differ; ValueError for an unknown reduction.
 * @example
 * ```ts
 * const loss = new torch.nn.MarginRankingLoss(0.5);
 * loss(torch.tensor([1, 2]), torch.tensor([3, 1]), torch.tensor([1, 1])).item(); // 1.25
 * ```
 */
export class MarginRankingLoss extends MarginLoss {
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(input1, input2, target, this.margin, this.reduction);
  }
}

function checkMargin(layer: string, margin: number): void {
  checkNumbers(layer, { margin });
  if (margin > 0) return;
  throw new ValueError(`${layer}: expected margin to be greater than 0, got ${pythonRepr(margin)} instead`);
}

/**
 * `max(0, d(anchor, positive) - d(anchor, negative) + margin)`; `torch.nn.TripletMarginLoss`. Three tensors
 * `(N, D)` or `(D)`. The margin is 1 by default.
 *
 * @throws ValueError unless the margin is positive; in a call, RuntimeError for shapes that do not match.
 * @example
 * ```ts
 * const loss = new torch.nn.TripletMarginLoss({ margin: 2, p: 1, eps: 0 });
 * loss(torch.tensor([[0]]), torch.tensor([[3]]), torch.tensor([[4]])).item(); // 1
 * ```
 */
export class TripletMarginLoss extends Module {
  readonly margin: number;
  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;
  readonly reduction: Reduction;

  constructor(
    ...optional: Optional<
      [margin: number, p: number, eps: number, swap: boolean, reduction: Reduction],
      TripletMarginLossOptions
    >
  ) {
    super();
    const names = ['margin', 'p', 'eps', 'swap', 'reduction'] as const;
    const options = readOptions<TripletMarginLossOptions>('TripletMarginLoss', optional, names, [], 0);
    const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = 'mean' } = options;
    checkMargin('TripletMarginLoss', margin);
    this.margin = margin;
    this.p = p;
    this.eps = eps;
    this.swap = swap;
    this.reduction = reduction;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

/**
 * {@link TripletMarginLoss} with a distance function of your own, all options by name;
 * `torch.nn.TripletMarginWithDistanceLoss`. The distance is {@link PairwiseDistance} by default; one that is a
 * module becomes a submodule.
 *
 * @throws ValueError unless the margin is positive; TypeError for a distance that is not a function.
 * @example
 * ```ts
 * const distanceFunction = (x: torch.Tensor, y: torch.Tensor) => x.sub(y).abs().amax(1);
 * const loss = new torch.nn.TripletMarginWithDistanceLoss({ distanceFunction, margin: 2 });
 * loss(torch.tensor([[0, 0]]), torch.tensor([[3, 1]]), torch.tensor([[4, 1]])).item(); // 1
 * ```
 */
export class TripletMarginWithDistanceLoss extends Module {
  readonly distanceFunction: (x: Tensor, y: Tensor) => Tensor;
  readonly margin: number;
  readonly swap: boolean;
  readonly reduction: Reduction;

  constructor(options: TripletMarginWithDistanceLossOptions = {}) {
    super();
    const names = ['distanceFunction', 'margin', 'swap', 'reduction'] as const;
    const read = checkOptions('TripletMarginWithDistanceLoss', options, names);
    const { margin = 1, swap = false, reduction = 'mean' } = read;
    checkMargin('TripletMarginWithDistanceLoss', margin);
    this.distanceFunction = read.distanceFunction ?? new PairwiseDistance();
    checkFunction('TripletMarginWithDistanceLoss', this.distanceFunction, 'distanceFunction');
    this.margin = margin;
    this.swap = swap;
    this.reduction = reduction;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distanceFunction, margin, swap, reduction } = this;
    return tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction, margin, swap, reduction });
  }
}
