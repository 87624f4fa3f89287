/** Transformers: stacks of layers. */

import { checkNumbers, checkOptions, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { RuntimeError } from '../../errors';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import { sameShape } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { canonicalMask } from '../functional/attention-masks';
import { valuesOf } from '../functional/wrapped-values';
import { xavierUniform_ } from '../init';
import { Module } from '../module';
import { ModuleList } from './containers';
import type { FactoryOptions } from './factory';
import { LayerNorm } from './normalization';
import {
  cloneLayer,
  DECODER_CALL_OPTIONS,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
} from './transformer-layers';
import type {
  DecoderCallPositions,
  DecoderLayerCallOptions,
  TransformerActivation,
  TransformerLayerOptions,
} from './transformer-layers';

function causalMask(size: number, options: FactoryOptions): Tensor {
  return torchFunctions.full([size, size], -Infinity, options).triu(1);
}

/** The length of the sequences of an input, of one or of a batch. */
function lengthOf(input: Tensor, batchFirst: boolean): number {
  return input.size(input.dim() === 3 && batchFirst ? 1 : 0);
}

/** Whether a mask is causal: the hint if there is one, else its values decide. */
function detectCausal(mask: Tensor | null, hint: boolean | null, size: number): boolean {
  if (hint !== null || mask === null) return hint ?? false;
  const values = valuesOf(mask);
  if (!sameShape(values.shape, [size, size])) return false;
  const causal = causalMask(size, { dtype: mask.dtype, device: mask.device });
  return native.peek(values.eq(causal).all()) === true;
}

type Encoding = (
  src: Tensor,
  options: { srcMask: Tensor | null; srcKeyPaddingMask: Tensor | null; isCausal: boolean },
) => Tensor;

/** A layer of an encoder: {@link TransformerEncoderLayer}, or a module that is called like one. */
export type EncoderLayer = Module & { forward: Encoding };

/** The options of a call of {@link TransformerEncoder}. */
export interface EncoderCallOptions {
  /** Pairs to ignore, `(L, L)` or `(N * heads, L, L)`: bool (true ignores), or values added to the scores. */
  mask?: Tensor | null;
  /** Positions to ignore, `(N, L)`: bool (true ignores), or values added to the scores. */
  srcKeyPaddingMask?: Tensor | null;
  /** Whether `mask` is causal; by default the values of the mask decide. */
  isCausal?: boolean | null;
}

/**
 * A stack of encoder layers, and a norm after the last; `torch.nn.TransformerEncoder`. The layers are copies of the given
 * one, which is a {@link TransformerEncoderLayer}, a module with a method `clone`, or a function that makes a layer. Python's
 * options `enable_nested_tensor` and `mask_check`, which only select a computation, do not exist here.
 *
 * @throws TypeError for a layer that cannot be copied.
 * @example
 * ```ts
 * const { nn } = torch;
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * const encoder = new nn.TransformerEncoder(layer, 3, new nn.LayerNorm(8));
 * encoder(torch.randn(2, 5, 8), { mask: nn.Transformer.generateSquareSubsequentMask(5) }).shape; // [2, 5, 8]
 * ```
 */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList<TransformerEncoderLayer>;
  readonly numLayers: number;
  norm: Module | null;

  constructor(
    encoderLayer: EncoderLayer | (() => EncoderLayer),
    numLayers: number,
    ...optional: Optional<
      [norm: Module | null],
      { /** The norm after the last layer; none by default. */ norm?: Module | null }
    >
  ) {
    super();
    const name = 'TransformerEncoder';
    const { norm = null } = readOptions<{ norm: Module | null }>(name, optional, ['norm'], [], 2);
    checkNumbers(name, { numLayers });
    const make = cloneLayer<Module>(name, encoderLayer);
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => make() as TransformerEncoderLayer));
    this.numLayers = numLayers;
    this.norm = norm;
  }

  override forward(
    src: Tensor,
    ...optional: Optional<
      [mask: Tensor | null, srcKeyPaddingMask: Tensor | null, isCausal: boolean | null],
      EncoderCallOptions
    >
  ): Tensor {
    const name = 'TransformerEncoder';
    const names = ['mask', 'srcKeyPaddingMask', 'isCausal'] as const;
    const options = readOptions<EncoderCallOptions>(name, optional, names);
    checkTensors(name, { src });
    const { mask = null, srcKeyPaddingMask: padding = null, isCausal = null } = options;
    const srcKeyPaddingMask = canonicalMask(padding, 'src_key_padding_mask', src.dtype, mask, 'mask');
    const srcMask = canonicalMask(mask, 'mask', src.dtype, null);
    const batchFirst = (this.layers[0] as Partial<TransformerEncoderLayer> | undefined)?.selfAttn?.batchFirst ?? false;
    const causal = detectCausal(srcMask, isCausal, lengthOf(src, batchFirst));
    let output = src;
    for (const layer of this.layers) output = layer(output, { srcMask, srcKeyPaddingMask, isCausal: causal });
    return this.norm === null ? output : (this.norm(output) as Tensor);
  }
}

type Decoding = (tgt: Tensor, memory: Tensor, options: Required<DecoderLayerCallOptions>) => Tensor;

/** A layer of a decoder: {@link TransformerDecoderLayer}, or a module that is called like one. */
export type DecoderLayer = Module & { forward: Decoding };

/** The options of a call of {@link TransformerDecoder}. */
export interface DecoderCallOptions extends Omit<DecoderLayerCallOptions, 'tgtIsCausal'> {
  /** Whether `tgtMask` is causal; by default the values of the mask decide. */
  tgtIsCausal?: boolean | null;
}

/**
 * A stack of decoder layers, and a norm after the last; `torch.nn.TransformerDecoder`. The layers are copies of the given
 * one, which is a {@link TransformerDecoderLayer}, a module with a method `clone`, or a function that makes a layer.
 *
 * @throws TypeError for a layer that cannot be copied.
 * @example
 * ```ts
 * const { nn } = torch;
 * const decoder = new nn.TransformerDecoder(new nn.TransformerDecoderLayer(8, 2), 2);
 * decoder(torch.randn(4, 3, 8), torch.randn(5, 3, 8)).shape; // [4, 3, 8]
 * ```
 */
export class TransformerDecoder extends Module {
  readonly layers: ModuleList<TransformerDecoderLayer>;
  readonly numLayers: number;
  norm: Module | null;

  constructor(
    decoderLayer: DecoderLayer | (() => DecoderLayer),
    numLayers: number,
    ...optional: Optional<
      [norm: Module | null],
      { /** The norm after the last layer; none by default. */ norm?: Module | null }
    >
  ) {
    super();
    const name = 'TransformerDecoder';
    const { norm = null } = readOptions<{ norm: Module | null }>(name, optional, ['norm'], [], 2);
    checkNumbers(name, { numLayers });
    const make = cloneLayer<Module>(name, decoderLayer);
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => make() as TransformerDecoderLayer));
    this.numLayers = numLayers;
    this.norm = norm;
  }

  override forward(
    tgt: Tensor,
    memory: Tensor,
    ...optional: Optional<DecoderCallPositions, DecoderCallOptions>
  ): Tensor {
    const name = 'TransformerDecoder';
    const options = readOptions<DecoderCallOptions>(name, optional, DECODER_CALL_OPTIONS, [], 2);
    checkTensors(name, { tgt, memory });
    const { tgtMask = null, tgtIsCausal = null } = options;
    const batchFirst = (this.layers[0] as Partial<TransformerDecoderLayer> | undefined)?.selfAttn?.batchFirst ?? false;
    const causal = detectCausal(tgtMask, tgtIsCausal, lengthOf(tgt, batchFirst));
    let output = tgt;
    for (const layer of this.layers) output = layer(output, memory, { ...options, tgtIsCausal: causal });
    return this.norm === null ? output : (this.norm(output) as Tensor);
  }
}

/** The options of {@link Transformer}. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** The number of features; 512 by default. */
  dModel?: number;
  /** The number of heads of attention; 8 by default. */
  nhead?: number;
  /** The number of layers of the encoder; 6 by default. */
  numEncoderLayers?: number;
  /** The number of layers of the decoder; 6 by default. */
  numDecoderLayers?: number;
  /** An encoder that replaces the usual one. */
  customEncoder?: Module | null;
  /** A decoder that replaces the usual one. */
  customDecoder?: Module | null;
}

const OPTIONS = [
  ...(['dModel', 'nhead', 'numEncoderLayers', 'numDecoderLayers', 'dimFeedforward', 'dropout', 'activation'] as const),
  ...(['customEncoder', 'customDecoder', 'layerNormEps', 'batchFirst', 'normFirst', 'bias'] as const),
  ...(['device', 'dtype'] as const),
] as const;

/** The options of a call of {@link Transformer}. */
export interface TransformerCallOptions extends DecoderCallOptions {
  /** Pairs of the source to ignore, `(S, S)` or `(N * heads, S, S)`. */
  srcMask?: Tensor | null;
  /** Positions of the source to ignore, `(N, S)`. */
  srcKeyPaddingMask?: Tensor | null;
  /** Whether `srcMask` is causal; by default the values of the mask decide. */
  srcIsCausal?: boolean | null;
}

const CALL_OPTIONS = [
  ...(['srcMask', 'tgtMask', 'memoryMask', 'srcKeyPaddingMask', 'tgtKeyPaddingMask'] as const),
  ...(['memoryKeyPaddingMask', 'srcIsCausal', 'tgtIsCausal', 'memoryIsCausal'] as const),
] as const;

/**
 * An encoder and a decoder; `torch.nn.Transformer`. Source `(S, N, E)`, target and output `(T, N, E)`; with `batchFirst` the
 * batch comes first; without a batch `(S, E)` and `(T, E)`.
 *
 * All transforms map and differentiate it in every mode. For a given seed, the initial weights equal those of Python's
 * PyTorch.
 *
 * @throws ValueError or AssertionError for sizes that do not match; in a call, RuntimeError for shapes that do not match.
 * @example
 * ```ts
 * const { nn } = torch;
 * const sizes = { dModel: 8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 2, dimFeedforward: 16 };
 * const model = new nn.Transformer(sizes);
 * const tgtMask = nn.Transformer.generateSquareSubsequentMask(4);
 * model(torch.randn(5, 3, 8), torch.randn(4, 3, 8), { tgtMask }).shape; // [4, 3, 8]
 * ```
 */
export class Transformer extends Module {
  encoder: Module;
  decoder: Module;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(
    ...optional: Optional<
      [
        ...[dModel: number, nhead: number, numEncoderLayers: number, numDecoderLayers: number, dimFeedforward: number],
        ...[dropout: number, activation: TransformerActivation, customEncoder: Module | null],
        ...[customDecoder: Module | null, layerNormEps: number, batchFirst: boolean, normFirst: boolean, bias: boolean],
        ...[device: DeviceLike | null, dtype: Dtype | null],
      ],
      TransformerOptions
    >
  ) {
    super();
    const read = readOptions<TransformerOptions>('Transformer', optional, OPTIONS, [], 0);
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6, ...others } = read;
    const { customEncoder = null, customDecoder = null, ...options } = others;
    const { layerNormEps: eps, bias, device, dtype } = options;
    const norm = () => new LayerNorm(dModel, { eps, bias, device, dtype });
    const encoder = () => {
      const layer = new TransformerEncoderLayer(dModel, nhead, options);
      return new TransformerEncoder(layer, numEncoderLayers, norm());
    };
    const decoder = () => {
      const layer = new TransformerDecoderLayer(dModel, nhead, options);
      return new TransformerDecoder(layer, numDecoderLayers, norm());
    };
    this.encoder = customEncoder ?? encoder();
    this.decoder = customDecoder ?? decoder();
    this.dModel = dModel;
    this.nhead = nhead;
    this.batchFirst = options.batchFirst ?? false;
    this.resetParameters();
  }

  /** Reinitialises the matrices. */
  resetParameters(): void {
    for (const parameter of this.parameters()) if (parameter.dim() > 1) xavierUniform_(parameter);
  }

  /**
   * A mask that hides later positions: minus infinity above the diagonal, else 0, `(size, size)`;
   * `Transformer.generate_square_subsequent_mask`.
   *
   * @example
   * ```ts
   * torch.nn.Transformer.generateSquareSubsequentMask(2); // [[0, -inf], [0, 0]]
   * ```
   */
  static generateSquareSubsequentMask(size: number, options: FactoryOptions = {}): Tensor {
    const name = 'generateSquareSubsequentMask';
    checkNumbers(name, { size });
    return causalMask(size, checkOptions(name, options, ['device', 'dtype']));
  }

  override forward(
    src: Tensor,
    tgt: Tensor,
    ...optional: Optional<
      [
        ...[srcMask: Tensor | null, tgtMask: Tensor | null, memoryMask: Tensor | null],
        ...[srcKeyPaddingMask: Tensor | null, tgtKeyPaddingMask: Tensor | null, memoryKeyPaddingMask: Tensor | null],
        ...[srcIsCausal: boolean | null, tgtIsCausal: boolean | null, memoryIsCausal: boolean],
      ],
      TransformerCallOptions
    >
  ): Tensor {
    const options = readOptions<TransformerCallOptions>('Transformer', optional, CALL_OPTIONS, [], 2);
    checkTensors('Transformer', { src, tgt });
    const batchDim = this.batchFirst ? 0 : 1;
    if (src.dim() === 3 && src.size(batchDim) !== tgt.size(batchDim)) {
      throw new RuntimeError('the batch number of src and tgt must be equal');
    }
    if (src.size(-1) !== this.dModel || tgt.size(-1) !== this.dModel) {
      throw new RuntimeError('the feature number of src and tgt must be equal to d_model');
    }
    const { srcMask: mask, srcKeyPaddingMask, srcIsCausal: isCausal, ...ofDecoder } = options;
    const memory = this.encoder(src, { mask, srcKeyPaddingMask, isCausal } satisfies EncoderCallOptions) as Tensor;
    return this.decoder(tgt, memory, ofDecoder) as Tensor;
  }
}
