/** `torch.optim.lr_scheduler.ReduceLROnPlateau`. */

import { checkNumbers, readOptions, copyDense } from '../../arguments';
import type { Optional } from '../../arguments';
import { describeType } from '../../describe';
import { RuntimeError, ValueError } from '../../errors';
import { native } from '../../native';
import type { Tensor } from '../../tensor';
import { toScalar, valueOf } from '../arithmetic';
import type { AnyOptimizer } from '../optimizer';
import { AnyScheduler, checkOptimizer, groupsIn, ratesOf, setRate } from './state';

/** The options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether the quantity should decrease (`'min'`, by default) or increase (`'max'`). */
  mode?: 'min' | 'max';
  /** The factor of the learning rate, less than 1; 0.1 by default. */
  factor?: number;
  /** How many epochs without an improvement are accepted; 10 by default. */
  patience?: number;
  /** How large an improvement must be; 1e-4 by default. */
  threshold?: number;
  /** Whether that is relative to the best value (`'rel'`, by default) or not (`'abs'`). */
  thresholdMode?: 'rel' | 'abs';
  /** How many epochs do not count after a reduction; 0 by default. */
  cooldown?: number;
  /** The smallest learning rate, or one for each group; 0 by default. */
  minLr?: number | readonly number[];
  /** The smallest reduction that is made; 1e-8 by default. */
  eps?: number;
}

type PlateauPositional = [
  mode: ReduceLROnPlateauOptions['mode'],
  factor: number,
  patience: number,
  threshold: number,
  thresholdMode: ReduceLROnPlateauOptions['thresholdMode'],
  cooldown: number,
  minLr: number | readonly number[],
  eps: number,
];

const POSITIONAL = [
  ...(['mode', 'factor', 'patience', 'threshold'] as const),
  ...(['thresholdMode', 'cooldown', 'minLr', 'eps'] as const),
] as const;

/**
 * Reduces the learning rate when a quantity has stopped to improve; `torch.optim.lr_scheduler.ReduceLROnPlateau`.
 *
 * @throws ValueError for unknown modes and a factor of 1 or more; TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 1, factor: 0.5 });
 * for (const loss of [3, 2, 2, 2]) scheduler.step(loss);
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export class ReduceLROnPlateau extends AnyScheduler {
  factor: number;
  defaultMinLr: number | null;
  minLrs: number[];
  patience: number;
  cooldown: number;
  eps: number;
  lastEpoch = 0;
  mode: string;
  threshold: number;
  thresholdMode: string;
  modeWorse: number;
  best: number;
  cooldownCounter = 0;
  numBadEpochs = 0;

  constructor(optimizer: AnyOptimizer, ...optional: Optional<PlateauPositional, ReduceLROnPlateauOptions>) {
    const options = readOptions<ReduceLROnPlateauOptions>('ReduceLROnPlateau', optional, POSITIONAL);
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'rel' } = options;
    const { cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    checkNumbers('ReduceLROnPlateau', { factor, patience, threshold, cooldown, eps });
    if (factor >= 1) throw new ValueError('Factor should be < 1.0.');
    checkOptimizer(optimizer);
    if (mode !== 'min' && mode !== 'max') throw new ValueError(`mode ${String(mode)} is unknown!`);
    if (thresholdMode !== 'rel' && thresholdMode !== 'abs') {
      throw new ValueError(`threshold mode ${String(thresholdMode)} is unknown!`);
    }
    const count = optimizer.paramGroups.length;
    if (Array.isArray(minLr) && minLr.length !== count) {
      throw new ValueError(`expected ${count} minLrs, got ${minLr.length}`);
    }
    super(optimizer);
    this.factor = factor;
    this.defaultMinLr = typeof minLr === 'number' ? minLr : null;
    this.minLrs =
      typeof minLr === 'number' ? Array.from({ length: count }, () => minLr) : (copyDense(minLr) as number[]);
    this.patience = patience;
    this.cooldown = cooldown;
    this.eps = eps;
    this.mode = mode;
    this.threshold = threshold;
    this.thresholdMode = thresholdMode;
    this.modeWorse = mode === 'min' ? Infinity : -Infinity;
    this.best = this.modeWorse;
    this._lastLr = ratesOf(optimizer);
  }

  /**
   * Takes the quantity after an epoch, and reduces the learning rate if it has not improved for too long.
   *
   * @throws TypeError unless it is a number, or a tensor of one element.
   */
  override step(metrics: number | Tensor, epoch: number = this.lastEpoch + 1): void {
    const given: unknown = native.isTensor(metrics) ? metrics.item() : metrics;
    if (typeof given !== 'number') {
      throw new TypeError(`step(): argument 'metrics' must be a number or a Tensor, not ${describeType(given)}`);
    }
    this.lastEpoch = epoch;
    if (this.#isBetter(given)) {
      this.best = given;
      this.numBadEpochs = 0;
    } else {
      this.numBadEpochs += 1;
    }
    if (this.inCooldown) {
      this.cooldownCounter -= 1;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.#reduce();
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this._lastLr = ratesOf(this.optimizer);
  }

  /** Forgets the best value. @internal */
  override _restart(): void {
    this.best = this.modeWorse;
    this.cooldownCounter = 0;
    this.numBadEpochs = 0;
  }

  /** Whether the epochs after a reduction do not count yet. */
  get inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  #isBetter(value: number): boolean {
    const { mode, threshold, thresholdMode, best } = this;
    if (mode === 'min') return value < (thresholdMode === 'rel' ? best * (1 - threshold) : best - threshold);
    return value > (thresholdMode === 'rel' ? best * (threshold + 1) : best + threshold);
  }

  #reduce(): void {
    const groups = groupsIn(this.optimizer);
    if (groups.length !== this.minLrs.length) {
      const { defaultMinLr } = this;
      if (defaultMinLr === null) {
        throw new RuntimeError(
          `The number of param groups in the \`optimizer\` (${groups.length}) differs from when \`ReduceLROnPlateau\` was initialized (${this.minLrs.length}), usually due to a new param group being added to the optimizer. Please modify the \`minLrs\` field to match the length of the \`optimizer\` param groups.`,
        );
      }
      this.minLrs = groups.map(() => defaultMinLr);
    }
    for (const [i, group] of groups.entries()) {
      const old = valueOf(toScalar(group.lr));
      const reduced = Math.max(old * this.factor, this.minLrs[i]);
      if (old - reduced > this.eps) setRate(group, 'lr', reduced);
    }
  }

  override loadStateDict(stateDict: Readonly<Record<string, unknown>>): void {
    super.loadStateDict(stateDict);
    this.modeWorse = this.mode === 'min' ? Infinity : -Infinity;
  }
}
