/** Recurrent networks over whole sequences. */

import { checkList, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import type { PackedSequence } from '../utils/rnn';
import { RNNBase } from './rnn-base';
import type { RecurrentOptions, RNNBaseOptions } from './rnn-base';

const REST = ['bias', 'batchFirst', 'dropout', 'bidirectional'] as const;

type Rest = [bias: boolean, batchFirst: boolean, dropout: number, bidirectional: boolean];
type Factory = [device: DeviceLike | null, dtype: Dtype | null];

/** The options of {@link RNN}. */
export interface RNNOptions extends RecurrentOptions {
  /** The function of each step; `'tanh'` by default. */
  nonlinearity?: 'tanh' | 'relu';
}

/** What a call of an {@link RNN} takes and returns. */
export interface RNN {
  (input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, hidden: Tensor];
  (input: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor];
}

/**
 * A recurrent network, `h' = tanh(W x + b + U h + c)`; `torch.nn.RNN`. Input `(T, N, inputSize)`, with `batchFirst`
 * `(N, T, inputSize)`, without a batch `(T, inputSize)`, or a {@link PackedSequence}; the first hidden states
 * `(numLayers * directions, N, hiddenSize)` are zeros by default. Returns the hidden states of the last layer,
 * `(T, N, directions * hiddenSize)`, and the last ones of all layers.
 *
 * All transforms map and differentiate it in every mode. For a given seed, the initial weights equal those of Python's
 * PyTorch.
 *
 * @throws ValueError for sizes or a dropout out of range; in a call, ValueError or RuntimeError for shapes or dtypes that
 * do not match.
 * @example
 * ```ts
 * const rnn = new torch.nn.RNN(4, 3, { numLayers: 2, bidirectional: true });
 * const [output, hidden] = rnn(torch.randn(5, 2, 4));
 * [output.shape, hidden.shape]; // [[5, 2, 6], [4, 2, 3]]
 * ```
 */
export class RNN extends RNNBase {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(
    inputSize: number,
    hiddenSize: number,
    ...optional: Optional<[numLayers: number, nonlinearity: 'tanh' | 'relu', ...Rest, ...Factory], RNNOptions>
  ) {
    const names = ['numLayers', 'nonlinearity', ...REST, 'device', 'dtype'] as const;
    const { nonlinearity = 'tanh', ...options } = readOptions<RNNOptions>('RNN', optional, names, [], 2);
    if (nonlinearity !== 'tanh' && nonlinearity !== 'relu') {
      throw new ValueError(`Unknown nonlinearity '${String(nonlinearity)}'. Select from 'tanh' or 'relu'.`);
    }
    super(nonlinearity === 'tanh' ? 'RNN_TANH' : 'RNN_RELU', inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  override forward(input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, hidden: Tensor];
  override forward(input: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor];
  override forward(input: Tensor | PackedSequence, hx: Tensor | null = null): unknown {
    const { output, states } = this.run(input, hx && [hx]);
    return [output, states[0]];
  }
}

/** The options of {@link LSTM}. */
export type LSTMOptions = RNNBaseOptions;

/** The hidden and the cell states of an {@link LSTM}. */
export type LSTMState = readonly [hidden: Tensor, cell: Tensor];

/** What a call of an {@link LSTM} takes and returns. */
export interface LSTM {
  (input: PackedSequence, hx?: LSTMState | null): [output: PackedSequence, state: [hidden: Tensor, cell: Tensor]];
  (input: Tensor, hx?: LSTMState | null): [output: Tensor, state: [hidden: Tensor, cell: Tensor]];
}

/**
 * A network of long short-term memory cells; `torch.nn.LSTM`. Input `(T, N, inputSize)`, with `batchFirst`
 * `(N, T, inputSize)`, without a batch `(T, inputSize)`, or a {@link PackedSequence}; the first states are a pair of
 * `(numLayers * directions, N, hiddenSize)`, zeros by default. Returns the hidden states of the last layer,
 * `(T, N, directions * hiddenSize)`, and the pair of the last states of all layers. With `projSize`, hidden states have
 * this size.
 *
 * All transforms map and differentiate it in every mode. For a given seed, the initial weights equal those of Python's
 * PyTorch.
 *
 * @throws ValueError for sizes or a dropout out of range; in a call, ValueError or RuntimeError for shapes or dtypes that
 * do not match.
 * @example
 * ```ts
 * const { nn } = torch;
 * const lstm = new nn.LSTM(4, 3, { batchFirst: true });
 * const [output, [hidden, cell]] = lstm(torch.randn(2, 5, 4));
 * [output.shape, hidden.shape, cell.shape]; // [[2, 5, 3], [1, 2, 3], [1, 2, 3]]
 * const packed = nn.utils.rnn.packSequence([torch.randn(5, 4), torch.randn(3, 4)]);
 * lstm(packed)[0].data.shape; // [8, 3]
 * ```
 */
export class LSTM extends RNNBase {
  constructor(
    inputSize: number,
    hiddenSize: number,
    ...optional: Optional<[numLayers: number, ...Rest, projSize: number, ...Factory], LSTMOptions>
  ) {
    const names = ['numLayers', ...REST, 'projSize', 'device', 'dtype'] as const;
    super('LSTM', inputSize, hiddenSize, readOptions<LSTMOptions>('LSTM', optional, names, [], 2));
  }

  override forward(
    input: PackedSequence,
    hx?: LSTMState | null,
  ): [output: PackedSequence, state: [hidden: Tensor, cell: Tensor]];
  override forward(input: Tensor, hx?: LSTMState | null): [output: Tensor, state: [hidden: Tensor, cell: Tensor]];
  override forward(input: Tensor | PackedSequence, hx: LSTMState | null = null): unknown {
    if (hx !== null) checkList('LSTM', 'hx', hx);
    const { output, states } = this.run(input, hx);
    return [output, states];
  }
}

/** The options of {@link GRU}. */
export type GRUOptions = RecurrentOptions;

/** What a call of a {@link GRU} takes and returns. */
export interface GRU {
  (input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, hidden: Tensor];
  (input: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor];
}

/**
 * A network of gated recurrent units; `torch.nn.GRU`. Input `(T, N, inputSize)`, with `batchFirst` `(N, T, inputSize)`,
 * without a batch `(T, inputSize)`, or a {@link PackedSequence}; the first hidden states
 * `(numLayers * directions, N, hiddenSize)` are zeros by default. Returns the hidden states of the last layer,
 * `(T, N, directions * hiddenSize)`, and the last ones of all layers.
 *
 * All transforms map and differentiate it in every mode. For a given seed, the initial weights equal those of Python's
 * PyTorch.
 *
 * @throws ValueError for sizes or a dropout out of range; in a call, ValueError or RuntimeError for shapes or dtypes that
 * do not match.
 * @example
 * ```ts
 * const gru = new torch.nn.GRU(4, 3);
 * const last = (x: torch.Tensor) => gru(x)[1].flatten();
 * torch.vmap(torch.func.jacrev(last))(torch.randn(7, 5, 4)).shape; // [7, 3, 5, 4]
 * ```
 */
export class GRU extends RNNBase {
  constructor(
    inputSize: number,
    hiddenSize: number,
    ...optional: Optional<[numLayers: number, ...Rest, ...Factory], GRUOptions>
  ) {
    const names = ['numLayers', ...REST, 'device', 'dtype'] as const;
    super('GRU', inputSize, hiddenSize, readOptions<GRUOptions>('GRU', optional, names, [], 2));
  }

  override forward(input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, hidden: Tensor];
  override forward(input: Tensor, hx?: Tensor | null): [output: Tensor, hidden: Tensor];
  override forward(input: Tensor | PackedSequence, hx: Tensor | null = null): unknown {
    const { output, states } = this.run(input, hx && [hx]);
    return [output, states[0]];
  }
}
