/** The layers of a transformer. */

import { checkFunction, checkNumbers, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { RuntimeError } from '../../errors';
import { nnFunctionalFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { relu } from '../functional/activations';
import { canonicalMask } from '../functional/attention-masks';
import { Module } from '../module';
import { becomeCopyOf } from '../module-clone';
import { MultiheadAttention } from './attention';
import { Dropout } from './dropout';
import type { FactoryOptions } from './factory';
import { Linear } from './linear';
import { LayerNorm } from './normalization';

/** The activation of a transformer's layers: `'relu'`, `'gelu'`, or a function or module. */
export type TransformerActivation = 'relu' | 'gelu' | ((x: Tensor) => Tensor);

/** The options of {@link TransformerEncoderLayer} and {@link TransformerDecoderLayer}. */
export interface TransformerLayerOptions extends FactoryOptions {
  /** The number of features between the two linear layers; 2048 by default. */
  dimFeedforward?: number;
  /** The probability of zeroing, in training; 0.1 by default. */
  dropout?: number;
  /** The activation between the two linear layers; `'relu'` by default. */
  activation?: TransformerActivation;
  /** Added to the variance in the layer norms; 1e-5 by default. */
  layerNormEps?: number;
  /** Whether inputs and output are `(N, L, E)` instead of `(L, N, E)`; false by default. */
  batchFirst?: boolean;
  /** Whether the norms come before attention and linear layers, instead of after the sums; false by default. */
  normFirst?: boolean;
  /** Whether linear layers and norms have biases; true by default. */
  bias?: boolean;
}

/** The optional arguments of the layers' constructors, in Python's order. */
export type TransformerLayerArguments = Optional<
  [
    ...[dimFeedforward: number, dropout: number, activation: TransformerActivation, layerNormEps: number],
    ...[batchFirst: boolean, normFirst: boolean, bias: boolean, device: DeviceLike | null, dtype: Dtype | null],
  ],
  TransformerLayerOptions
>;

const OPTIONS = [
  ...(['dimFeedforward', 'dropout', 'activation', 'layerNormEps'] as const),
  ...(['batchFirst', 'normFirst', 'bias', 'device', 'dtype'] as const),
] as const;

function activationOf(layer: string, activation: TransformerActivation): (x: Tensor) => Tensor {
  if (activation === 'relu') return relu;
  if (activation === 'gelu') return nnFunctionalFunctions.gelu;
  if (typeof activation === 'string') {
    throw new RuntimeError(`activation should be relu/gelu, not ${String(activation)}`);
  }
  checkFunction(layer, activation, 'activation');
  return activation;
}

/** The masks of attention between two sequences. */
interface Masks {
  attnMask: Tensor | null;
  keyPaddingMask: Tensor | null;
  isCausal: boolean;
}

/** What encoder and decoder layers have in common: self-attention, two linear layers, two norms. */
abstract class TransformerLayer extends Module {
  selfAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  readonly activation: (x: Tensor) => Tensor;
  readonly #dModel: number;
  readonly #nhead: number;
  readonly #options: TransformerLayerOptions;

  constructor(dModel: number, nhead: number, optional: TransformerLayerArguments, hasMemory: boolean) {
    super();
    const name = new.target.name;
    const options = readOptions<TransformerLayerOptions>(name, optional, OPTIONS, [], 2);
    const { dimFeedforward = 2048, dropout = 0.1, activation = 'relu', layerNormEps = 1e-5 } = options;
    const { batchFirst = false, normFirst = false, bias = true, device, dtype } = options;
    checkNumbers(name, { dModel, nhead, dimFeedforward, dropout, layerNormEps });
    const factory = { bias, device, dtype };
    const attention = () => new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...factory });
    const norm = () => new LayerNorm(dModel, { eps: layerNormEps, ...factory });
    this.#dModel = dModel;
    this.#nhead = nhead;
    this.#options = options;
    this.normFirst = normFirst;
    this.activation = activationOf(name, activation);
    this.selfAttn = attention();
    if (hasMemory) this.registerModule('multiheadAttn', attention());
    this.linear1 = new Linear(dModel, dimFeedforward, factory);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, factory);
    this.norm1 = norm();
    this.norm2 = norm();
    if (hasMemory) this.registerModule('norm3', norm());
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    if (hasMemory) this.registerModule('dropout3', new Dropout(dropout));
  }

  /**
   * A copy with the same values, which draws no random numbers. A subclass whose constructor takes other arguments
   * overrides it.
   */
  clone(): this {
    const Layer = this.constructor as new (dModel: number, nhead: number, options: TransformerLayerOptions) => this;
    const copy = new Layer(this.#dModel, this.#nhead, {
      ...this.#options,
      activation: this.#cloneActivation(),
      device: 'meta',
    });
    becomeCopyOf(this, copy);
    return copy;
  }

  /** The activation; a copy of one that has a state, which the copies of the layer must not share. */
  #cloneActivation(): TransformerActivation | undefined {
    const { activation } = this.#options;
    if (!(activation instanceof Module)) return activation;
    const hasState = activation.parameters().length + activation.buffers().length > 0;
    return hasState ? (cloneLayer<Module>(this.constructor.name, activation)() as typeof activation) : activation;
  }

  protected selfAttention(x: Tensor, masks: Masks): Tensor {
    return this.dropout1(this.selfAttn(x, x, x, { ...masks, needWeights: false })[0]);
  }

  /** The two linear layers, before the last dropout. */
  protected feedForward(x: Tensor): Tensor {
    return this.linear2(this.dropout(this.activation(this.linear1(x))));
  }
}

/**
 * A function that makes a copy of a layer in each call: of a function, its result.
 *
 * @throws TypeError for a module without a method `clone`.
 */
export function cloneLayer<M extends Module>(api: string, layer: M | (() => M)): () => M {
  if (!(layer instanceof Module)) {
    checkFunction(api, layer, 'layer');
    return layer;
  }
  const { clone } = layer as unknown as { clone?: () => M };
  if (typeof clone === 'function') return () => clone.call(layer);
  throw new TypeError(
    `${api}(): ${layer.constructor.name} has no method clone(), which copies a layer; pass a function that makes a layer`,
  );
}

/** The options of a call of {@link TransformerEncoderLayer}. */
export interface EncoderLayerCallOptions {
  /** Pairs to ignore, `(L, L)` or `(N * heads, L, L)`: bool (true ignores), or values added to the scores. */
  srcMask?: Tensor | null;
  /** Positions to ignore, `(N, L)`: bool (true ignores), or values added to the scores. */
  srcKeyPaddingMask?: Tensor | null;
  /** A hint that `srcMask` is causal; false by default. */
  isCausal?: boolean;
}

/**
 * Self-attention and two linear layers, each with a sum and a norm; `torch.nn.TransformerEncoderLayer`. Input and output
 * `(L, N, E)`, with `batchFirst` `(N, L, E)`, or `(L, E)`.
 *
 * All transforms map and differentiate it in every mode. PyTorch's fused kernel for inference is not used.
 *
 * @throws ValueError or AssertionError for sizes that do not match; RuntimeError for an unknown activation.
 * @example
 * ```ts
 * const layer = new torch.nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * layer(torch.randn(3, 5, 8)).shape; // [3, 5, 8]
 * ```
 */
export class TransformerEncoderLayer extends TransformerLayer {
  constructor(dModel: number, nhead: number, ...optional: TransformerLayerArguments) {
    super(dModel, nhead, optional, false);
  }

  override forward(
    src: Tensor,
    ...optional: Optional<
      [srcMask: Tensor | null, srcKeyPaddingMask: Tensor | null, isCausal: boolean],
      EncoderLayerCallOptions
    >
  ): Tensor {
    const name = 'TransformerEncoderLayer';
    const names = ['srcMask', 'srcKeyPaddingMask', 'isCausal'] as const;
    const options = readOptions<EncoderLayerCallOptions>(name, optional, names);
    const { srcMask = null, srcKeyPaddingMask = null, isCausal = false } = options;
    checkTensors(name, { src });
    const masks = {
      keyPaddingMask: canonicalMask(srcKeyPaddingMask, 'src_key_padding_mask', src.dtype, srcMask, 'src_mask'),
      attnMask: canonicalMask(srcMask, 'src_mask', src.dtype, null),
      isCausal,
    };
    if (this.normFirst) {
      const x = src.add(this.selfAttention(this.norm1(src), masks));
      return x.add(this.dropout2(this.feedForward(this.norm2(x))));
    }
    const x = this.norm1(src.add(this.selfAttention(src, masks)));
    return this.norm2(x.add(this.dropout2(this.feedForward(x))));
  }
}

/** The options of a call of {@link TransformerDecoderLayer}. */
export interface DecoderLayerCallOptions {
  /** Pairs of the target to ignore, `(T, T)` or `(N * heads, T, T)`. */
  tgtMask?: Tensor | null;
  /** Pairs of target and memory to ignore, `(T, S)` or `(N * heads, T, S)`. */
  memoryMask?: Tensor | null;
  /** Positions of the target to ignore, `(N, T)`. */
  tgtKeyPaddingMask?: Tensor | null;
  /** Positions of the memory to ignore, `(N, S)`. */
  memoryKeyPaddingMask?: Tensor | null;
  /** A hint that `tgtMask` is causal; false by default. */
  tgtIsCausal?: boolean;
  /** A hint that `memoryMask` is causal; false by default. */
  memoryIsCausal?: boolean;
}

/** The names of the options of a decoder's call in Python's order. @internal */
export const DECODER_CALL_OPTIONS = [
  ...(['tgtMask', 'memoryMask', 'tgtKeyPaddingMask', 'memoryKeyPaddingMask'] as const),
  ...(['tgtIsCausal', 'memoryIsCausal'] as const),
] as const;

/** The optional arguments of a decoder's call in Python's order. */
export type DecoderCallPositions = [
  ...[tgtMask: Tensor | null, memoryMask: Tensor | null, tgtKeyPaddingMask: Tensor | null],
  ...[memoryKeyPaddingMask: Tensor | null, tgtIsCausal: boolean, memoryIsCausal: boolean],
];

/**
 * Self-attention, attention to the output of an encoder, and two linear layers, each with a sum and a norm;
 * `torch.nn.TransformerDecoderLayer`. Target and output `(T, N, E)`, memory `(S, N, E)`; with `batchFirst` the batch comes
 * first; without a batch `(T, E)` and `(S, E)`.
 *
 * All transforms map and differentiate it in every mode.
 *
 * @throws ValueError or AssertionError for sizes that do not match; RuntimeError for an unknown activation.
 * @example
 * ```ts
 * const layer = new torch.nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * layer(torch.randn(3, 4, 8), torch.randn(3, 5, 8)).shape; // [3, 4, 8]
 * ```
 */
export class TransformerDecoderLayer extends TransformerLayer {
  declare multiheadAttn: MultiheadAttention;
  declare norm3: LayerNorm;
  declare dropout3: Dropout;

  constructor(dModel: number, nhead: number, ...optional: TransformerLayerArguments) {
    super(dModel, nhead, optional, true);
  }

  #memoryAttention(x: Tensor, memory: Tensor, masks: Masks): Tensor {
    return this.dropout2(this.multiheadAttn(x, memory, memory, { ...masks, needWeights: false })[0]);
  }

  override forward(
    tgt: Tensor,
    memory: Tensor,
    ...optional: Optional<DecoderCallPositions, DecoderLayerCallOptions>
  ): Tensor {
    const name = 'TransformerDecoderLayer';
    const options = readOptions<DecoderLayerCallOptions>(name, optional, DECODER_CALL_OPTIONS, [], 2);
    const { tgtMask = null, memoryMask = null, tgtKeyPaddingMask = null, memoryKeyPaddingMask = null } = options;
    const { tgtIsCausal = false, memoryIsCausal = false } = options;
    checkTensors(name, { tgt, memory });
    const ofTarget = { attnMask: tgtMask, keyPaddingMask: tgtKeyPaddingMask, isCausal: tgtIsCausal };
    const ofMemory = { attnMask: memoryMask, keyPaddingMask: memoryKeyPaddingMask, isCausal: memoryIsCausal };
    if (this.normFirst) {
      const x = tgt.add(this.selfAttention(this.norm1(tgt), ofTarget));
      const y = x.add(this.#memoryAttention(this.norm2(x), memory, ofMemory));
      return y.add(this.dropout3(this.feedForward(this.norm3(y))));
    }
    const x = this.norm1(tgt.add(this.selfAttention(tgt, ofTarget)));
    const y = this.norm2(x.add(this.#memoryAttention(x, memory, ofMemory)));
    return this.norm3(y.add(this.dropout3(this.feedForward(y))));
  }
}
