/** The common bases of losses. */

import { checkOptions, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Tensor } from '../../tensor';
import type { Reduction, ReductionOptions } from '../functional/reduction';
import { Module } from '../module';

/** A loss whose only option is the reduction. */
export abstract class Loss extends Module {
  readonly reduction: Reduction;

  constructor(...optional: Optional<[reduction: Reduction], ReductionOptions>) {
    super();
    const names = ['reduction'] as const;
    this.reduction = readOptions<ReductionOptions>(new.target.name, optional, names, [], 0).reduction ?? 'mean';
  }
}

/** The options of the losses with a margin. */
export interface MarginLayerOptions extends ReductionOptions {
  /** The margin; its default depends on the loss. */
  margin?: number;
}

/** A loss of pairs with a margin. */
export abstract class MarginLoss extends Module {
  readonly margin: number;
  readonly reduction: Reduction;

  constructor(...optional: Optional<[margin: number, reduction: Reduction], MarginLayerOptions>) {
    super();
    const names = ['margin', 'reduction'] as const;
    const options = readOptions<MarginLayerOptions>(new.target.name, optional, names, [], 0);
    this.margin = options.margin ?? this.usualMargin;
    this.reduction = options.reduction ?? 'mean';
  }

  /** The margin if none is given. */
  protected get usualMargin(): number {
    return 0;
  }
}

/** The options of the losses with a weight per class, all by name. */
export interface WeightedLayerOptions extends ReductionOptions {
  /** One weight per class; a buffer of the module. */
  weight?: Tensor | null;
}

/** A loss whose only options are the reduction and a weight per class. */
export abstract class WeightedLoss extends Module {
  readonly weight: Tensor | null;
  readonly reduction: Reduction;

  constructor(options: WeightedLayerOptions = {}) {
    super();
    const read = checkOptions(new.target.name, options, ['weight', 'reduction']);
    this.weight = this.registerBuffer('weight', read.weight ?? null);
    this.reduction = read.reduction ?? 'mean';
  }
}
