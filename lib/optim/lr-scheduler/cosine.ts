/** Schedulers along a cosine. */

import { checkNumbers, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import { add, cosine, div, mul, sub } from '../arithmetic';
import type { Rate } from '../arithmetic';
import type { AnyOptimizer } from '../optimizer';
import { LRScheduler } from './scheduler';
import type { SchedulerOptions } from './scheduler';

/** The options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** The smallest learning rate; 0 by default. */
  etaMin?: number;
}

/** Between `etaMin` (for a factor of 0) and a learning rate (for a factor of 2). */
function between(etaMin: number, lr: Rate, factor: number): Rate {
  return add(etaMin, div(mul(sub(lr, etaMin), factor), 2));
}

/**
 * Decreases the learning rate along a cosine for `TMax` steps, and then increases it; `torch.optim.lr_scheduler.CosineAnnealingLR`.
 *
 * @throws TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.CosineAnnealingLR(optimizer, 2, { etaMin: 0.5 });
 * for (let i = 0; i < 2; i++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export class CosineAnnealingLR extends LRScheduler {
  TMax: number;
  etaMin: number;

  constructor(
    optimizer: AnyOptimizer,
    TMax: number,
    ...optional: Optional<[etaMin: number, lastEpoch: number], CosineAnnealingLROptions>
  ) {
    const names = ['etaMin', 'lastEpoch'] as const;
    const options = readOptions<CosineAnnealingLROptions>('CosineAnnealingLR', optional, names, [], 2);
    const { etaMin = 0, lastEpoch } = options;
    checkNumbers('CosineAnnealingLR', { TMax, etaMin });
    super(optimizer, lastEpoch);
    this.TMax = TMax;
    this.etaMin = etaMin;
    this.initialStep();
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    const { TMax, etaMin, lastEpoch, baseLrs } = this;
    if (this._isInitial) return this.current();
    if (this._stepCount === 1 && lastEpoch > 0) {
      return baseLrs.map((lr) => between(etaMin, lr, 1 + cosine((lastEpoch * Math.PI) / TMax)));
    }
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0) {
      return this.current((lr, i) => add(lr, div(mul(sub(baseLrs[i], etaMin), 1 - cosine(Math.PI / TMax)), 2)));
    }
    const height = (epoch: number): number => 1 + cosine((Math.PI * epoch) / TMax);
    const factor = height(lastEpoch) / height(lastEpoch - 1);
    return this.current((lr) => add(mul(factor, sub(lr, etaMin)), etaMin));
  }

  protected override closedFormLr(): Rate[] {
    const { TMax, etaMin, lastEpoch } = this;
    return this.baseLrs.map((lr) => between(etaMin, lr, 1 + cosine((Math.PI * lastEpoch) / TMax)));
  }
}

/** The options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends SchedulerOptions {
  /** The factor by which each period is longer than the last; 1 by default. */
  TMult?: number;
  /** The smallest learning rate; 0 by default. */
  etaMin?: number;
}

/**
 * Decreases the learning rate along a cosine, and starts again after `T0` steps, `T0 * TMult` more, and so on;
 * `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`. `step(epoch)` also takes fractions of an epoch.
 *
 * @throws ValueError for periods that are not positive integers; TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, 10, { TMult: 2 });
 * scheduler.step(5);
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  T0: number;
  TI: number;
  TMult: number;
  etaMin: number;
  TCur: number;

  constructor(
    optimizer: AnyOptimizer,
    T0: number,
    ...optional: Optional<[TMult: number, etaMin: number, lastEpoch: number], CosineAnnealingWarmRestartsOptions>
  ) {
    const names = ['TMult', 'etaMin', 'lastEpoch'] as const;
    const api = 'CosineAnnealingWarmRestarts';
    const options = readOptions<CosineAnnealingWarmRestartsOptions>(api, optional, names, [], 2);
    const { TMult = 1, etaMin = 0, lastEpoch = -1 } = options;
    checkNumbers(api, { T0, TMult, etaMin });
    if (T0 <= 0 || !Number.isInteger(T0)) throw new ValueError(`Expected positive integer T0, but got ${T0}`);
    if (TMult < 1 || !Number.isInteger(TMult)) throw new ValueError(`Expected integer TMult >= 1, but got ${TMult}`);
    super(optimizer, lastEpoch);
    this.T0 = T0;
    this.TI = T0;
    this.TMult = TMult;
    this.etaMin = etaMin;
    this.TCur = lastEpoch;
    this.initialStep();
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    return this.baseLrs.map((lr) => between(this.etaMin, lr, 1 + cosine((Math.PI * this.TCur) / this.TI)));
  }

  /**
   * Sets the next learning rates.
   *
   * @param epoch - The number of epochs since the start, which may be a fraction; by default one more than before.
   * @throws ValueError for a negative number.
   */
  override step(epoch?: number | null): void {
    let now = epoch ?? (this.lastEpoch < 0 ? 0 : null);
    if (now === null) {
      now = this.lastEpoch + 1;
      this.TCur += 1;
      if (this.TCur >= this.TI) {
        this.TCur %= this.TI;
        this.TI *= this.TMult;
      }
    } else {
      this.#moveTo(now);
    }
    this.lastEpoch = Math.floor(now);
    this.setLearningRates(() => this.getLr());
  }

  #moveTo(epoch: number): void {
    const { T0, TMult } = this;
    if (epoch < 0) throw new ValueError(`Expected non-negative epoch, but got ${epoch}`);
    if (epoch < T0) {
      this.TI = T0;
      this.TCur = epoch;
    } else if (TMult === 1) {
      this.TCur = epoch % T0;
    } else {
      const period = Math.trunc(Math.log((epoch / T0) * (TMult - 1) + 1) / Math.log(TMult));
      this.TCur = epoch - (T0 * (TMult ** period - 1)) / (TMult - 1);
      this.TI = T0 * TMult ** period;
    }
  }
}
