/** The common base of recurrent networks: their weights, and the checks of their arguments. */

import { checkBooleans, checkNumbers, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { noGrad } from '../../autograd/modes';
import { listText, textOf, tupleText } from '../../describe';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { RuntimeError, ValueError } from '../../errors';
import { torchFunctions } from '../../operators';
import { sameShape } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { emitLibtorchWarning } from '../../warnings';
import { uniform_ } from '../init';
import { Module } from '../module';
import { pythonFloat } from '../module-text';
import type { Parameter } from '../parameter';
import { PackedSequence } from '../utils/rnn';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';

/** The kind of a recurrent network. */
export type RNNMode = 'RNN_TANH' | 'RNN_RELU' | 'LSTM' | 'GRU';

/** The options of {@link GRU}, and of {@link RNN} and {@link LSTM} among others. */
export interface RecurrentOptions extends FactoryOptions {
  /** The number of layers; each has the outputs of the one before as inputs; 1 by default. */
  numLayers?: number;
  /** Whether the layers have biases; true by default. */
  bias?: boolean;
  /** Whether inputs and outputs are `(N, T, features)` instead of `(T, N, features)`; false by default. */
  batchFirst?: boolean;
  /** The probability of zeroing an output of a layer other than the last, in training; 0 by default. */
  dropout?: number;
  /** Whether each layer has a second direction, from the end; false by default. */
  bidirectional?: boolean;
}

/** The options of {@link RNNBase}. */
export interface RNNBaseOptions extends RecurrentOptions {
  /** The size to which a layer of weights reduces each hidden state of an LSTM; 0, the default, for none. */
  projSize?: number;
}

/** The number of gates, and the number that cuDNN gives the mode. */
const MODES: Readonly<Record<RNNMode, { gates: number; cudnn: number }>> = {
  RNN_RELU: { gates: 1, cudnn: 0 },
  RNN_TANH: { gates: 1, cudnn: 1 },
  LSTM: { gates: 4, cudnn: 2 },
  GRU: { gates: 3, cudnn: 3 },
};

/** The names of the common options in Python's order. @internal */
export const RNN_OPTIONS = ['numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional'] as const;

function checkInteger(layer: string, name: string, value: number): void {
  checkNumbers(layer, { [name]: value });
  if (Number.isInteger(value)) return;
  throw new TypeError(`${layer}(): argument '${name}' must be an integer, not ${value}`);
}

/** What a recurrent network returns before its subclass gives it its form. */
interface Run<I> {
  output: I;
  /** The last hidden states; of an LSTM also the last cell states. */
  states: Tensor[];
}

/**
 * The common base of {@link RNN}, {@link LSTM} and {@link GRU}; `torch.nn.RNNBase`. The weights of layer `k` are the
 * properties `weightIhL<k>`, `weightHhL<k>`, `biasIhL<k>` and `biasHhL<k>`, `weightHrL<k>` with projections, and those
 * with the suffix `Reverse` of the second direction: in state dicts of Python `weight_ih_l0`, `weight_ih_l0_reverse`.
 *
 * @throws ValueError for sizes or a dropout out of range.
 * @example
 * ```ts
 * const base = new torch.nn.RNNBase('GRU', 2, 3);
 * base.namedParameters().map(([name]) => name); // ['weightIhL0', 'weightHhL0', 'biasIhL0', 'biasHhL0']
 * ```
 */
export class RNNBase extends Module {
  readonly mode: RNNMode;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
  /** The names of the weights, for each layer and direction. */
  readonly #names: readonly (readonly string[])[];

  constructor(
    mode: RNNMode,
    inputSize: number,
    hiddenSize: number,
    ...optional: Optional<
      [
        ...[numLayers: number, bias: boolean, batchFirst: boolean, dropout: number, bidirectional: boolean],
        ...[projSize: number, device: DeviceLike | null, dtype: Dtype | null],
      ],
      RNNBaseOptions
    >
  ) {
    super();
    const layer = new.target.name;
    const names = [...RNN_OPTIONS, 'projSize', 'device', 'dtype'] as const;
    const options = readOptions<RNNBaseOptions>(layer, optional, names, [], 3);
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false } = options;
    const { projSize = 0, device, dtype } = options;
    if (typeof mode !== 'string' || !Object.hasOwn(MODES, mode))
      throw new ValueError(`Unrecognized RNN mode: ${textOf(mode)}`);
    if (typeof dropout !== 'number' || !(0 <= dropout && dropout <= 1)) {
      throw new ValueError(
        'dropout should be a number in range [0, 1] representing the probability of an element being zeroed',
      );
    }
    if (dropout > 0 && numLayers === 1) {
      emitLibtorchWarning(
        'UserWarning',
        `dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater than 1, but got dropout=${pythonFloat(dropout)} and num_layers=${numLayers}`,
      );
    }
    checkBooleans(layer, { bias, batchFirst, bidirectional });
    checkInteger(layer, 'inputSize', inputSize);
    if (inputSize <= 0) throw new ValueError('input_size must be greater than zero');
    checkInteger(layer, 'hiddenSize', hiddenSize);
    if (hiddenSize <= 0) throw new ValueError('hidden_size must be greater than zero');
    checkInteger(layer, 'numLayers', numLayers);
    if (numLayers <= 0) throw new ValueError('num_layers must be greater than zero');
    checkInteger(layer, 'projSize', projSize);
    if (projSize < 0) throw new ValueError('proj_size should be a positive integer or zero to disable projections');
    if (projSize >= hiddenSize) throw new ValueError('proj_size has to be smaller than hidden_size');
    this.mode = mode;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = dropout;
    this.bidirectional = bidirectional;
    this.projSize = projSize;
    this.#names = this.#createWeights({ device, dtype });
    this.flattenParameters();
    this.resetParameters();
  }

  get #directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** The size of the hidden states. */
  get #outputSize(): number {
    return this.projSize > 0 ? this.projSize : this.hiddenSize;
  }

  /** Registers uninitialised weights in PyTorch's order, and returns their names. */
  #createWeights(factory: FactoryOptions): string[][] {
    const { mode, inputSize, hiddenSize, projSize, bias } = this;
    const gateSize = MODES[mode].gates * hiddenSize;
    const outputSize = this.#outputSize;
    return Array.from({ length: this.numLayers * this.#directions }, (_, i) => {
      const layer = Math.floor(i / this.#directions);
      const suffix = `L${layer}${i % this.#directions === 1 ? 'Reverse' : ''}`;
      const shapes: Record<string, Size> = {
        [`weightIh${suffix}`]: [gateSize, layer === 0 ? inputSize : outputSize * this.#directions],
        [`weightHh${suffix}`]: [gateSize, outputSize],
        ...(bias ? { [`biasIh${suffix}`]: [gateSize], [`biasHh${suffix}`]: [gateSize] } : {}),
        ...(projSize > 0 ? { [`weightHr${suffix}`]: [projSize, hiddenSize] } : {}),
      };
      for (const [name, shape] of Object.entries(shapes)) this.registerParameter(name, emptyParameter(shape, factory));
      return Object.keys(shapes);
    });
  }

  #weight(name: string): Parameter {
    return (this as unknown as Record<string, Parameter>)[name];
  }

  /** The weights of each layer and direction; `all_weights`. */
  get allWeights(): Parameter[][] {
    return this.#names.map((names) => names.map((name) => this.#weight(name)));
  }

  /** Reinitialises the weights. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }

  /**
   * Moves the weights into one block of memory, which cuDNN is faster with; `flatten_parameters`. The constructor and
   * the conversions of modules call it. It does nothing on the CPU.
   */
  flattenParameters(): void {
    const weights = this.allWeights.flat();
    const { dtype } = weights[0];
    const isAcceptable = weights.every((weight) => weight.isCuda && weight.dtype === dtype);
    if (!isAcceptable || new Set(weights).size !== weights.length) return;
    const { inputSize, hiddenSize, projSize, numLayers, batchFirst, bidirectional } = this;
    const mode = MODES[this.mode].cudnn;
    noGrad(() => {
      if (!torchFunctions._useCudnnRnnFlattenWeight()) return;
      torchFunctions._cudnnRnnFlattenWeight(
        ...([weights, this.#names[0].length, inputSize, mode, hiddenSize, projSize] as const),
        ...([numLayers, batchFirst, bidirectional] as const),
      );
    });
  }

  override _apply(fn: (tensor: Tensor) => Tensor): this {
    super._apply(fn);
    this.flattenParameters();
    return this;
  }

  /** The shapes of the states for a number of sequences: hidden states, and cell states of an LSTM. */
  #stateShapes(batch: number): Size[] {
    const rows = this.numLayers * this.#directions;
    const hidden = [rows, batch, this.#outputSize];
    return this.mode === 'LSTM' ? [hidden, [rows, batch, this.hiddenSize]] : [hidden];
  }

  #checkInput(input: Tensor, dim: number): void {
    const { dtype } = this.#weight(this.#names[0][0]);
    if (input.dtype !== dtype) {
      throw new ValueError(
        `RNN input dtype (torch.${input.dtype}) does not match weight dtype (torch.${dtype}). Convert input: input.to('${dtype}'), or convert model: model.to('${input.dtype}')`,
      );
    }
    if (input.dim() !== dim) throw new RuntimeError(`input must have ${dim} dimensions, got ${input.dim()}`);
    if (input.size(-1) !== this.inputSize) {
      throw new RuntimeError(
        `input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${input.size(-1)}`,
      );
    }
  }

  /** The given states, or zeros. */
  #states(input: Tensor, given: readonly Tensor[] | null, batch: number): readonly Tensor[] {
    const shapes = this.#stateShapes(batch);
    const { dtype, device } = input;
    if (given === null) return shapes.map((shape) => torchFunctions.zeros(shape, { dtype, device }));
    given.forEach((state, i) => {
      if (sameShape(state.shape, shapes[i])) return;
      const name = this.mode === 'LSTM' ? `hidden[${i}]` : 'hidden';
      throw new RuntimeError(`Expected ${name} size ${tupleText(shapes[i])}, got ${listText(state.shape)}`);
    });
    return given;
  }

  #call(input: Tensor, batchSizes: Tensor | null, states: readonly Tensor[]): [Tensor, ...Tensor[]] {
    const { mode, bias, numLayers, dropout, training, bidirectional, batchFirst } = this;
    const weights = this.allWeights.flat();
    const options = [weights, bias, numLayers, dropout, training, bidirectional] as const;
    const { lstm, gru, rnnTanh, rnnRelu } = torchFunctions;
    if (mode === 'LSTM') {
      return batchSizes === null
        ? lstm(input, states, ...options, batchFirst)
        : lstm(input, batchSizes, states, ...options);
    }
    const operator = { GRU: gru, RNN_TANH: rnnTanh, RNN_RELU: rnnRelu }[mode];
    return batchSizes === null
      ? operator(input, states[0], ...options, batchFirst)
      : operator(input, batchSizes, states[0], ...options);
  }

  #runPacked(input: PackedSequence, given: readonly Tensor[] | null): Run<PackedSequence> {
    const { data, batchSizes, sortedIndices, unsortedIndices } = input;
    const permute = (states: readonly Tensor[], order: Tensor | null): Tensor[] =>
      states.map((state) => (order === null ? state : state.indexSelect(1, order)));
    const batch = Number(batchSizes.select(0, 0).item());
    this.#checkInput(data, 2);
    const states = this.#states(data, given && permute(given, sortedIndices), batch);
    const [output, ...last] = this.#call(data, batchSizes, states);
    return {
      output: new PackedSequence(output, batchSizes, sortedIndices, unsortedIndices),
      states: permute(last, unsortedIndices),
    };
  }

  #runPadded(given: Tensor, givenStates: readonly Tensor[] | null): Run<Tensor> {
    const dim = given.dim();
    if (dim !== 2 && dim !== 3) {
      const what = this.mode === 'LSTM' || this.mode === 'GRU' ? '' : ' tensor';
      throw new ValueError(`${this.constructor.name}: Expected input to be 2D or 3D, got ${dim}D${what} instead`);
    }
    this.#checkStateDims(dim, givenStates);
    const batchDim = this.batchFirst ? 0 : 1;
    const input = dim === 3 ? given : given.unsqueeze(batchDim);
    this.#checkInput(input, 3);
    const statesOfOne = dim === 3 ? givenStates : givenStates && givenStates.map((state) => state.unsqueeze(1));
    const [output, ...last] = this.#call(input, null, this.#states(input, statesOfOne, input.size(batchDim)));
    return dim === 3
      ? { output, states: last }
      : { output: output.squeeze(batchDim), states: last.map((state) => state.squeeze(1)) };
  }

  #checkStateDims(dim: number, states: readonly Tensor[] | null): void {
    if (states === null || states.every((state) => state.dim() === dim)) return;
    const dims = states.map((state) => `${state.dim()}-D`).join(', ');
    const [what, got] = states.length === 1 ? ['hx', `${dims} tensor`] : ['hx and cx', `(${dims}) tensors`];
    throw new RuntimeError(
      `For ${dim === 3 ? 'batched 3-D' : 'unbatched 2-D'} input, ${what} should also be ${dim}-D but got ${got}`,
    );
  }

  /** Runs all layers over a padded or packed input. @internal */
  protected run(input: Tensor | PackedSequence, states: readonly Tensor[] | null): Run<Tensor | PackedSequence> {
    const name = this.constructor.name;
    states?.forEach((state, i) => checkTensors(name, { [states.length === 1 ? 'hx' : `hx[${i}]`]: state }));
    if (input instanceof PackedSequence) return this.#runPacked(input, states);
    checkTensors(name, { input });
    return this.#runPadded(input, states);
  }

  override extraRepr(): string {
    const { projSize, numLayers, dropout } = this;
    const texts = [`${this.inputSize}, ${this.hiddenSize}`];
    if (projSize !== 0) texts.push(`proj_size=${projSize}`);
    if (numLayers !== 1) texts.push(`num_layers=${numLayers}`);
    if (!this.bias) texts.push('bias=False');
    if (this.batchFirst) texts.push('batch_first=True');
    if (dropout !== 0) texts.push(`dropout=${pythonFloat(dropout)}`);
    if (this.bidirectional) texts.push('bidirectional=True');
    return texts.join(', ');
  }
}
