/** An output layer for many classes, of which few are frequent. */

import { checkList, checkNumbers, copyDense, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { RuntimeError, ValueError } from '../../errors';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import { sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { logSoftmax } from '../functional/softmax';
import { isBatched, valuesOf } from '../functional/wrapped-values';
import { Module } from '../module';
import { ModuleList, Sequential } from './containers';
import type { FactoryOptions } from './factory';
import { Linear } from './linear';

/** The options of {@link AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveLogSoftmaxOptions extends FactoryOptions {
  /** How much smaller the projection of each cluster is than that of the one before; 4 by default. */
  divValue?: number;
  /** Whether the head has a bias; false by default. */
  headBias?: boolean;
}

/** What {@link AdaptiveLogSoftmaxWithLoss} returns: a pair that also has names. */
export type AdaptiveLogSoftmaxResult = [output: Tensor, loss: Tensor] & { output: Tensor; loss: Tensor };

function checkCutoffs(cutoffs: readonly number[], nClasses: number): void {
  if (cutoffs.length === 0) throw new ValueError('cutoffs should be a sequence of length larger than 0');
  const isRight = cutoffs.every(
    (cutoff, i) => Number.isInteger(cutoff) && cutoff > (cutoffs[i - 1] ?? 0) && cutoff <= nClasses - 1,
  );
  if (isRight) return;
  throw new ValueError(
    'cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1',
  );
}

function checkShapes(input: Tensor, target: Tensor): void {
  const [rank, size] = [target.dim(), sizeText(input.shape)];
  if (rank > 1) throw new RuntimeError('0D or 1D target tensor expected, multi-target not supported');
  if (rank === 1 && input.size(0) !== target.size(0)) {
    throw new RuntimeError('Input and target should have the same size in the batch dimension.');
  }
  if (input.dim() !== rank + 1) {
    throw new RuntimeError(
      `${rank}D target tensor expects ${rank + 1}D input tensors, but found inputs with size ${size}`,
    );
  }
}

/**
 * The log probabilities of targets among many classes, sorted by frequency, and their mean negative;
 * `torch.nn.AdaptiveLogSoftmaxWithLoss`. Classes below `cutoffs[0]` are outputs of the head; each further range of
 * classes is a cluster with one output in the head and a smaller projection of its own.
 *
 * Input `(N, inFeatures)` or `(inFeatures)`, target int64 `(N)` or `()`; returns `{ output, loss }`, also as a pair,
 * with outputs of the target's shape. Each cluster is computed for its own samples only; under `vmap`, for all.
 *
 * @throws ValueError for cutoffs that are not increasing integers between 1 and nClasses - 1; in a call, RuntimeError for
 * shapes that do not match or a target out of range.
 * @example
 * ```ts
 * const layer = new torch.nn.AdaptiveLogSoftmaxWithLoss(8, 100, [10, 40]);
 * const { output, loss } = layer(torch.randn(5, 8), torch.tensor([0n, 9n, 10n, 50n, 99n]));
 * [output.shape, loss.shape]; // [[5], []]
 * layer.logProb(torch.randn(5, 8)).shape; // [5, 100]
 * ```
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  readonly inFeatures: number;
  readonly nClasses: number;
  /** The first class of each cluster, then the number of classes. */
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  readonly shortlistSize: number;
  readonly nClusters: number;
  readonly headSize: number;
  /** The scores of the frequent classes and of the clusters. */
  readonly head: Linear;
  /** The projections of the clusters. */
  readonly tail: ModuleList<Sequential>;

  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: Size,
    ...optional: Optional<
      [divValue: number, headBias: boolean, device: DeviceLike | null, dtype: Dtype | null],
      AdaptiveLogSoftmaxOptions
    >
  ) {
    super();
    const name = 'AdaptiveLogSoftmaxWithLoss';
    const names = ['divValue', 'headBias', 'device', 'dtype'] as const;
    const options = readOptions<AdaptiveLogSoftmaxOptions>(name, optional, names, [], 3);
    const { divValue = 4, headBias = false, ...factory } = options;
    checkNumbers(name, { inFeatures, nClasses, divValue });
    checkList(name, 'cutoffs', cutoffs);
    const starts = copyDense(cutoffs) as number[];
    checkCutoffs(starts, nClasses);
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = [...starts, nClasses];
    this.divValue = divValue;
    this.headBias = headBias;
    this.shortlistSize = starts[0];
    this.nClusters = starts.length;
    this.headSize = this.shortlistSize + this.nClusters;
    this.head = new Linear(inFeatures, this.headSize, { bias: headBias, ...factory });
    const clusters = starts.map((start, i) => {
      const hidden = Math.floor(inFeatures / divValue ** (i + 1));
      const size = this.cutoffs[i + 1] - start;
      const layer = (inputs: number, outputs: number) => new Linear(inputs, outputs, { bias: false, ...factory });
      return new Sequential(layer(inFeatures, hidden), layer(hidden, size));
    });
    this.tail = new ModuleList(clusters);
  }

  /** Reinitialises the parameters. */
  resetParameters(): void {
    this.head.resetParameters();
    for (const cluster of this.tail) for (const layer of cluster) (layer as Linear).resetParameters();
  }

  /** The log probabilities inside cluster `i` of each row's class, `(rows)`. */
  #withinCluster(i: number, rows: Tensor, classes: Tensor): Tensor {
    const relative = classes.sub(this.cutoffs[i]).unsqueeze(1);
    return logSoftmax(this.tail[i](rows), 1).gather(1, relative).squeeze(1);
  }

  /** The output with the log probabilities of the rows whose class is in cluster `i`. */
  #withCluster(i: number, output: Tensor, rows: Tensor, classes: Tensor, mask: Tensor): Tensor {
    if (isBatched(mask)) {
      // Samples have different numbers of rows in the cluster.
      const clamped = classes.clamp(this.cutoffs[i], this.cutoffs[i + 1] - 1);
      return torchFunctions.where(mask, this.#withinCluster(i, rows, clamped), output);
    }
    const positions = mask.nonzero().squeeze(1);
    if (positions.numel() === 0) return output;
    const [selected, ofSelected] = [rows.indexSelect(0, positions), classes.indexSelect(0, positions)];
    return output.indexCopy(0, positions, this.#withinCluster(i, selected, ofSelected));
  }

  override forward(input: Tensor, target: Tensor): AdaptiveLogSoftmaxResult {
    checkTensors('AdaptiveLogSoftmaxWithLoss', { input, target });
    checkShapes(input, target);
    const [rows, classes] = target.dim() > 0 ? [input, target] : [input.unsqueeze(0), target.unsqueeze(0)];
    const { shortlistSize, cutoffs } = this;
    const isInside = classes.ge(0).logicalAnd(classes.lt(this.nClasses));
    if (native.peek(valuesOf(isInside.all()).all()) === false) {
      throw new RuntimeError(
        `Target values should be in [0, ${this.nClasses - 1}], but values in range [${valuesOf(target).min().item()}, ${valuesOf(target).max().item()}] were found. `,
      );
    }
    let inHead = classes;
    let output = rows.newZeros(classes.shape);
    for (let i = 0; i < this.nClusters; i++) {
      const mask = classes.ge(cutoffs[i]).logicalAnd(classes.lt(cutoffs[i + 1]));
      inHead = torchFunctions.where(mask, shortlistSize + i, inHead);
      output = this.#withCluster(i, output, rows, classes, mask);
    }
    const ofHead = logSoftmax(this.head(rows), 1).gather(1, inHead.unsqueeze(1)).squeeze(1);
    const sum = output.add(ofHead);
    const loss = sum.neg().mean();
    const result = target.dim() > 0 ? sum : sum.squeeze(0);
    return Object.assign([result, loss] as [Tensor, Tensor], { output: result, loss });
  }

  /** The log probabilities of all classes for the scores of the head, `(N, nClasses)`. */
  #allClasses(input: Tensor, scores: Tensor): Tensor {
    const ofHead = logSoftmax(scores, 1);
    const clusters = [...this.tail].map((cluster, i) =>
      logSoftmax(cluster(input), 1).add(ofHead.narrow(1, this.shortlistSize + i, 1)),
    );
    return torchFunctions.cat([ofHead.narrow(1, 0, this.shortlistSize), ...clusters], 1);
  }

  /** The log probabilities of all classes, `(N, nClasses)`, for an input `(N, inFeatures)`; `log_prob`. */
  logProb(input: Tensor): Tensor {
    checkTensors('logProb', { input });
    return this.#allClasses(input, this.head(input));
  }

  /**
   * The most probable class of each row, int64 `(N)`, for an input `(N, inFeatures)`; `predict`. Clusters are computed
   * only for rows whose most probable output of the head is a cluster; under `vmap`, for all.
   */
  predict(input: Tensor): Tensor {
    checkTensors('predict', { input });
    const scores = this.head(input);
    const best = scores.argmax(1);
    const isInCluster = best.ge(this.shortlistSize);
    if (isBatched(isInCluster)) {
      return torchFunctions.where(isInCluster, this.#allClasses(input, scores).argmax(1), best);
    }
    const positions = isInCluster.nonzero().squeeze(1);
    if (positions.numel() === 0) return best;
    const [rows, ofRows] = [input.indexSelect(0, positions), scores.indexSelect(0, positions)];
    return best.indexCopy(0, positions, this.#allClasses(rows, ofRows).argmax(1));
  }
}
