/** Sums, means and maxima of rows of a table. */

import { checkNumbers, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { noGrad } from '../../autograd/modes';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { AssertionError } from '../../errors';
import { sameShape } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkOptionalTensors, checkTensors } from '../../tensor-arguments';
import { embeddingBag } from '../functional/embedding';
import type { EmbeddingBagMode } from '../functional/embedding';
import { normal_ } from '../init';
import { Module } from '../module';
import { pythonFloat, pythonRepr } from '../module-text';
import { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';

/** The options of {@link EmbeddingBag.fromPretrained}. */
export interface PretrainedBagOptions {
  /** Whether the table is excluded from training; true by default. */
  freeze?: boolean;
  /** Selected vectors with a larger norm are scaled down to this norm, in place; null by default. */
  maxNorm?: number | null;
  /** The order p of the norm for `maxNorm`; 2 by default. */
  normType?: number;
  /** Whether gradients are divided by the number of occurrences of an index; false by default. */
  scaleGradByFreq?: boolean;
  /** How a bag is reduced; `'mean'` by default. */
  mode?: EmbeddingBagMode;
  /** Whether the gradient of the table is sparse; false by default. */
  sparse?: boolean;
  /** Whether the offsets end with the size of the input; false by default. */
  includeLastOffset?: boolean;
  /** The index of a row that bags ignore; null by default. */
  paddingIdx?: number | null;
}

/** The options of {@link EmbeddingBag}. */
export interface EmbeddingBagLayerOptions extends Omit<PretrainedBagOptions, 'freeze'>, FactoryOptions {
  /** The initial table, whose memory is shared. */
  _weight?: Tensor | null;
}

const REDUCING = ['maxNorm', 'normType', 'scaleGradByFreq', 'mode', 'sparse'] as const;

/**
 * Sums, means or maxima of bags of rows of a table; `torch.nn.EmbeddingBag`. Input int64 or int32: `(B, N)` for B bags
 * of N indices, or one dimension with `offsets`, the start of each bag; the output is `(B, embeddingDim)`. A third
 * argument has a weight per index, for the mode `'sum'`.
 *
 * @throws AssertionError for a padding index out of range or a table of another shape; in a call, ValueError for shapes
 * or options that do not match.
 * @example
 * ```ts
 * const table = torch.tensor([[1, 2], [3, 4], [5, 6]]);
 * const bags = torch.nn.EmbeddingBag.fromPretrained(table, { mode: 'sum' });
 * bags(torch.tensor([[0n, 1n], [2n, 2n]])); // [[4, 6], [10, 12]]
 * bags(torch.tensor([0n, 1n, 2n]), torch.tensor([0n, 2n])); // [[4, 6], [5, 6]]
 * ```
 */
export class EmbeddingBag extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly mode: EmbeddingBagMode;
  readonly sparse: boolean;
  readonly includeLastOffset: boolean;
  readonly paddingIdx: number | null;
  /** Shape `(numEmbeddings, embeddingDim)`. */
  weight: Parameter;

  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    ...optional: Optional<
      [
        maxNorm: number | null,
        normType: number,
        scaleGradByFreq: boolean,
        mode: EmbeddingBagMode,
        sparse: boolean,
        _weight: Tensor | null,
        includeLastOffset: boolean,
        paddingIdx: number | null,
        device: DeviceLike | null,
        dtype: Dtype | null,
      ],
      EmbeddingBagLayerOptions
    >
  ) {
    super();
    const name = 'EmbeddingBag';
    const names = [...REDUCING, '_weight', 'includeLastOffset', 'paddingIdx', 'device', 'dtype'] as const;
    const options = readOptions<EmbeddingBagLayerOptions>(name, optional, names, [], 2);
    const { paddingIdx = null, _weight: given = null } = options;
    checkNumbers(name, { numEmbeddings, embeddingDim });
    checkOptionalTensors(name, { _weight: given });
    if (paddingIdx !== null) checkNumbers(name, { paddingIdx });
    if (paddingIdx !== null && (paddingIdx >= numEmbeddings || paddingIdx < -numEmbeddings)) {
      throw new AssertionError('padding_idx must be within num_embeddings');
    }
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.maxNorm = options.maxNorm ?? null;
    this.normType = options.normType ?? 2;
    this.scaleGradByFreq = options.scaleGradByFreq ?? false;
    this.mode = options.mode ?? 'mean';
    this.sparse = options.sparse ?? false;
    this.includeLastOffset = options.includeLastOffset ?? false;
    this.paddingIdx = paddingIdx !== null && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    if (given === null) {
      this.weight = emptyParameter([numEmbeddings, embeddingDim], options);
      this.resetParameters();
      return;
    }
    if (!sameShape(given.shape, [numEmbeddings, embeddingDim])) {
      throw new AssertionError('Shape of weight does not match num_embeddings and embedding_dim');
    }
    this.weight = new Parameter(given);
  }

  /**
   * Bags of rows of an existing table; `torch.nn.EmbeddingBag.from_pretrained`.
   *
   * @throws AssertionError unless `embeddings` has two dimensions.
   */
  static fromPretrained(
    embeddings: Tensor,
    ...optional: Optional<
      [
        freeze: boolean,
        maxNorm: number | null,
        normType: number,
        scaleGradByFreq: boolean,
        mode: EmbeddingBagMode,
        sparse: boolean,
        includeLastOffset: boolean,
        paddingIdx: number | null,
      ],
      PretrainedBagOptions
    >
  ): EmbeddingBag {
    const names = ['freeze', ...REDUCING, 'includeLastOffset', 'paddingIdx'] as const;
    const { freeze = true, ...rest } = readOptions<PretrainedBagOptions>('fromPretrained', optional, names);
    checkTensors('fromPretrained', { embeddings });
    if (embeddings.dim() !== 2) throw new AssertionError('Embeddings parameter is expected to be 2-dimensional');
    const [rows, columns] = embeddings.shape;
    const bags = new this(rows, columns, { ...rest, _weight: embeddings });
    bags.weight.requiresGrad_(!freeze);
    return bags;
  }

  /** Reinitialises the table. */
  resetParameters(): void {
    normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx !== null) noGrad(() => void this.weight.select(0, paddingIdx).fill_(0));
  }

  override forward(input: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    const { maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset, paddingIdx } = this;
    return embeddingBag(input, this.weight, {
      ...{ offsets, maxNorm, normType, scaleGradByFreq, mode, sparse },
      ...{ perSampleWeights, includeLastOffset, paddingIdx },
    });
  }

  override extraRepr(): string {
    const { maxNorm, normType, paddingIdx } = this;
    const texts = [`${this.numEmbeddings}, ${this.embeddingDim}`];
    if (maxNorm !== null) texts.push(`max_norm=${pythonRepr(maxNorm)}`);
    if (normType !== 2) texts.push(`norm_type=${pythonFloat(normType)}`);
    if (this.scaleGradByFreq) texts.push('scale_grad_by_freq=True');
    texts.push(`mode='${this.mode}'`);
    if (paddingIdx !== null) texts.push(`padding_idx=${paddingIdx}`);
    return texts.join(', ');
  }
}
