/** Losses of several labels or with a margin between classes. */

import { checkOptionalTensors } from '../../tensor-arguments';
import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import {
  multiMarginLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  softMarginLoss,
} from '../functional/loss-classification';
import type { MultiMarginLossOptions } from '../functional/loss-classification';
import type { Reduction } from '../functional/reduction';
import { Module } from '../module';
import { Loss, WeightedLoss } from './loss-base';

/**
 * The multi-label hinge loss; `torch.nn.MultiLabelMarginLoss`. Input `(N, C)` or `(C)`; target int64 of that shape:
 * class indices, then -1.
 *
 * @throws RuntimeError in a call for shapes that do not match.
 * @example
 * ```ts
 * const loss = new torch.nn.MultiLabelMarginLoss();
 * loss(torch.tensor([0, 1, 0, 0]), torch.tensor([1n, -1n, 0n, 0n])).item(); // 0
 * ```
 */
export class MultiLabelMarginLoss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabelMarginLoss(input, target, this.reduction);
  }
}

/**
 * `log(1 + exp(-target * input))`; `torch.nn.SoftMarginLoss`. Two tensors of one shape; targets 1 or -1.
 *
 * @example
 * ```ts
 * new torch.nn.SoftMarginLoss()(torch.zeros(2), torch.tensor([1, -1])).item(); // 0.693147
 * ```
 */
export class SoftMarginLoss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return softMarginLoss(input, target, this.reduction);
  }
}

/**
 * The binary cross entropy of each class, averaged over classes; `torch.nn.MultiLabelSoftMarginLoss`. Input and target
 * `(N, C)` or `(C)`; targets 0 or 1.
 *
 * @throws ValueError in a call for an unknown reduction.
 * @example
 * ```ts
 * new torch.nn.MultiLabelSoftMarginLoss()(torch.zeros(1, 2), torch.tensor([[1, 0]])).item(); // 0.693147
 * ```
 */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabelSoftMarginLoss(input, target, this.weight, this.reduction);
  }
}

/**
 * The hinge loss of one class per sample; `torch.nn.MultiMarginLoss`. Input `(N, C)` or `(C)`, target int64 `(N)` or
 * `()`, weight `(C)`.
 *
 * @throws ValueError for a p other than 1 or 2, or a weight that is not one-dimensional.
 * @example
 * ```ts
 * new torch.nn.MultiMarginLoss()(torch.tensor([[0, 2]]), torch.tensor([0n])).item(); // 1.5
 * ```
 */
export class MultiMarginLoss extends Module {
  readonly p: number;
  readonly margin: number;
  readonly weight: Tensor | null;
  readonly reduction: Reduction;

  constructor(
    ...optional: Optional<
      [p: number, margin: number, weight: Tensor | null, reduction: Reduction],
      MultiMarginLossOptions
    >
  ) {
    super();
    const names = ['p', 'margin', 'weight', 'reduction'] as const;
    const options = readOptions<MultiMarginLossOptions>('MultiMarginLoss', optional, names, [], 0);
    const { p = 1, margin = 1, weight = null, reduction = 'mean' } = options;
    checkOptionalTensors('MultiMarginLoss', { weight });
    if (p !== 1 && p !== 2) throw new ValueError('only p == 1 and p == 2 supported');
    if (weight !== null && weight.dim() !== 1) {
      throw new ValueError(`MultiMarginLoss: expected weight to be None or 1D tensor, got ${weight.dim()}D instead`);
    }
    this.p = p;
    this.margin = margin;
    this.weight = this.registerBuffer('weight', weight);
    this.reduction = reduction;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return multiMarginLoss(input, target, { p, margin, weight, reduction });
  }
}
