/** Schedulers that go up and down, and may move the momentum the other way. */

import { checkBooleans, checkFunction, checkNumbers, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { ValueError } from '../../errors';
import { add, cosine, div, mul, power, sub } from '../arithmetic';
import type { Rate } from '../arithmetic';
import { fromPython } from '../names';
import type { AnyOptimizer } from '../optimizer';
import { LRScheduler } from './scheduler';
import type { SchedulerOptions } from './scheduler';
import { checkOptimizer, groupsIn, perGroup, setRate } from './state';
import type { ScheduledGroup } from './state';

type PerGroup = number | readonly number[];

/** The options of both schedulers that concern the momentum. */
interface MomentumOptions {
  /** Whether the momentum (or the first of the betas) moves the other way; true by default. */
  cycleMomentum?: boolean;
  /** The smallest momentum, or one for each group. */
  baseMomentum?: PerGroup;
  /** The largest momentum, or one for each group. */
  maxMomentum?: PerGroup;
}

function setMomentum(group: ScheduledGroup, momentum: Rate): void {
  const { betas } = group;
  if (Array.isArray(betas)) group['betas'] = Object.freeze([momentum, ...(betas.slice(1) as unknown[])]);
  else group['momentum'] = momentum;
}

/**
 * The momenta of each group, which are set to the largest at the start.
 *
 * @throws ValueError for an optimiser without momentum.
 */
function startMomenta(
  optimizer: AnyOptimizer,
  { baseMomentum, maxMomentum }: { baseMomentum: PerGroup; maxMomentum: PerGroup },
  isStart: boolean,
): { usesBeta1: boolean; baseMomentums: number[]; maxMomentums: number[] } {
  const usesBeta1 = 'betas' in optimizer.defaults;
  if (!usesBeta1 && !('momentum' in optimizer.defaults)) {
    throw new ValueError('optimizer must support momentum or beta1 with `cycleMomentum` option enabled');
  }
  const baseMomentums = perGroup('baseMomentum', optimizer, baseMomentum);
  const maxMomentums = perGroup('maxMomentum', optimizer, maxMomentum);
  for (const [i, group] of groupsIn(optimizer).entries()) {
    if (!isStart) continue;
    setMomentum(group, maxMomentums[i]);
    group['maxMomentum'] = maxMomentums[i];
    group['baseMomentum'] = baseMomentums[i];
  }
  return { usesBeta1, baseMomentums, maxMomentums };
}

/** The options of {@link CyclicLR}. */
export interface CyclicLROptions extends SchedulerOptions, MomentumOptions {
  /** The number of steps up; 2000 by default. */
  stepSizeUp?: number;
  /** The number of steps down; null, by default, for as many as up. */
  stepSizeDown?: number | null;
  /** How the height of the cycles changes; `'triangular'` by default: it stays. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** The factor of each step in the mode `'exp_range'`; 1 by default. */
  gamma?: number;
  /** The factor of the height, as a function of the cycle or the step; replaces the mode. */
  scaleFn?: ((x: number) => number) | null;
  /** What the function depends on; `'cycle'` by default. */
  scaleMode?: 'cycle' | 'iterations';
}

type CyclicPositional = [
  stepSizeUp: number,
  stepSizeDown: number | null,
  mode: CyclicLROptions['mode'],
  gamma: number,
  scaleFn: CyclicLROptions['scaleFn'],
  scaleMode: CyclicLROptions['scaleMode'],
  cycleMomentum: boolean,
  baseMomentum: PerGroup,
  maxMomentum: PerGroup,
  lastEpoch: number,
];

const CYCLIC = [
  ...(['stepSizeUp', 'stepSizeDown', 'mode', 'gamma', 'scaleFn', 'scaleMode'] as const),
  ...(['cycleMomentum', 'baseMomentum', 'maxMomentum', 'lastEpoch'] as const),
] as const;

const MODES = ['triangular', 'triangular2', 'exp_range'];

/**
 * Moves the learning rate up and down between two values; `torch.optim.lr_scheduler.CyclicLR`. Call `step` after each
 * batch.
 *
 * @throws ValueError for an optimiser without momentum (unless `cycleMomentum` is false) and for unknown modes;
 * TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 0.1, momentum: 0.9 });
 * const scheduler = new torch.optim.lrScheduler.CyclicLR(optimizer, 0.1, 0.5, { stepSizeUp: 4 });
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [0.2]
 * ```
 */
export class CyclicLR extends LRScheduler {
  maxLrs: Rate[];
  totalSize: number;
  stepRatio: number;
  mode: string;
  gamma: number;
  scaleMode: string;
  cycleMomentum: boolean;
  useBeta1 = false;
  baseMomentums: number[] = [];
  maxMomentums: number[] = [];
  /** @internal */
  _scaleFnCustom: ((x: number) => number) | null;

  constructor(
    optimizer: AnyOptimizer,
    baseLr: Rate | readonly Rate[],
    maxLr: Rate | readonly Rate[],
    ...optional: Optional<CyclicPositional, CyclicLROptions>
  ) {
    const options = readOptions<CyclicLROptions>('CyclicLR', optional, CYCLIC, [], 3);
    const { stepSizeUp = 2000, mode = 'triangular', gamma = 1, scaleFn = null, scaleMode = 'cycle' } = options;
    const { cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9, lastEpoch = -1 } = options;
    const stepSizeDown = options.stepSizeDown ?? stepSizeUp;
    checkOptimizer(optimizer);
    checkNumbers('CyclicLR', { stepSizeUp, stepSizeDown, gamma });
    checkBooleans('CyclicLR', { cycleMomentum });
    if (scaleFn !== null) checkFunction('CyclicLR', scaleFn, 'scaleFn');
    if (!MODES.includes(mode) && scaleFn === null) throw new ValueError('mode is invalid and scaleFn is null');
    const baseLrs = perGroup('baseLr', optimizer, baseLr);
    const maxLrs = perGroup('maxLr', optimizer, maxLr);
    if (lastEpoch === -1) groupsIn(optimizer).forEach((group, i) => setRate(group, 'lr', baseLrs[i]));
    super(optimizer, lastEpoch);
    this.maxLrs = maxLrs;
    this.totalSize = stepSizeUp + stepSizeDown;
    this.stepRatio = stepSizeUp / this.totalSize;
    this.mode = mode;
    this.gamma = gamma;
    this._scaleFnCustom = scaleFn;
    this.scaleMode = scaleMode;
    if (scaleFn === null) this.scaleMode = mode === 'exp_range' ? 'iterations' : 'cycle';
    this.cycleMomentum = cycleMomentum;
    if (cycleMomentum) {
      const momenta = startMomenta(optimizer, { baseMomentum, maxMomentum }, lastEpoch === -1);
      this.useBeta1 = momenta.usesBeta1;
      this.baseMomentums = momenta.baseMomentums;
      this.maxMomentums = momenta.maxMomentums;
    }
    this.initialStep();
    this.baseLrs = baseLrs;
  }

  /** The factor of the height, as a function of the cycle or the step. */
  scaleFn(x: number): number {
    if (this._scaleFnCustom !== null) return this._scaleFnCustom(x);
    if (this.mode === 'triangular2') return 1 / power(2, x - 1);
    return this.mode === 'exp_range' ? power(this.gamma, x) : 1;
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    const { totalSize, stepRatio, lastEpoch } = this;
    const cycle = Math.floor(1 + lastEpoch / totalSize);
    const x = 1 + lastEpoch / totalSize - cycle;
    const height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1);
    const scale = (): number => this.scaleFn(this.scaleMode === 'cycle' ? cycle : lastEpoch);
    const rates = this.baseLrs.map((lr, i) => add(lr, mul(mul(sub(this.maxLrs[i], lr), height), scale())));
    if (this.cycleMomentum) {
      groupsIn(this.optimizer).forEach((group, i) => {
        const most = this.maxMomentums[i];
        setMomentum(group, most - (most - this.baseMomentums[i]) * height * scale());
      });
    }
    return rates;
  }

  protected override get unsavedFields(): readonly string[] {
    const unused = this.cycleMomentum ? [] : ['useBeta1', 'baseMomentums', 'maxMomentums'];
    return ['optimizer', '_scaleFnCustom', ...unused];
  }

  /** The state of the scheduler, by Python's names. It has null in place of a function. */
  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), _scale_fn_custom: null };
  }
}

/** The options of {@link OneCycleLR}. */
export interface OneCycleLROptions extends SchedulerOptions, MomentumOptions {
  /** The number of steps; or give `epochs` and `stepsPerEpoch`. */
  totalSteps?: number | null;
  /** The number of epochs. */
  epochs?: number | null;
  /** The number of steps in an epoch. */
  stepsPerEpoch?: number | null;
  /** The part of the steps in which the learning rate increases; 0.3 by default. */
  pctStart?: number;
  /** How it increases and decreases; `'cos'` by default. */
  annealStrategy?: 'cos' | 'linear';
  /** The first learning rate is `maxLr / divFactor`; 25 by default. */
  divFactor?: number;
  /** The last learning rate is the first divided by this; 1e4 by default. */
  finalDivFactor?: number;
  /** Whether the learning rate returns to the first one before it decreases further; false by default. */
  threePhase?: boolean;
}

type OneCyclePositional = [
  totalSteps: number | null,
  epochs: number | null,
  stepsPerEpoch: number | null,
  pctStart: number,
  annealStrategy: OneCycleLROptions['annealStrategy'],
  cycleMomentum: boolean,
  baseMomentum: PerGroup,
  maxMomentum: PerGroup,
  divFactor: number,
  finalDivFactor: number,
  threePhase: boolean,
  lastEpoch: number,
];

const ONE_CYCLE = [
  ...(['totalSteps', 'epochs', 'stepsPerEpoch', 'pctStart', 'annealStrategy', 'cycleMomentum'] as const),
  ...(['baseMomentum', 'maxMomentum', 'divFactor', 'finalDivFactor', 'threePhase', 'lastEpoch'] as const),
] as const;

/** A part of the schedule, as it is in state dicts: its last step, and the options of groups that it leads from and to. */
interface Phase {
  end_step: number;
  start_lr: string;
  end_lr: string;
  start_momentum: string;
  end_momentum: string;
}

function phase(end_step: number, [start, end]: readonly string[], [from, to]: readonly string[]): Phase {
  return { end_step, start_lr: `${start}_lr`, end_lr: `${end}_lr`, start_momentum: `${from}_momentum`, end_momentum: `${to}_momentum` }; // prettier-ignore
}

function positiveInteger(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new ValueError(`Expected positive integer ${name}, but got ${String(value)}`);
}

function countSteps({ totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps != null) return positiveInteger('totalSteps', totalSteps);
  if (epochs == null || stepsPerEpoch == null) {
    throw new ValueError('You must define either totalSteps OR (epochs AND stepsPerEpoch)');
  }
  return positiveInteger('epochs', epochs) * positiveInteger('stepsPerEpoch', stepsPerEpoch);
}

/**
 * Moves the learning rate up to `maxLr` once, and then down to almost nothing; `torch.optim.lr_scheduler.OneCycleLR`.
 * Call `step` after each batch.
 *
 * @throws ValueError for an optimiser without momentum (unless `cycleMomentum` is false), without a number of steps, and
 * in steps after the last one; TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const optimizer = new torch.optim.AdamW([torch.ones(2, { requiresGrad: true })]);
 * const scheduler = new torch.optim.lrScheduler.OneCycleLR(optimizer, 0.5, { totalSteps: 100, divFactor: 10 });
 * scheduler.getLastLr(); // [0.05]
 * ```
 */
export class OneCycleLR extends LRScheduler {
  totalSteps: number;
  cycleMomentum: boolean;
  useBeta1 = false;
  /** @internal */
  _schedulePhases: Phase[];
  /** @internal */
  _annealFuncType: string;

  constructor(
    optimizer: AnyOptimizer,
    maxLr: Rate | readonly Rate[],
    ...optional: Optional<OneCyclePositional, OneCycleLROptions>
  ) {
    const options = readOptions<OneCycleLROptions>('OneCycleLR', optional, ONE_CYCLE, [], 2);
    const { pctStart = 0.3, annealStrategy = 'cos', cycleMomentum = true, threePhase = false } = options;
    const { baseMomentum = 0.85, maxMomentum = 0.95, divFactor = 25, finalDivFactor = 1e4, lastEpoch = -1 } = options;
    checkOptimizer(optimizer);
    checkNumbers('OneCycleLR', { pctStart, divFactor, finalDivFactor });
    checkBooleans('OneCycleLR', { cycleMomentum, threePhase });
    const totalSteps = countSteps(options);
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw new ValueError(`Expected number between 0 and 1 pctStart, but got ${pctStart}`);
    }
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear') {
      throw new ValueError(`annealStrategy must be one of 'cos' or 'linear', instead got ${String(annealStrategy)}`);
    }
    const maxLrs = perGroup('maxLr', optimizer, maxLr);
    for (const [i, group] of groupsIn(optimizer).entries()) {
      if (lastEpoch !== -1) continue;
      group.initialLr = div(maxLrs[i], divFactor);
      group['maxLr'] = maxLrs[i];
      group['minLr'] = div(group.initialLr, finalDivFactor);
    }
    const { usesBeta1 } = cycleMomentum
      ? startMomenta(optimizer, { baseMomentum, maxMomentum }, lastEpoch === -1)
      : { usesBeta1: false };
    super(optimizer, lastEpoch);
    this.totalSteps = totalSteps;
    this._annealFuncType = annealStrategy;
    this.cycleMomentum = cycleMomentum;
    this.useBeta1 = usesBeta1;
    const up = phase(pctStart * totalSteps - 1, ['initial', 'max'], ['max', 'base']);
    this._schedulePhases = threePhase
      ? [
          up,
          phase(2 * pctStart * totalSteps - 2, ['max', 'initial'], ['base', 'max']),
          phase(totalSteps - 1, ['initial', 'min'], ['max', 'max']),
        ]
      : [up, phase(totalSteps - 1, ['max', 'min'], ['base', 'max'])];
    this.initialStep();
  }

  #anneal(start: Rate, end: Rate, part: number): Rate {
    if (this._annealFuncType === 'linear') return add(mul(sub(end, start), part), start);
    return add(end, mul(div(sub(start, end), 2), cosine(Math.PI * part) + 1));
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    const { totalSteps, lastEpoch } = this;
    if (lastEpoch > totalSteps) {
      throw new ValueError(`Tried to step ${lastEpoch} times. The specified number of total steps is ${totalSteps}`);
    }
    const phases = this._schedulePhases;
    const found = phases.findIndex(({ end_step }) => lastEpoch <= end_step);
    const at = found === -1 ? phases.length - 1 : found;
    const start = at === 0 ? 0 : phases[at - 1].end_step;
    const { end_step: end, ...names } = phases[at];
    const part = (lastEpoch - start) / (end - start);
    return groupsIn(this.optimizer).map((group) => {
      const option = (name: string): Rate => group[fromPython(name)] as Rate;
      if (this.cycleMomentum) {
        setMomentum(group, this.#anneal(option(names.start_momentum), option(names.end_momentum), part));
      }
      return this.#anneal(option(names.start_lr), option(names.end_lr), part);
    });
  }

  protected override get unsavedFields(): readonly string[] {
    return this.cycleMomentum ? ['optimizer'] : ['optimizer', 'useBeta1'];
  }
}
