/** Schedulers that multiply the learning rate in some or all steps. */

import { checkNumbers, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { describeType } from '../../describe';
import { ValueError } from '../../errors';
import { Counter } from '../../pickle/values';
import { mul, power } from '../arithmetic';
import type { Rate } from '../arithmetic';
import type { AnyOptimizer } from '../optimizer';
import { LRScheduler } from './scheduler';
import type { SchedulerOptions } from './scheduler';

/** The options of {@link StepLR} and {@link MultiStepLR}. */
export interface StepLROptions extends SchedulerOptions {
  /** The factor; 0.1 by default. */
  gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` steps; `torch.optim.lr_scheduler.StepLR`.
 *
 * @throws TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.StepLR(optimizer, 2, { gamma: 0.5 });
 * const rates = [0, 1, 2, 3].map(() => {
 *   optimizer.step();
 *   scheduler.step();
 *   return optimizer.paramGroups[0]?.lr;
 * });
 * rates; // [1, 0.5, 0.5, 0.25]
 * ```
 */
export class StepLR extends LRScheduler {
  stepSize: number;
  gamma: number;

  constructor(
    optimizer: AnyOptimizer,
    stepSize: number,
    ...optional: Optional<[gamma: number, lastEpoch: number], StepLROptions>
  ) {
    const { gamma = 0.1, lastEpoch } = readOptions<StepLROptions>('StepLR', optional, ['gamma', 'lastEpoch'], [], 2);
    checkNumbers('StepLR', { stepSize, gamma });
    super(optimizer, lastEpoch);
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.initialStep();
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    if (this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0) return this.current();
    return this.current((lr) => mul(lr, this.gamma));
  }

  protected override closedFormLr(): Rate[] {
    const factor = power(this.gamma, Math.floor(this.lastEpoch / this.stepSize));
    return this.baseLrs.map((lr) => mul(lr, factor));
  }
}

/**
 * Multiplies the learning rate by `gamma` at each of the given numbers of steps; `torch.optim.lr_scheduler.MultiStepLR`.
 *
 * @throws TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.MultiStepLR(optimizer, [30, 80], { gamma: 0.1 });
 * scheduler.getLastLr(); // [1]
 * ```
 */
export class MultiStepLR extends LRScheduler {
  /** How often each number of steps is a milestone. */
  milestones: Map<unknown, number>;
  gamma: number;

  constructor(
    optimizer: AnyOptimizer,
    milestones: Iterable<number>,
    ...optional: Optional<[gamma: number, lastEpoch: number], StepLROptions>
  ) {
    const options = readOptions<StepLROptions>('MultiStepLR', optional, ['gamma', 'lastEpoch'], [], 2);
    const { gamma = 0.1, lastEpoch } = options;
    checkNumbers('MultiStepLR', { gamma });
    const given: unknown = milestones;
    if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) {
      throw new TypeError(
        `MultiStepLR(): argument 'milestones' must be an iterable of numbers, not ${describeType(given)}`,
      );
    }
    super(optimizer, lastEpoch);
    this.milestones = new Counter();
    for (const milestone of milestones) this.milestones.set(milestone, (this.milestones.get(milestone) ?? 0) + 1);
    this.gamma = gamma;
    this.initialStep();
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    const count = this.milestones.get(this.lastEpoch);
    if (count === undefined) return this.current();
    return this.current((lr) => mul(lr, power(this.gamma, count)));
  }

  protected override closedFormLr(): Rate[] {
    const passed = Array.from(this.milestones).filter(([milestone]) => (milestone as number) <= this.lastEpoch);
    const count = passed.reduce((sum, [, times]) => sum + times, 0);
    return this.baseLrs.map((lr) => mul(lr, power(this.gamma, count)));
  }

  /** The state of the scheduler, by Python's names. The milestones are a `Counter` there. */
  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), milestones: new Counter(this.milestones) };
  }

  override loadStateDict(stateDict: Readonly<Record<string, unknown>>): void {
    super.loadStateDict(stateDict);
    const given: unknown = this.milestones;
    // Without milestones, the file has an empty dict.
    this.milestones = new Counter(given instanceof Map ? (given as Map<unknown, number>) : []);
  }
}

/** The options of {@link ConstantLR}. */
export interface ConstantLROptions extends SchedulerOptions {
  /** The factor; 1/3 by default. */
  factor?: number;
  /** The number of steps during which the learning rate has the factor; 5 by default. */
  totalIters?: number;
}

/**
 * Multiplies the learning rate by a factor until `totalIters` steps are taken; `torch.optim.lr_scheduler.ConstantLR`.
 *
 * @throws ValueError for a factor outside `[0, 1]`; TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 4 });
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export class ConstantLR extends LRScheduler {
  factor: number;
  totalIters: number;

  constructor(
    optimizer: AnyOptimizer,
    ...optional: Optional<[factor: number, totalIters: number, lastEpoch: number], ConstantLROptions>
  ) {
    const options = readOptions<ConstantLROptions>('ConstantLR', optional, ['factor', 'totalIters', 'lastEpoch']);
    const { factor = 1 / 3, totalIters = 5, lastEpoch } = options;
    checkNumbers('ConstantLR', { factor, totalIters });
    if (factor > 1 || factor < 0) {
      throw new ValueError('Constant multiplicative factor expected to be between 0 and 1.');
    }
    super(optimizer, lastEpoch);
    this.factor = factor;
    this.totalIters = totalIters;
    this.initialStep();
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    if (this.lastEpoch === 0) return this.current((lr) => mul(lr, this.factor));
    if (this.lastEpoch !== this.totalIters) return this.current();
    return this.current((lr) => mul(lr, 1 / this.factor));
  }

  protected override closedFormLr(): Rate[] {
    const factor = this.factor + (this.lastEpoch >= this.totalIters ? 1 - this.factor : 0);
    return this.baseLrs.map((lr) => mul(lr, factor));
  }
}

/** The options of {@link LinearLR}. */
export interface LinearLROptions extends SchedulerOptions {
  /** The factor at the start; 1/3 by default. */
  startFactor?: number;
  /** The factor at the end; 1 by default. */
  endFactor?: number;
  /** The number of steps from the start to the end; 5 by default. */
  totalIters?: number;
}

/**
 * Changes a factor of the learning rate linearly, for example to warm up; `torch.optim.lr_scheduler.LinearLR`.
 *
 * @throws ValueError for factors out of range; TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.5, totalIters: 4 });
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [0.625]
 * ```
 */
export class LinearLR extends LRScheduler {
  startFactor: number;
  endFactor: number;
  totalIters: number;

  constructor(
    optimizer: AnyOptimizer,
    ...optional: Optional<
      [startFactor: number, endFactor: number, totalIters: number, lastEpoch: number],
      LinearLROptions
    >
  ) {
    const names = ['startFactor', 'endFactor', 'totalIters', 'lastEpoch'] as const;
    const options = readOptions<LinearLROptions>('LinearLR', optional, names);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5, lastEpoch } = options;
    checkNumbers('LinearLR', { startFactor, endFactor, totalIters });
    if (startFactor > 1 || startFactor <= 0) {
      throw new ValueError('Starting multiplicative factor expected to be greater than 0 and less or equal to 1.');
    }
    if (endFactor > 1 || endFactor < 0) {
      throw new ValueError('Ending multiplicative factor expected to be between 0 and 1.');
    }
    super(optimizer, lastEpoch);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.initialStep();
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    const { startFactor, endFactor, totalIters, lastEpoch } = this;
    if (lastEpoch === 0) return this.current((lr) => mul(lr, startFactor));
    if (this._isInitial || lastEpoch > totalIters) return this.current();
    const change = endFactor - startFactor;
    const factor = 1 + change / (totalIters * startFactor + (lastEpoch - 1) * change);
    return this.current((lr) => mul(lr, factor));
  }

  protected override closedFormLr(): Rate[] {
    const { startFactor, endFactor, totalIters, lastEpoch } = this;
    const factor = startFactor + ((endFactor - startFactor) * Math.min(totalIters, lastEpoch)) / totalIters;
    return this.baseLrs.map((lr) => mul(lr, factor));
  }
}

/**
 * Multiplies the learning rate by `gamma` in each step; `torch.optim.lr_scheduler.ExponentialLR`.
 *
 * @throws TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.ExponentialLR(optimizer, 0.5);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export class ExponentialLR extends LRScheduler {
  gamma: number;

  constructor(optimizer: AnyOptimizer, gamma: number, ...optional: Optional<[lastEpoch: number], SchedulerOptions>) {
    const { lastEpoch } = readOptions<SchedulerOptions>('ExponentialLR', optional, ['lastEpoch'], [], 2);
    checkNumbers('ExponentialLR', { gamma });
    super(optimizer, lastEpoch);
    this.gamma = gamma;
    this.initialStep();
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    if (this._isInitial) return this.current();
    return this.current((lr) => mul(lr, this.gamma));
  }

  protected override closedFormLr(): Rate[] {
    return this.baseLrs.map((lr) => mul(lr, power(this.gamma, this.lastEpoch)));
  }
}

/** The options of {@link PolynomialLR}. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** The number of steps until the learning rate is 0; 5 by default. */
  totalIters?: number;
  /** The exponent; 1 by default. */
  power?: number;
}

/**
 * Decreases the learning rate to 0 by a power of the steps that remain; `torch.optim.lr_scheduler.PolynomialLR`.
 *
 * @throws TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.PolynomialLR(optimizer, { totalIters: 4 });
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [0.75]
 * ```
 */
export class PolynomialLR extends LRScheduler {
  totalIters: number;
  power: number;

  constructor(
    optimizer: AnyOptimizer,
    ...optional: Optional<[totalIters: number, power: number, lastEpoch: number], PolynomialLROptions>
  ) {
    const options = readOptions<PolynomialLROptions>('PolynomialLR', optional, ['totalIters', 'power', 'lastEpoch']);
    const { totalIters = 5, power = 1, lastEpoch } = options;
    checkNumbers('PolynomialLR', { totalIters, power });
    super(optimizer, lastEpoch);
    this.totalIters = totalIters;
    this.power = power;
    this.initialStep();
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    const { totalIters, lastEpoch } = this;
    if (this._isInitial || lastEpoch > totalIters) return this.current();
    const factor = power((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters), this.power);
    return this.current((lr) => mul(lr, factor));
  }

  protected override closedFormLr(): Rate[] {
    const { totalIters } = this;
    const factor = power(1 - Math.min(totalIters, this.lastEpoch) / totalIters, this.power);
    return this.baseLrs.map((lr) => mul(lr, factor));
  }
}
