/** What all schedulers have: an optimiser, the last learning rates, and a state dict. */

import { isPlainObject } from '../../arguments';
import { noGrad } from '../../autograd/modes';
import { describeType } from '../../describe';
import { ValueError } from '../../errors';
import { native } from '../../native';
import { toScalar } from '../arithmetic';
import type { Rate } from '../arithmetic';
import { withOwnNames, withPythonNames } from '../names';
import { Optimizer } from '../optimizer';
import type { AnyOptimizer } from '../optimizer';

/** A group of an optimiser, as schedulers see it. */
export type ScheduledGroup = { lr: Rate; initialLr?: Rate } & Record<string, unknown>;

export function groupsIn(optimizer: AnyOptimizer): ScheduledGroup[] {
  return optimizer.paramGroups as unknown as ScheduledGroup[];
}

/** @throws TypeError for anything else than an optimiser. */
export function checkOptimizer(optimizer: unknown): asserts optimizer is AnyOptimizer {
  if (!(optimizer instanceof Optimizer)) throw new TypeError(`${describeType(optimizer)} is not an Optimizer`);
}

const copied = (rate: Rate): Rate => (native.isTensor(rate) ? rate.clone() : rate);

/** An option of each group. */
export function ratesOf(optimizer: AnyOptimizer, name = 'lr'): Rate[] {
  return groupsIn(optimizer).map((group) => copied(group[name] as Rate));
}

/** Sets an option of a group; a tensor is changed in place. */
export function setRate(group: ScheduledGroup, name: string, value: Rate): void {
  const current = group[name];
  if (native.isTensor(current)) noGrad(() => current.fill_(toScalar(value)));
  else group[name] = value;
}

/**
 * One value for each group, from such a list or one value for all.
 *
 * @throws ValueError for a list of another length.
 */
export function perGroup<T>(name: string, optimizer: AnyOptimizer, given: T | readonly T[]): T[] {
  const count = optimizer.paramGroups.length;
  if (!Array.isArray(given)) return Array.from({ length: count }, () => copied(given as Rate) as T);
  if (given.length === count) return (given as T[]).map((value) => copied(value as Rate) as T);
  throw new ValueError(
    `${name} must have the same length as optimizer.paramGroups. ${name} has ${given.length} values, paramGroups has ${count}.`,
  );
}

/** Any scheduler, also one that contains others. */
export abstract class AnyScheduler {
  /** The optimiser whose learning rates change. */
  readonly optimizer: AnyOptimizer;
  /** @internal */
  _lastLr: Rate[] = [];

  /** @throws TypeError for anything else than an optimiser. */
  constructor(optimizer: AnyOptimizer) {
    checkOptimizer(optimizer);
    this.optimizer = optimizer;
  }

  /** Sets the next learning rates. */
  abstract step(...args: never[]): void;

  /** Sets the learning rates of the start, for schedulers that contain others. @internal */
  abstract _restart(): void;

  /** The learning rates that the last step has set; `get_last_lr`. */
  getLastLr(): Rate[] {
    return this._lastLr;
  }

  /** The fields that are not part of the state. */
  protected get unsavedFields(): readonly string[] {
    return ['optimizer'];
  }

  /**
   * The state of the scheduler, by Python's names; `state_dict`. It does not contain the optimiser, nor functions.
   *
   * @example
   * ```ts
   * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 0.1 });
   * const scheduler = new torch.optim.lrScheduler.StepLR(optimizer, 30);
   * torch.save({ optimizer: optimizer.stateDict(), scheduler: scheduler.stateDict() }, 'schedule.pt');
   * ```
   */
  stateDict(): Record<string, unknown> {
    return withPythonNames(this, this.unsavedFields);
  }

  /**
   * Continues from a state dict of this package or of Python; `load_state_dict`.
   *
   * @throws TypeError for anything else than an object.
   */
  loadStateDict(stateDict: Readonly<Record<string, unknown>>): void {
    if (!isPlainObject(stateDict)) {
      throw new TypeError(`loadStateDict(): expected the state dict of a scheduler, got ${describeType(stateDict)}`);
    }
    const own = withOwnNames(stateDict);
    for (const name of this.unsavedFields) delete own[name];
    Object.assign(this, own);
  }
}
