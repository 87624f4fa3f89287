/** `torch.optim.swa_utils`: averages of the parameters of a model over training. */

import { checkNumbers, checkOptions, readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { noGrad } from '../autograd/modes';
import { describeType } from '../describe';
import type { DeviceLike } from '../device';
import { AssertionError, ValueError } from '../errors';
import { native } from '../native';
import { Module } from '../nn/module';
import { BatchNorm } from '../nn/modules/batch-norm';
import { torchFunctions } from '../operators';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { add, cosine, div, mul, sub } from './arithmetic';
import type { Rate } from './arithmetic';
import { LRScheduler } from './lr-scheduler/scheduler';
import type { SchedulerOptions } from './lr-scheduler/scheduler';
import { checkOptimizer, groupsIn, perGroup } from './lr-scheduler/state';
import type { AnyOptimizer } from './optimizer';

/** The new average of a parameter, from the average, the parameter, and the number of averaged models. */
export type AverageFn = (averaged: Tensor, current: Tensor, numAveraged: Tensor) => Tensor;

/** Updates the averages of all parameters of a dtype in place. */
export type MultiAverageFn = (averaged: readonly Tensor[], current: readonly Tensor[], numAveraged: Tensor) => void;

function checkDecay(api: string, decay: unknown): asserts decay is number {
  checkNumbers(api, { decay });
  if ((decay as number) >= 0 && (decay as number) <= 1) return;
  throw new ValueError(`Invalid decay value ${String(decay)} provided. Please provide a value in [0,1] range.`);
}

const isInexact = (tensor: Tensor): boolean => tensor.isFloatingPoint() || tensor.isComplex();

/**
 * An exponential moving average for the option `multiAvgFn` of {@link AveragedModel};
 * `torch.optim.swa_utils.get_ema_multi_avg_fn`.
 *
 * @throws ValueError for a decay outside `[0, 1]`.
 */
export function getEmaMultiAvgFn(decay = 0.999): MultiAverageFn {
  checkDecay('getEmaMultiAvgFn', decay);
  return (averaged, current) => {
    noGrad(() => {
      for (const [i, average] of averaged.entries()) {
        if (isInexact(averaged[0])) average.lerp_(current[i], 1 - decay);
        else average.copy_(average.mul(decay).add(current[i].mul(1 - decay)));
      }
    });
  };
}

/**
 * The average of all models for the option `multiAvgFn` of {@link AveragedModel};
 * `torch.optim.swa_utils.get_swa_multi_avg_fn`.
 */
export function getSwaMultiAvgFn(): MultiAverageFn {
  return (averaged, current, numAveraged) => {
    noGrad(() => {
      const count = numAveraged.add(1);
      for (const [i, average] of averaged.entries()) {
        if (isInexact(average)) average.lerp_(current[i], 1 / count.item());
        else average.addcdiv_(current[i].sub(average), count);
      }
    });
  };
}

/**
 * An exponential moving average for the option `avgFn` of {@link AveragedModel}; `torch.optim.swa_utils.get_ema_avg_fn`.
 *
 * @throws ValueError for a decay outside `[0, 1]`.
 */
export function getEmaAvgFn(decay = 0.999): AverageFn {
  checkDecay('getEmaAvgFn', decay);
  return (averaged, current) => noGrad(() => averaged.mul(decay).add(current.mul(1 - decay)));
}

/**
 * The average of all models for the option `avgFn` of {@link AveragedModel}; `torch.optim.swa_utils.get_swa_avg_fn`.
 */
export function getSwaAvgFn(): AverageFn {
  return (averaged, current, numAveraged) => noGrad(() => averaged.add(current.sub(averaged).div(numAveraged.add(1))));
}

/** The options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** The new average of a parameter; the average of all models by default. */
  avgFn?: AverageFn | null;
  /** Updates the averages of all parameters at once; instead of `avgFn`. */
  multiAvgFn?: MultiAverageFn | null;
  /** Whether buffers are averaged too; false by default: they are copied. */
  useBuffers?: boolean;
}

/**
 * A model whose parameters are averages of those of a model in training; `torch.optim.swa_utils.AveragedModel`.
 *
 * Python copies the model. JavaScript cannot copy an object with its private fields, so this takes a second model of the
 * same structure, which it changes: the first {@link updateParameters} copies all parameters into it.
 *
 * @example
 * ```ts
 * const { AveragedModel, getEmaMultiAvgFn } = torch.optim.swaUtils;
 * const build = () => new torch.nn.Linear(2, 1);
 * const model = build();
 * const average = new AveragedModel(build(), { multiAvgFn: getEmaMultiAvgFn(0.99) });
 * average.updateParameters(model); // after each step of the optimiser
 * average(torch.ones(1, 2)).equal(model(torch.ones(1, 2))); // true
 * ```
 */
export class AveragedModel<M extends Module = Module> extends Module {
  /** The number of models that were averaged. */
  nAveraged: Tensor;
  /** The model with the averages. */
  module: M;
  readonly avgFn: AverageFn | null;
  readonly multiAvgFn: MultiAverageFn | null;
  readonly useBuffers: boolean;

  /**
   * @param module - A model of the same structure as the one in training.
   * @throws TypeError unless it is a module; AssertionError for both functions.
   */
  constructor(module: M, options: AveragedModelOptions = {}) {
    super();
    const names = ['avgFn', 'multiAvgFn', 'useBuffers'] as const;
    const { avgFn = null, multiAvgFn = null, useBuffers = false } = checkOptions('AveragedModel', options, names);
    if (!(module instanceof Module)) {
      throw new TypeError(`AveragedModel(): argument 'module' must be a Module, not ${describeType(module)}`);
    }
    if (avgFn !== null && multiAvgFn !== null) {
      throw new AssertionError('Only one of avgFn and multiAvgFn should be provided');
    }
    this.module = module;
    this.nAveraged = this.registerBuffer('nAveraged', torchFunctions.zeros([], { dtype: 'int64' }));
    this.avgFn = avgFn;
    this.multiAvgFn = multiAvgFn;
    this.useBuffers = useBuffers;
  }

  override forward(...args: Parameters<M['forward']>): ReturnType<M['forward']> {
    return this.module.forward(...args) as ReturnType<M['forward']>;
  }

  /**
   * Adds the parameters of a model to the averages; the first call copies them.
   *
   * @throws ValueError for a model of another structure.
   */
  updateParameters(model: Module): void {
    const tensorsOf = (part: Module): Tensor[] => [...part.parameters(), ...(this.useBuffers ? part.buffers() : [])];
    const [averages, current] = [tensorsOf(this.module), tensorsOf(model)];
    const [ownBuffers, buffers] = [this.module.buffers(), model.buffers()];
    if (averages.length !== current.length || ownBuffers.length !== buffers.length) {
      throw new ValueError(
        `updateParameters(): the averages have ${averages.length} tensors, and the model ${current.length}`,
      );
    }
    const count = this.nAveraged.item();
    noGrad(() => {
      scope(() => {
        const own = averages.map((tensor) => tensor.detach());
        const theirs = current.map((tensor, i) => tensor.detach().to(own[i].device));
        if (count === 0) own.forEach((tensor, i) => tensor.copy_(theirs[i]));
        else this.#average(own, theirs);
        if (!this.useBuffers) ownBuffers.forEach((buffer, i) => buffer.copy_(buffers[i]));
        this.nAveraged.add_(1);
      });
    });
  }

  #average(own: readonly Tensor[], theirs: readonly Tensor[]): void {
    const { multiAvgFn, nAveraged } = this;
    if (multiAvgFn === null) {
      const average = this.avgFn ?? getSwaAvgFn();
      own.forEach((tensor, i) => tensor.copy_(average(tensor, theirs[i], nAveraged.to(tensor.device))));
      return;
    }
    const groups = new Map<string, number[]>();
    for (const [i, { dtype, device }] of own.entries()) {
      const key = `${dtype} ${device.toString()}`;
      groups.set(key, [...(groups.get(key) ?? []), i]);
    }
    for (const indices of groups.values()) {
      const count = nAveraged.to(own[indices[0]].device);
      multiAvgFn(indices.map((i) => own[i]), indices.map((i) => theirs[i]), count); // prettier-ignore
    }
  }
}

/**
 * Computes the running statistics of all batch norms of a model anew; `torch.optim.swa_utils.update_bn`. For the average
 * of models, whose activations no model has had.
 *
 * @param loader - Batches; of an array, its first element.
 * @param model - The model, which is called with each batch.
 * @param options - `device`: where batches are moved to.
 * @example
 * ```ts
 * const model = new torch.nn.Sequential(new torch.nn.Linear(2, 4), new torch.nn.BatchNorm1d(4));
 * torch.optim.swaUtils.updateBn([torch.rand(8, 2), torch.rand(8, 2)], model);
 * ```
 */
export function updateBn(
  loader: Iterable<Tensor | readonly [Tensor, ...unknown[]]>,
  model: Module,
  ...optional: Optional<[device: DeviceLike | null], { device?: DeviceLike | null }>
): void {
  const { device = null } = readOptions<{ device: DeviceLike | null }>('updateBn', optional, ['device'], [], 2);
  const norms = model.modules().filter((module) => module instanceof BatchNorm) as (Module & {
    momentum: number | null;
    resetRunningStats(): void;
  })[];
  if (norms.length === 0) return;
  const before = norms.map(({ momentum }) => momentum);
  const wasTraining = model.training;
  model.train();
  for (const norm of norms) {
    norm.resetRunningStats();
    norm.momentum = null;
  }
  try {
    noGrad(() => {
      for (const batch of loader) {
        const input = native.isTensor(batch) ? batch : (batch as readonly [Tensor])[0];
        scope(() => void model.forward(device === null ? input : input.to(device)));
      }
    });
  } finally {
    norms.forEach((norm, i) => (norm.momentum = before[i]));
    model.train(wasTraining);
  }
}

/** The options of {@link SWALR}. */
export interface SWALROptions extends SchedulerOptions {
  /** The number of steps until the learning rate is that of averaging; 10 by default. */
  annealEpochs?: number;
  /** How it gets there; `'cos'` by default. */
  annealStrategy?: 'cos' | 'linear';
}

/**
 * Moves the learning rate to the constant one of stochastic weight averaging; `torch.optim.swa_utils.SWALR`.
 *
 * @throws ValueError for an unknown strategy, or a number of steps that is not a non-negative integer.
 * @example
 * ```ts
 * const optimizer = new torch.optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 0.5 });
 * const scheduler = new torch.optim.swaUtils.SWALR(optimizer, 0.1, { annealEpochs: 4, annealStrategy: 'linear' });
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // [0.4]
 * ```
 */
export class SWALR extends LRScheduler {
  annealEpochs: number;
  /** @internal */
  _annealStrategy: string;

  constructor(
    optimizer: AnyOptimizer,
    swaLr: number | readonly number[],
    ...optional: Optional<[annealEpochs: number, annealStrategy: 'cos' | 'linear', lastEpoch: number], SWALROptions>
  ) {
    const names = ['annealEpochs', 'annealStrategy', 'lastEpoch'] as const;
    const options = readOptions<SWALROptions>('SWALR', optional, names, [], 2);
    const { annealEpochs = 10, annealStrategy = 'cos', lastEpoch } = options;
    checkOptimizer(optimizer);
    const rates = perGroup('swaLr', optimizer, swaLr);
    for (const [i, group] of groupsIn(optimizer).entries()) group['swaLr'] = rates[i];
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear') {
      throw new ValueError(`annealStrategy must be one of 'cos' or 'linear', instead got ${String(annealStrategy)}`);
    }
    if (!Number.isInteger(annealEpochs) || annealEpochs < 0) {
      throw new ValueError(`annealEpochs must be equal or greater than 0, got ${annealEpochs}`);
    }
    super(optimizer, lastEpoch);
    this._annealStrategy = annealStrategy;
    this.annealEpochs = annealEpochs;
    this.initialStep();
  }

  override getLr(): Rate[] {
    this.warnOutsideStep();
    const epochs = Math.max(1, this.annealEpochs);
    const step = this.annealEpochs === 0 ? Math.max(1, this._stepCount - 1) : this._stepCount - 1;
    /** The part of the way that is done after a number of steps. */
    const partAt = (steps: number): number => {
      const t = Math.max(0, Math.min(1, steps / epochs));
      return this._annealStrategy === 'cos' ? (1 - cosine(Math.PI * t)) / 2 : t;
    };
    const [previous, next] = [partAt(step - 1), partAt(step)];
    return groupsIn(this.optimizer).map(({ lr, swaLr }) => {
      const target = swaLr as Rate;
      const start = previous === 1 ? target : div(sub(lr, mul(previous, target)), 1 - previous);
      return add(mul(target, next), mul(start, 1 - next));
    });
  }
}
