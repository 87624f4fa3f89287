/** Schedulers of several schedulers: one after the other, or all at once. */

import { readOptions, copyDense } from '../../arguments';
import type { Optional } from '../../arguments';
import { describeType } from '../../describe';
import { ValueError } from '../../errors';
import type { AnyOptimizer } from '../optimizer';
import { ReduceLROnPlateau } from './plateau';
import { LRScheduler } from './scheduler';
import type { SchedulerOptions } from './scheduler';
import { AnyScheduler, checkOptimizer, groupsIn, ratesOf, setRate } from './state';
import type { Rate } from '../arithmetic';

function checkSchedulers(api: string, schedulers: unknown, optimizer?: AnyOptimizer): AnyScheduler[] {
  if (!Array.isArray(schedulers)) {
    throw new TypeError(
      `${api}(): argument 'schedulers' must be an array of schedulers, not ${describeType(schedulers)}`,
    );
  }
  if (schedulers.length < 1) {
    throw new ValueError(`${api} expects at least one scheduler, but got no scheduler.`);
  }
  for (const [i, scheduler] of (schedulers as unknown[]).entries()) {
    if (!(scheduler instanceof AnyScheduler)) {
      throw new TypeError(`${api} at index ${i} should have \`optimizer\` as its attribute.`);
    }
    if (scheduler instanceof ReduceLROnPlateau) {
      throw new ValueError(
        `${api} does not support \`ReduceLROnPlateau\` scheduler as it requires additional kwargs to be specified when calling \`step\`, but got one at index ${i} in the given schedulers sequence.`,
      );
    }
    if (scheduler.optimizer === (optimizer ?? (schedulers[0] as AnyScheduler).optimizer)) continue;
    throw new ValueError(
      `${api} expects all schedulers to belong to the same optimizer, but got scheduler ${scheduler.constructor.name} at index ${i}, which has another one`,
    );
  }
  return schedulers as AnyScheduler[];
}

abstract class ContainerScheduler extends AnyScheduler {
  /** The schedulers in it. @internal */
  _schedulers: AnyScheduler[];

  protected constructor(optimizer: AnyOptimizer, schedulers: AnyScheduler[]) {
    super(optimizer);
    this._schedulers = schedulers;
  }

  protected override get unsavedFields(): readonly string[] {
    return ['optimizer', '_schedulers'];
  }

  /** The state of the scheduler and of those in it, by Python's names. */
  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), _schedulers: this._schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  override loadStateDict(stateDict: Readonly<Record<string, unknown>>): void {
    super.loadStateDict(stateDict);
    const states: unknown = stateDict['_schedulers'];
    if (!Array.isArray(states) || states.length !== this._schedulers.length) {
      throw new ValueError(
        `loadStateDict(): expected the states of ${this._schedulers.length} schedulers as '_schedulers'`,
      );
    }
    for (const [i, scheduler] of this._schedulers.entries()) {
      scheduler.loadStateDict(states[i] as Record<string, unknown>);
    }
  }
}

/** Takes back the first step of schedulers that begin later. */
function undoFirstStep(schedulers: readonly AnyScheduler[]): void {
  for (const scheduler of schedulers) {
    if (scheduler instanceof ContainerScheduler) undoFirstStep(scheduler._schedulers);
    else if (scheduler instanceof LRScheduler) scheduler.lastEpoch -= 1;
  }
}

/**
 * One scheduler after the other; `torch.optim.lr_scheduler.SequentialLR`.
 *
 * @throws ValueError unless all schedulers have the same optimiser, none is a ReduceLROnPlateau, and there is one
 * milestone less than schedulers; TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const { lrScheduler } = torch.optim;
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const warmup = new lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 20 });
 * const decay = new lrScheduler.ExponentialLR(optimizer, 0.9);
 * const scheduler = new lrScheduler.SequentialLR(optimizer, [warmup, decay], [20]);
 * scheduler.getLastLr(); // [0.5]
 * ```
 */
export class SequentialLR extends ContainerScheduler {
  lastEpoch: number;
  /** @internal */
  _milestones: number[];

  constructor(
    optimizer: AnyOptimizer,
    schedulers: readonly AnyScheduler[],
    milestones: readonly number[],
    ...optional: Optional<[lastEpoch: number], SchedulerOptions>
  ) {
    const { lastEpoch = -1 } = readOptions<SchedulerOptions>('SequentialLR', optional, ['lastEpoch'], [], 3);
    checkOptimizer(optimizer);
    const parts = checkSchedulers('SequentialLR', schedulers, optimizer);
    const count: unknown = Array.isArray(milestones) ? milestones.length : describeType(milestones);
    if (count !== parts.length - 1) {
      throw new ValueError(
        `Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers ${parts.length} and the number of milestones to be equal to ${String(count)}`,
      );
    }
    super(optimizer, parts);
    this._milestones = copyDense(milestones) as number[];
    this.lastEpoch = lastEpoch + 1;
    for (const group of groupsIn(optimizer)) setRate(group, 'lr', group.initialLr as Rate);
    undoFirstStep(parts);
    const first = parts[this.#partAt(0)];
    first._restart();
    this._lastLr = first.getLastLr();
  }

  #partAt(epoch: number): number {
    const next = this._milestones.findIndex((milestone) => milestone > epoch);
    return next === -1 ? this._milestones.length : next;
  }

  override step(): void {
    this.lastEpoch += 1;
    const at = this.#partAt(this.lastEpoch);
    const scheduler = this._schedulers[at];
    const isFirst = at > 0 && this._milestones[at - 1] === this.lastEpoch;
    if (isFirst && scheduler instanceof LRScheduler) scheduler._updateLr(0);
    else scheduler.step();
    this._lastLr = scheduler.getLastLr();
  }

  /** @internal */
  override _restart(): void {
    this.step();
  }
}

/**
 * Several schedulers at once, each changing what the one before it has set; `torch.optim.lr_scheduler.ChainedScheduler`.
 *
 * @throws ValueError unless all schedulers have the same optimiser, and none is a ReduceLROnPlateau; TypeError for
 * arguments of the wrong type.
 * @example
 * ```ts
 * const { lrScheduler } = torch.optim;
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.ChainedScheduler([
 *   new lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 4 }),
 *   new lrScheduler.ExponentialLR(optimizer, 0.5),
 * ]);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [0.25]
 * ```
 */
export class ChainedScheduler extends ContainerScheduler {
  constructor(
    schedulers: readonly AnyScheduler[],
    ...optional: Optional<[optimizer: AnyOptimizer | null], { optimizer?: AnyOptimizer | null }>
  ) {
    const options = readOptions<{ optimizer?: AnyOptimizer | null }>('ChainedScheduler', optional, ['optimizer']);
    const parts = checkSchedulers('ChainedScheduler', schedulers, options.optimizer ?? undefined);
    super(parts[0].optimizer, parts);
    this._lastLr = ratesOf(this.optimizer);
  }

  override step(): void {
    for (const scheduler of this._schedulers) scheduler.step();
    this._lastLr = ratesOf(this.optimizer);
  }

  /** @internal */
  override _restart(): void {
    this.step();
  }
}
