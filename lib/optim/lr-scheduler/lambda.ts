/** Schedulers whose learning rates a function of the user computes. */

import { readOptions, copyDense } from '../../arguments';
import type { Optional } from '../../arguments';
import { describeType } from '../../describe';
import { ValueError } from '../../errors';
import { mul } from '../arithmetic';
import type { Rate } from '../arithmetic';
import type { AnyOptimizer } from '../optimizer';
import { LRScheduler } from './scheduler';
import type { SchedulerOptions } from './scheduler';
import { checkOptimizer } from './state';

/** A factor of the learning rate after a number of steps. */
export type LrLambda = (epoch: number) => number;

type Lambdas = LrLambda | readonly LrLambda[];

abstract class FunctionLR extends LRScheduler {
  /** The function of each group. They are not part of the state. */
  lrLambdas: LrLambda[];

  protected constructor(
    optimizer: AnyOptimizer,
    lrLambda: Lambdas,
    optional: Optional<[lastEpoch: number], SchedulerOptions>,
  ) {
    const api = new.target.name;
    const { lastEpoch } = readOptions<SchedulerOptions>(api, optional, ['lastEpoch'], [], 2);
    checkOptimizer(optimizer);
    const count = optimizer.paramGroups.length;
    const lambdas: readonly unknown[] = Array.isArray(lrLambda)
      ? lrLambda
      : Array.from({ length: count }, () => lrLambda);
    if (lambdas.length !== count) throw new ValueError(`Expected ${count} lrLambdas, but got ${lambdas.length}`);
    for (const lambda of lambdas) {
      if (typeof lambda === 'function') continue;
      throw new TypeError(`lrLambda should be a function, but got ${describeType(lambda)}`);
    }
    super(optimizer, lastEpoch);
    this.lrLambdas = copyDense(lambdas) as LrLambda[];
    this.initialStep();
  }

  protected override get unsavedFields(): readonly string[] {
    return ['optimizer', 'lrLambdas'];
  }

  /** The state of the scheduler, by Python's names. It has null in place of each function. */
  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), lr_lambdas: this.lrLambdas.map(() => null) };
  }
}

/**
 * The initial learning rate times a function of the number of steps; `torch.optim.lr_scheduler.LambdaLR`.
 *
 * @throws TypeError for anything else than an optimiser and functions; ValueError for another number of functions than
 * groups.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 0.5 });
 * const scheduler = new torch.optim.lrScheduler.LambdaLR(optimizer, (epoch) => 0.5 ** epoch);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [0.25]
 * ```
 */
export class LambdaLR extends FunctionLR {
  constructor(
    optimizer: AnyOptimizer,
    lrLambda: Lambdas,
    ...optional: Optional<[lastEpoch: number], SchedulerOptions>
  ) {
    super(optimizer, lrLambda, optional);
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    return this.baseLrs.map((lr, i) => mul(lr, this.lrLambdas[i](this.lastEpoch)));
  }
}

/**
 * The learning rate times a function of the number of steps, in each step;
 * `torch.optim.lr_scheduler.MultiplicativeLR`.
 *
 * @throws TypeError for anything else than an optimiser and functions; ValueError for another number of functions than
 * groups.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 0.5 });
 * const scheduler = new torch.optim.lrScheduler.MultiplicativeLR(optimizer, () => 0.5);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [0.25]
 * ```
 */
export class MultiplicativeLR extends FunctionLR {
  constructor(
    optimizer: AnyOptimizer,
    lrLambda: Lambdas,
    ...optional: Optional<[lastEpoch: number], SchedulerOptions>
  ) {
    super(optimizer, lrLambda, optional);
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    if (this._isInitial) return this.current();
    return this.current((lr, i) => mul(lr, this.lrLambdas[i](this.lastEpoch)));
  }
}
