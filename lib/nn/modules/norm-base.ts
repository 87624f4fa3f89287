/** The common base of batch norm and instance norm: scale, shift and running statistics per channel. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { tensor } from '../../creation';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { ones_, zeros_ } from '../init';
import { Module } from '../module';
import type { LoadContext } from '../module-state';
import { optionsRepr } from '../module-text';
import type { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';

/** The options of the batch norms and instance norms. */
export interface ChannelNormOptions extends FactoryOptions {
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
  /** The weight of the batch in the running statistics, 0.1 by default; null averages all batches. */
  momentum?: number | null;
  /** Whether each channel has a learned scale and shift. */
  affine?: boolean;
  /** Whether to keep running statistics for evaluation mode. */
  trackRunningStats?: boolean;
  /** Whether an affine norm has a shift; true by default. */
  bias?: boolean;
}

export type ChannelNormArguments = Optional<
  [
    eps: number,
    momentum: number | null,
    affine: boolean,
    trackRunningStats: boolean,
    device: DeviceLike | null,
    dtype: Dtype | null,
  ],
  ChannelNormOptions
>;

/** The names of the options in Python's order. @internal */
export const CHANNEL_NORM_OPTIONS = ['eps', 'momentum', 'affine', 'trackRunningStats', 'device', 'dtype'] as const;

/** The common base of batch norm and instance norm. */
export abstract class ChannelNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  /** Whether training updates the running statistics. */
  trackRunningStats: boolean;
  /** The scale, shape `(numFeatures)`; null if the norm is not affine. */
  weight: Parameter | null;
  /** The shift, shape `(numFeatures)`; null if the norm is not affine or has no bias. */
  bias: Parameter | null;
  /** Shape `(numFeatures)`; null without running statistics. */
  runningMean: Tensor | null;
  /** Shape `(numFeatures)`; null without running statistics. */
  runningVar: Tensor | null;
  /** The number of batches in the statistics, a 0-d int64 tensor; null without running statistics. */
  numBatchesTracked: Tensor | null;

  constructor(name: string, numFeatures: number, optional: readonly unknown[], usual: boolean) {
    super();
    const {
      eps = 1e-5,
      momentum = 0.1,
      affine = usual,
      trackRunningStats = usual,
      bias = true,
      device,
      dtype,
    } = readOptions<ChannelNormOptions>(name, optional, CHANNEL_NORM_OPTIONS, ['bias']);
    checkNumbers(name, { numFeatures, eps });
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    const shape = [numFeatures];
    const parameter = (isThere: boolean) => (isThere ? emptyParameter(shape, { device, dtype }) : null);
    this.weight = this.registerParameter('weight', parameter(affine));
    this.bias = this.registerParameter('bias', parameter(affine && bias));
    const keep = <T>(make: () => T): T | null => (trackRunningStats ? make() : null);
    this.runningMean = this.registerBuffer(
      'runningMean',
      keep(() => torchFunctions.zeros(shape, { device, dtype })),
    );
    this.runningVar = this.registerBuffer(
      'runningVar',
      keep(() => torchFunctions.ones(shape, { device, dtype })),
    );
    this.numBatchesTracked = this.registerBuffer(
      'numBatchesTracked',
      keep(() => tensor(0, { dtype: 'int64', device })),
    );
    this.resetParameters();
  }

  /** Resets the running statistics. */
  resetRunningStats(): void {
    if (!this.trackRunningStats) return;
    this.runningMean?.zero_();
    this.runningVar?.fill_(1);
    this.numBatchesTracked?.zero_();
  }

  /** Resets the running statistics, the scale to 1 and the shift to 0. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  // Version 1 did not count batches.
  override get _version(): number {
    return 2;
  }

  override _loadFromStateDict(state: Record<string, unknown>, prefix: string, context: LoadContext): void {
    const key = `${prefix}numBatchesTracked`;
    if ((context.version ?? 0) < 2 && this.trackRunningStats && !Object.hasOwn(state, key)) {
      const { numBatchesTracked } = this;
      state[key] = numBatchesTracked?.isMeta === false ? numBatchesTracked : tensor(0n);
    }
    super._loadFromStateDict(state, prefix, context);
  }

  override extraRepr(): string {
    return `${this.numFeatures}, ${optionsRepr({
      eps: this.eps,
      momentum: this.momentum,
      affine: this.affine,
      bias: this.bias !== null,
      track_running_stats: this.trackRunningStats,
    })}`;
  }
}
