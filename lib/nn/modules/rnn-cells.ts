/** One step of a recurrent network. */

import { checkBooleans, checkList, checkNumbers, checkOptions, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { RuntimeError, ValueError } from '../../errors';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { uniform_ } from '../init';
import { Module } from '../module';
import type { Parameter } from '../parameter';
import { emptyParameter } from './factory';
import type { FactoryOptions } from './factory';

/** The options of {@link LSTMCell} and {@link GRUCell}. */
export interface RNNCellBaseOptions extends FactoryOptions {
  /** Whether the cell has biases; true by default. */
  bias?: boolean;
}

/** The options of {@link RNNCell}. */
export interface RNNCellOptions extends RNNCellBaseOptions {
  /** The function of each step; `'tanh'` by default. */
  nonlinearity?: 'tanh' | 'relu';
}

/**
 * The common base of {@link RNNCell}, {@link LSTMCell} and {@link GRUCell}: the weights of one step, `numChunks` times
 * `hiddenSize` rows; `torch.nn.RNNCellBase`.
 *
 * @example
 * ```ts
 * new torch.nn.RNNCellBase(2, 3, true, 4).weightHh.shape; // [12, 3]
 * ```
 */
export class RNNCellBase extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  /** Shape `(numChunks * hiddenSize, inputSize)`. */
  weightIh: Parameter;
  /** Shape `(numChunks * hiddenSize, hiddenSize)`. */
  weightHh: Parameter;
  /** Shape `(numChunks * hiddenSize)`; null without biases. */
  biasIh: Parameter | null;
  /** Shape `(numChunks * hiddenSize)`; null without biases. */
  biasHh: Parameter | null;

  constructor(inputSize: number, hiddenSize: number, bias: boolean, numChunks: number, options: FactoryOptions = {}) {
    super();
    const { device, dtype } = checkOptions(new.target.name, options, ['device', 'dtype']);
    checkNumbers(new.target.name, { inputSize, hiddenSize, numChunks });
    checkBooleans(new.target.name, { bias });
    const parameter = (...more: number[]) => emptyParameter([numChunks * hiddenSize, ...more], { device, dtype });
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.bias = bias;
    this.weightIh = parameter(inputSize);
    this.weightHh = parameter(hiddenSize);
    this.biasIh = this.registerParameter('biasIh', bias ? parameter() : null);
    this.biasHh = this.registerParameter('biasHh', bias ? parameter() : null);
    this.resetParameters();
  }

  /** Reinitialises the parameters. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }

  /** The weights in the order of the operators. */
  protected get weights(): [Parameter, Parameter, Parameter | null, Parameter | null] {
    return [this.weightIh, this.weightHh, this.biasIh, this.biasHh];
  }

  /** Calls `step` with a batch of inputs and states, which are zeros by default, and removes the batch of one input. */
  protected step(input: Tensor, given: readonly Tensor[] | null, step: (x: Tensor, states: Tensor[]) => Tensor[]) {
    const name = this.constructor.name;
    const isPair = given?.length === 2;
    const check = (what: string, tensor: Tensor): void => {
      checkTensors(name, { [what]: tensor });
      if (tensor.dim() === 1 || tensor.dim() === 2) return;
      const label = what === 'hx' ? 'hidden' : what;
      throw new ValueError(`${name}: Expected ${label} to be 1D or 2D, got ${tensor.dim()}D instead`);
    };
    check('input', input);
    given?.forEach((state, i) => check(isPair ? `hx[${i}]` : 'hx', state));
    const isBatched = input.dim() === 2;
    const batch = (tensor: Tensor): Tensor => (isBatched ? tensor : tensor.unsqueeze(0));
    const [rows, { dtype, device }] = [batch(input), input];
    const zeros = () => torchFunctions.zeros([rows.size(0), this.hiddenSize], { dtype, device });
    const states = given === null ? [zeros(), zeros()] : given.map(batch);
    return step(rows, states).map((tensor) => (isBatched ? tensor : tensor.squeeze(0)));
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? '' : ', bias=False'}`;
  }
}

/**
 * One step of a recurrent network, `tanh(W x + b + U h + c)`; `torch.nn.RNNCell`. Input `(N, inputSize)` or
 * `(inputSize)`, hidden state `(N, hiddenSize)` or `(hiddenSize)`, zeros by default; returns the next hidden state.
 *
 * @throws ValueError in a call for another number of dimensions; RuntimeError for an unknown nonlinearity.
 * @example
 * ```ts
 * const cell = new torch.nn.RNNCell(4, 3);
 * let h = torch.zeros(2, 3);
 * for (const x of torch.randn(5, 2, 4)) h = cell(x, h);
 * h.shape; // [2, 3]
 * ```
 */
export class RNNCell extends RNNCellBase {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(
    inputSize: number,
    hiddenSize: number,
    ...optional: Optional<
      [bias: boolean, nonlinearity: 'tanh' | 'relu', device: DeviceLike | null, dtype: Dtype | null],
      RNNCellOptions
    >
  ) {
    const names = ['bias', 'nonlinearity', 'device', 'dtype'] as const;
    const options = readOptions<RNNCellOptions>('RNNCell', optional, names, [], 2);
    const { bias = true, nonlinearity = 'tanh', ...factory } = options;
    super(inputSize, hiddenSize, bias, 1, factory);
    this.nonlinearity = nonlinearity;
  }

  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    const { nonlinearity } = this;
    if (nonlinearity !== 'tanh' && nonlinearity !== 'relu') {
      throw new RuntimeError(`Unknown nonlinearity: ${String(nonlinearity)}`);
    }
    const operator = nonlinearity === 'tanh' ? torchFunctions.rnnTanhCell : torchFunctions.rnnReluCell;
    return this.step(input, hx && [hx], (x, [h]) => [operator(x, h, ...this.weights)])[0];
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`);
  }
}

type CellArguments = Optional<[bias: boolean, device: DeviceLike | null, dtype: Dtype | null], RNNCellBaseOptions>;

const CELL_OPTIONS = ['bias', 'device', 'dtype'] as const;

/**
 * One step of an {@link LSTM}; `torch.nn.LSTMCell`. Input `(N, inputSize)` or `(inputSize)`, a pair of hidden and cell
 * state, `(N, hiddenSize)` or `(hiddenSize)`, zeros by default; returns the next pair.
 *
 * @throws ValueError in a call for another number of dimensions.
 * @example
 * ```ts
 * const [hidden, cell] = new torch.nn.LSTMCell(4, 3)(torch.randn(2, 4));
 * [hidden.shape, cell.shape]; // [[2, 3], [2, 3]]
 * ```
 */
export class LSTMCell extends RNNCellBase {
  constructor(inputSize: number, hiddenSize: number, ...optional: CellArguments) {
    const options = readOptions<RNNCellBaseOptions>('LSTMCell', optional, CELL_OPTIONS, [], 2);
    const { bias = true, ...factory } = options;
    super(inputSize, hiddenSize, bias, 4, factory);
  }

  override forward(
    input: Tensor,
    hx: readonly [hidden: Tensor, cell: Tensor] | null = null,
  ): [hidden: Tensor, cell: Tensor] {
    if (hx !== null) checkList('LSTMCell', 'hx', hx);
    const next = this.step(input, hx, (x, states) => torchFunctions.lstmCell(x, states, ...this.weights));
    return next as [Tensor, Tensor];
  }
}

/**
 * One step of a {@link GRU}; `torch.nn.GRUCell`. Input `(N, inputSize)` or `(inputSize)`, hidden state
 * `(N, hiddenSize)` or `(hiddenSize)`, zeros by default; returns the next hidden state.
 *
 * @throws ValueError in a call for another number of dimensions.
 * @example
 * ```ts
 * new torch.nn.GRUCell(4, 3)(torch.randn(2, 4)).shape; // [2, 3]
 * ```
 */
export class GRUCell extends RNNCellBase {
  constructor(inputSize: number, hiddenSize: number, ...optional: CellArguments) {
    const options = readOptions<RNNCellBaseOptions>('GRUCell', optional, CELL_OPTIONS, [], 2);
    const { bias = true, ...factory } = options;
    super(inputSize, hiddenSize, bias, 3, factory);
  }

  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    return this.step(input, hx && [hx], (x, [h]) => [torchFunctions.gruCell(x, h, ...this.weights)])[0];
  }
}
