/** `torch.optim.lr_scheduler.LRScheduler`: the base class of the schedulers of one formula. */

import { KeyError, NotImplementedError } from '../../errors';
import { emitLibtorchWarning } from '../../warnings';
import type { Rate } from '../arithmetic';
import type { AnyOptimizer } from '../optimizer';
import { AnyScheduler, groupsIn, ratesOf, setRate } from './state';

/** The last argument of every scheduler. */
export interface SchedulerOptions {
  /** The number of steps that were taken before; -1, by default, for none. */
  lastEpoch?: number;
}

const EPOCH_WARNING =
  'The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from null, the closed form is used instead of the new chainable form, where available.';

/**
 * The base class of the learning-rate schedulers; `torch.optim.lr_scheduler.LRScheduler`. A subclass overrides
 * {@link getLr}, and its constructor calls {@link initialStep} when its own fields are set.
 *
 * @example
 * ```ts
 * class Halving extends torch.optim.lrScheduler.LRScheduler {
 *   constructor(optimizer: torch.optim.AnyOptimizer) {
 *     super(optimizer);
 *     this.initialStep();
 *   }
 *   override getLr() {
 *     return this.baseLrs.map((lr) => (lr as number) / 2 ** this.lastEpoch);
 *   }
 * }
 *
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new Halving(optimizer);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export class LRScheduler extends AnyScheduler {
  /** The learning rates of the groups at the start. */
  baseLrs: Rate[];
  /** The number of steps since the start. */
  lastEpoch: number;
  /** @internal */
  _stepCount = 0;
  /** @internal */
  _isInitial = false;
  /** @internal */
  _getLrCalledWithinStep = false;

  /**
   * @param optimizer - The optimiser.
   * @param lastEpoch - The number of steps that were taken before; -1, the default, for none.
   * @throws TypeError for anything else than an optimiser; KeyError if groups lack the `initialLr` of earlier steps.
   */
  constructor(optimizer: AnyOptimizer, lastEpoch = -1) {
    super(optimizer);
    if (!Number.isInteger(lastEpoch)) {
      throw new TypeError(
        `${this.constructor.name}(): option 'lastEpoch' must be an integer, not ${String(lastEpoch)}`,
      );
    }
    for (const [i, group] of groupsIn(optimizer).entries()) {
      if (lastEpoch === -1) group.initialLr ??= ratesOf(optimizer)[i];
      if (group.initialLr !== undefined) continue;
      throw new KeyError(
        `param 'initialLr' is not specified in paramGroups[${i}] when resuming scheduler with lastEpoch >= 0. Load the state dict of the optimizer first`,
      );
    }
    this.baseLrs = ratesOf(optimizer, 'initialLr');
    this.lastEpoch = lastEpoch;
  }

  /** The step that sets the first learning rates. Every subclass calls it at the end of its constructor. */
  protected initialStep(): void {
    this._stepCount = 0;
    this._isInitial = true;
    try {
      this.step();
    } finally {
      this._isInitial = false;
    }
  }

  /** @internal */
  override _restart(): void {
    this.initialStep();
  }

  /** The learning rates of the groups after {@link lastEpoch} steps; subclasses override it. `get_lr`. */
  getLr(): Rate[] {
    throw new NotImplementedError(`${this.constructor.name} is missing the required "getLr" function`);
  }

  /** The learning rates after `lastEpoch` steps, whatever they are now; null if there is no such formula. */
  protected closedFormLr(): Rate[] | null {
    return null;
  }

  /**
   * Sets the next learning rates. Call it after the step of the optimiser.
   *
   * @param epoch - Deprecated: the number of steps since the start.
   */
  override step(epoch?: number | null): void {
    if (this._stepCount === 1 && !this.optimizer._optCalled) {
      emitLibtorchWarning(
        'UserWarning',
        'Detected call of `lrScheduler.step()` before `optimizer.step()`. You should call them in the opposite order: `optimizer.step()` before `lrScheduler.step()`. Otherwise the first value of the learning rate schedule is skipped.',
      );
    }
    this._stepCount += 1;
    if (epoch != null) emitLibtorchWarning('UserWarning', EPOCH_WARNING);
    this._updateLr(epoch);
  }

  /** @internal */
  _updateLr(epoch?: number | null): void {
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    this.setLearningRates(() => (epoch == null ? this.getLr() : (this.closedFormLr() ?? this.getLr())));
  }

  /** Sets the learning rates that a function computes. */
  protected setLearningRates(compute: () => Rate[]): void {
    let values: Rate[];
    this._getLrCalledWithinStep = true;
    try {
      values = compute();
    } finally {
      this._getLrCalledWithinStep = false;
    }
    for (const [i, group] of groupsIn(this.optimizer).entries()) setRate(group, 'lr', values[i]);
    this._lastLr = ratesOf(this.optimizer);
  }

  /** Warns of calls of {@link getLr} that are meant to be calls of {@link getLastLr}. */
  protected warnOutsideStep(): void {
    if (this._getLrCalledWithinStep) return;
    emitLibtorchWarning(
      'UserWarning',
      'To get the last learning rate computed by the scheduler, please use `getLastLr()`.',
    );
  }

  /** The learning rates as they are, or each after a function. */
  protected current(change: (lr: Rate, i: number) => Rate = (lr) => lr): Rate[] {
    return ratesOf(this.optimizer).map(change);
  }
}
