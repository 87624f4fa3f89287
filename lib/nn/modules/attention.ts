/** Multi-head attention. */

import { checkNumbers, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { AssertionError, ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import { checkOptionalTensors, checkTensors } from '../../tensor-arguments';
import { multiHeadAttentionForward } from '../functional/attention';
import { constant_, xavierNormal_, xavierUniform_ } from '../init';
import { Module } from '../module';
import type { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';
import { Linear } from './linear';

/** The options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions extends FactoryOptions {
  /** The probability of zeroing an attention weight, in training; 0 by default. */
  dropout?: number;
  /** Whether the projections have biases; true by default. */
  bias?: boolean;
  /** Whether a learned key and value are added to the sequences; false by default. */
  addBiasKv?: boolean;
  /** Whether a key and value of zeros are added to the sequences; false by default. */
  addZeroAttn?: boolean;
  /** The number of features of keys; `embedDim` by default. */
  kdim?: number | null;
  /** The number of features of values; `embedDim` by default. */
  vdim?: number | null;
  /** Whether inputs and output are `(N, L, E)` instead of `(L, N, E)`; false by default. */
  batchFirst?: boolean;
}

/** The options of a call of {@link MultiheadAttention}. */
export interface AttentionCallOptions {
  /** Keys to ignore, `(N, S)`: bool (true ignores), or values added to the scores. */
  keyPaddingMask?: Tensor | null;
  /** Whether the attention weights are returned; true by default. */
  needWeights?: boolean;
  /** Pairs to ignore, `(L, S)` or `(N * heads, L, S)`: bool (true ignores), or values added to the scores. */
  attnMask?: Tensor | null;
  /** Whether the weights are averaged over heads; true by default. */
  averageAttnWeights?: boolean;
  /** A hint that `attnMask` is causal; false by default. */
  isCausal?: boolean;
}

// Python prints the name of this class.
class NonDynamicallyQuantizableLinear extends Linear {}

/**
 * Attention with several heads; `torch.nn.MultiheadAttention`. Query `(L, N, E)`, key `(S, N, kdim)` and value
 * `(S, N, vdim)`; with `batchFirst` the batch comes first; without a batch `(L, E)`, `(S, kdim)` and `(S, vdim)`. Returns
 * the output, of the query's shape, and the attention weights `(N, L, S)`, `(N, heads, L, S)` unless averaged, or null.
 *
 * All transforms map and differentiate it in every mode. For a given seed, the initial weights equal those of Python's
 * PyTorch.
 *
 * @throws ValueError or AssertionError for sizes that do not match; in a call, AssertionError or RuntimeError for shapes or
 * masks that do not match.
 * @example
 * ```ts
 * const attention = new torch.nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = torch.randn(3, 5, 8);
 * const [output, weights] = attention(x, x, x);
 * [output.shape, weights!.shape]; // [[3, 5, 8], [3, 5, 5]]
 * ```
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly numHeads: number;
  dropout: number;
  readonly batchFirst: boolean;
  readonly headDim: number;
  readonly addZeroAttn: boolean;
  /** The projections of query, key and value, `(3 * embedDim, embedDim)`; null if they have weights of their own. */
  inProjWeight: Parameter | null;
  /** Shape `(embedDim, embedDim)`; null unless `kdim` or `vdim` differs from `embedDim`. */
  qProjWeight: Parameter | null;
  /** Shape `(embedDim, kdim)`; null unless `kdim` or `vdim` differs from `embedDim`. */
  kProjWeight: Parameter | null;
  /** Shape `(embedDim, vdim)`; null unless `kdim` or `vdim` differs from `embedDim`. */
  vProjWeight: Parameter | null;
  /** Shape `(3 * embedDim)`; null without biases. */
  inProjBias: Parameter | null;
  /** The projection of the joined heads. */
  outProj: Linear;
  /** The added key, `(1, 1, embedDim)`; null without `addBiasKv`. */
  biasK: Parameter | null;
  /** The added value, `(1, 1, embedDim)`; null without `addBiasKv`. */
  biasV: Parameter | null;

  constructor(
    embedDim: number,
    numHeads: number,
    ...optional: Optional<
      [
        ...[dropout: number, bias: boolean, addBiasKv: boolean, addZeroAttn: boolean, kdim: number | null],
        ...[vdim: number | null, batchFirst: boolean, device: DeviceLike | null, dtype: Dtype | null],
      ],
      MultiheadAttentionOptions
    >
  ) {
    super();
    const name = 'MultiheadAttention';
    const names = ['dropout', 'bias', 'addBiasKv', 'addZeroAttn', 'kdim', 'vdim', 'batchFirst', 'device', 'dtype'];
    const options = readOptions<MultiheadAttentionOptions>(
      ...([name, optional, names as (keyof MultiheadAttentionOptions)[], [], 2] as const),
    );
    const { dropout = 0, bias = true, addBiasKv = false, device, dtype } = options;
    checkNumbers(name, { embedDim, numHeads, dropout });
    if (embedDim <= 0 || numHeads <= 0) {
      throw new ValueError(
        `embed_dim and num_heads must be greater than 0, got embed_dim=${embedDim} and num_heads=${numHeads} instead`,
      );
    }
    this.embedDim = embedDim;
    this.kdim = options.kdim ?? embedDim;
    this.vdim = options.vdim ?? embedDim;
    this.numHeads = numHeads;
    this.dropout = dropout;
    this.batchFirst = options.batchFirst ?? false;
    this.headDim = Math.floor(embedDim / numHeads);
    if (this.headDim * numHeads !== embedDim) throw new AssertionError('embed_dim must be divisible by num_heads');
    const parameter = (isThere: boolean, ...shape: number[]) =>
      isThere ? emptyParameter(shape, { device, dtype }) : null;
    const isPacked = this.kdim === embedDim && this.vdim === embedDim;
    this.inProjWeight = this.registerParameter('inProjWeight', parameter(isPacked, 3 * embedDim, embedDim));
    this.qProjWeight = this.registerParameter('qProjWeight', parameter(!isPacked, embedDim, embedDim));
    this.kProjWeight = this.registerParameter('kProjWeight', parameter(!isPacked, embedDim, this.kdim));
    this.vProjWeight = this.registerParameter('vProjWeight', parameter(!isPacked, embedDim, this.vdim));
    this.inProjBias = this.registerParameter('inProjBias', parameter(bias, 3 * embedDim));
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias, device, dtype });
    this.biasK = this.registerParameter('biasK', parameter(addBiasKv, 1, 1, embedDim));
    this.biasV = this.registerParameter('biasV', parameter(addBiasKv, 1, 1, embedDim));
    this.addZeroAttn = options.addZeroAttn ?? false;
    this.resetParameters();
  }

  /** Reinitialises the parameters; the weight of the output projection stays. */
  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) {
      if (weight !== null) xavierUniform_(weight);
    }
    if (this.inProjBias !== null) {
      constant_(this.inProjBias, 0);
      constant_(this.outProj.bias!, 0);
    }
    if (this.biasK !== null) xavierNormal_(this.biasK);
    if (this.biasV !== null) xavierNormal_(this.biasV);
  }

  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ...optional: Optional<
      [
        keyPaddingMask: Tensor | null,
        needWeights: boolean,
        attnMask: Tensor | null,
        averageAttnWeights: boolean,
        isCausal: boolean,
      ],
      AttentionCallOptions
    >
  ): [output: Tensor, weights: Tensor | null] {
    const name = 'MultiheadAttention';
    const names = ['keyPaddingMask', 'needWeights', 'attnMask', 'averageAttnWeights', 'isCausal'] as const;
    const options = readOptions<AttentionCallOptions>(name, optional, names, [], 3);
    checkTensors(name, { query, key, value });
    checkOptionalTensors(name, { keyPaddingMask: options.keyPaddingMask, attnMask: options.attnMask });
    const hasBatchFirst = this.batchFirst && query.dim() === 3;
    // Tensors that are the same stay the same: their projections are then one product.
    const turned = new Map<Tensor, Tensor>();
    const turn = (tensor: Tensor): Tensor => {
      if (!hasBatchFirst) return tensor;
      if (!turned.has(tensor)) turned.set(tensor, tensor.transpose(0, 1));
      return turned.get(tensor)!;
    };
    const { embedDim, numHeads, inProjWeight, inProjBias, biasK, biasV, addZeroAttn, dropout, outProj } = this;
    const { qProjWeight, kProjWeight, vProjWeight, training } = this;
    const [output, weights] = multiHeadAttentionForward(
      ...([turn(query), turn(key), turn(value), embedDim, numHeads, inProjWeight, inProjBias] as const),
      ...([biasK, biasV, addZeroAttn, dropout, outProj.weight, outProj.bias] as const),
      {
        ...options,
        training,
        ...(inProjWeight === null ? { useSeparateProjWeight: true, qProjWeight, kProjWeight, vProjWeight } : {}),
      },
    );
    return [hasBatchFirst ? output.transpose(0, 1) : output, weights];
  }
}
