/** Embedding: a table of vectors, looked up by index. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { noGrad } from '../../autograd/modes';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { AssertionError } from '../../errors';
import { sameShape } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { embedding } from '../functional/embedding';
import { normal_ } from '../init';
import { Module } from '../module';
import { pythonFloat, pythonRepr } from '../module-text';
import { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';

/** The options of {@link Embedding.fromPretrained}. */
export interface PretrainedOptions {
  /** Whether the table is excluded from training; true by default. */
  freeze?: boolean;
  /** The index of the vector that receives no gradient; null by default. */
  paddingIdx?: number | null;
  /** Selected vectors with a larger norm are scaled down to this norm, in place; null by default. */
  maxNorm?: number | null;
  /** The order p of the norm for `maxNorm`; 2 by default. */
  normType?: number;
  /** Whether gradients are divided by the number of occurrences of an index; false by default. */
  scaleGradByFreq?: boolean;
  /** Whether the gradient of the table is sparse; false by default. */
  sparse?: boolean;
}

/** The options of {@link Embedding}. */
export interface EmbeddingLayerOptions extends Omit<PretrainedOptions, 'freeze'>, FactoryOptions {
  /** The initial table, whose memory is shared. */
  _weight?: Tensor | null;
  /** Whether the table is excluded from training; false by default. */
  _freeze?: boolean;
}

const LOOKUP = ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse'] as const;

/**
 * Looks up rows of a table; `torch.nn.Embedding`. Input of any shape, int64 or int32; the output
 * `(..., embeddingDim)` has one more dimension. The row at `paddingIdx` is initialised with zeros.
 *
 * @throws AssertionError for a padding index out of range or a table of another shape.
 * @example
 * ```ts
 * const table = torch.nn.Embedding.fromPretrained(torch.tensor([[1, 2], [3, 4]]));
 * table(torch.tensor([1n, 0n, 1n])); // [[3, 4], [1, 2], [3, 4]]
 * ```
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly sparse: boolean;
  /** Shape `(numEmbeddings, embeddingDim)`. */
  weight: Parameter;

  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    ...optional: Optional<
      [
        paddingIdx: number | null,
        maxNorm: number | null,
        normType: number,
        scaleGradByFreq: boolean,
        sparse: boolean,
        _weight: Tensor | null,
        _freeze: boolean,
        device: DeviceLike | null,
        dtype: Dtype | null,
      ],
      EmbeddingLayerOptions
    >
  ) {
    super();
    const names = [...LOOKUP, '_weight', '_freeze', 'device', 'dtype'] as const;
    const options = readOptions<EmbeddingLayerOptions>('Embedding', optional, names, [], 2);
    checkNumbers('Embedding', { numEmbeddings, embeddingDim });
    const { paddingIdx = null, _weight: given = null, _freeze: freeze = false } = options;
    if (paddingIdx !== null) checkNumbers('Embedding', { paddingIdx });
    if (given !== null) checkTensors('Embedding', { _weight: given });
    if (paddingIdx !== null && (paddingIdx >= numEmbeddings || paddingIdx < -numEmbeddings)) {
      throw new AssertionError('Padding_idx must be within num_embeddings');
    }
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx !== null && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    this.maxNorm = options.maxNorm ?? null;
    this.normType = options.normType ?? 2;
    this.scaleGradByFreq = options.scaleGradByFreq ?? false;
    this.sparse = options.sparse ?? false;
    if (given !== null) {
      if (!sameShape(given.shape, [numEmbeddings, embeddingDim])) {
        throw new AssertionError('Shape of weight does not match num_embeddings and embedding_dim');
      }
      this.weight = new Parameter(given, !freeze);
    } else {
      this.weight = emptyParameter([numEmbeddings, embeddingDim], options).requiresGrad_(!freeze);
      this.resetParameters();
    }
  }

  /**
   * An embedding from an existing table; `torch.nn.Embedding.from_pretrained`.
   *
   * @throws AssertionError unless `embeddings` has two dimensions.
   */
  static fromPretrained(
    embeddings: Tensor,
    ...optional: Optional<
      [
        freeze: boolean,
        paddingIdx: number | null,
        maxNorm: number | null,
        normType: number,
        scaleGradByFreq: boolean,
        sparse: boolean,
      ],
      PretrainedOptions
    >
  ): Embedding {
    const names = ['freeze', ...LOOKUP] as const;
    const { freeze = true, ...rest } = readOptions<PretrainedOptions>('fromPretrained', optional, names);
    checkTensors('fromPretrained', { embeddings });
    if (embeddings.dim() !== 2) {
      throw new AssertionError('Embeddings parameter is expected to be 2-dimensional');
    }
    const [rows, columns] = embeddings.shape;
    return new this(rows, columns, { ...rest, _weight: embeddings, _freeze: freeze });
  }

  /** Reinitialises the table. */
  resetParameters(): void {
    normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx !== null) noGrad(() => void this.weight.select(0, paddingIdx).fill_(0));
  }

  override forward(input: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return embedding(input, this.weight, { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse });
  }

  override extraRepr(): string {
    const { paddingIdx, maxNorm, normType } = this;
    const texts = [`${this.numEmbeddings}, ${this.embeddingDim}`];
    if (paddingIdx !== null) texts.push(`padding_idx=${paddingIdx}`);
    if (maxNorm !== null) texts.push(`max_norm=${pythonRepr(maxNorm)}`);
    if (normType !== 2) texts.push(`norm_type=${pythonFloat(normType)}`);
    if (this.scaleGradByFreq) texts.push('scale_grad_by_freq=True');
    if (this.sparse) texts.push('sparse=True');
    return texts.join(', ');
  }
}
