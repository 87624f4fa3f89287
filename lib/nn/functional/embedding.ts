/** Embedding lookups: rows of a table by index. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { AssertionError, NotImplementedError, ValueError } from '../../errors';
import { torchFunctions } from '../../operators';
import { sameShape, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkOptionalTensors, checkTensors } from '../../tensor-arguments';
import { emitLibtorchWarning } from '../../warnings';

/** The options of {@link embedding}. */
export interface EmbeddingOptions {
  /** The row that receives no gradient; a negative index counts from the end. */
  paddingIdx?: number | null;
  /** Selected rows with a larger norm are scaled down to this norm, in place. */
  maxNorm?: number | null;
  /** The order p of the norm for `maxNorm`; 2 by default. */
  normType?: number;
  /** Whether gradients are divided by the number of uses of a row; false by default. */
  scaleGradByFreq?: boolean;
  /** Whether the gradient of the table is sparse; false by default. */
  sparse?: boolean;
}

// Changes the table outside of autograd, as PyTorch does.
function renormalize(weight: Tensor, indices: Tensor, maxNorm: number, normType: number): void {
  torchFunctions.embeddingRenorm_(weight.detach(), indices, maxNorm, normType);
}

/**
 * The rows of `weight` at the indices `input`; `torch.nn.functional.embedding`. Input int64 or int32 of any
 * shape, weight `(V, D)`; the result has the input's shape followed by D.
 *
 * @throws AssertionError for a paddingIdx outside the table; IndexError for an index outside it.
 * @example
 * ```ts
 * const table = torch.randn(10, 3);
 * torch.nn.functional.embedding(torch.tensor([[1n, 2n]]), table).shape; // [1, 2, 3]
 * ```
 */
export function embedding(
  input: Tensor,
  weight: Tensor,
  ...optional: Optional<
    [paddingIdx: number | null, maxNorm: number | null, normType: number, scaleGradByFreq: boolean, sparse: boolean],
    EmbeddingOptions
  >
): Tensor {
  const {
    paddingIdx = null,
    maxNorm = null,
    normType = 2,
    scaleGradByFreq = false,
    sparse = false,
  } = readOptions<EmbeddingOptions>(
    'embedding',
    optional,
    ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse'],
    [],
    2,
  );
  checkTensors('embedding', { input, weight });
  let padding = -1;
  if (paddingIdx !== null) {
    checkNumbers('embedding', { paddingIdx });
    const count = weight.size(0);
    if (paddingIdx >= count || paddingIdx < -count) {
      throw new AssertionError('Padding_idx must be within num_embeddings');
    }
    padding = paddingIdx < 0 ? count + paddingIdx : paddingIdx;
  }
  let indices = input;
  if (maxNorm !== null) {
    indices = input.contiguous();
    renormalize(weight, indices, maxNorm, normType);
  }
  return torchFunctions.embedding(weight, indices, padding, scaleGradByFreq, sparse);
}

/** How {@link embeddingBag} reduces a bag. */
export type EmbeddingBagMode = 'sum' | 'mean' | 'max';

const BAG_MODES: Readonly<Record<EmbeddingBagMode, number>> = { sum: 0, mean: 1, max: 2 };

/** The options of {@link embeddingBag}. */
export interface EmbeddingBagOptions {
  /** The start of each bag in a one-dimensional input. */
  offsets?: Tensor | null;
  /** Selected rows with a larger norm are scaled down to this norm, in place. */
  maxNorm?: number | null;
  /** The order p of the norm for `maxNorm`; 2 by default. */
  normType?: number;
  /** Whether gradients are divided by the number of uses of a row; false by default. */
  scaleGradByFreq?: boolean;
  /** How a bag is reduced; `'mean'` by default. */
  mode?: EmbeddingBagMode;
  /** Whether the gradient of the table is sparse; false by default. */
  sparse?: boolean;
  /** One weight per index, of the input's shape; only for mode `'sum'`. */
  perSampleWeights?: Tensor | null;
  /** Whether the offsets end with the size of the input; false by default. */
  includeLastOffset?: boolean;
  /** A row that bags ignore. */
  paddingIdx?: number | null;
}

interface Bags {
  input: Tensor;
  offsets: Tensor;
  perSampleWeights: Tensor | null;
  includeLastOffset: boolean;
}

// Each row of a two-dimensional input is one bag.
function readBags(
  input: Tensor,
  offsets: Tensor | null,
  perSampleWeights: Tensor | null,
  includeLastOffset: boolean,
): Bags {
  const rank = input.dim();
  if (rank === 2) {
    if (offsets !== null) {
      throw new ValueError(
        "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. However, found offsets of type <class 'torch.Tensor'>",
      );
    }
    const starts = torchFunctions.arange(0, input.numel(), input.size(1), {
      dtype: input.dtype,
      device: input.device,
    });
    return {
      input: input.reshape([-1]),
      offsets: starts,
      perSampleWeights: perSampleWeights?.reshape([-1]) ?? null,
      includeLastOffset: false,
    };
  }
  if (rank !== 1) throw new ValueError(`input has to be 1D or 2D Tensor, but got Tensor of dimension ${rank}`);
  if (offsets === null) throw new ValueError('offsets has to be a 1D Tensor but got None');
  if (offsets.dim() !== 1) throw new ValueError('offsets has to be a 1D Tensor');
  return { input, offsets, perSampleWeights, includeLastOffset };
}

/**
 * Sums, means or maxima of bags of rows, without materialising the rows;
 * `torch.nn.functional.embedding_bag`. Input int64 or int32: `(B, N)` for B bags of N, or one dimension
 * with `offsets`; weight `(V, D)`; the result is `(B, D)`.
 *
 * @throws ValueError for shapes or options that do not match, NotImplementedError for `perSampleWeights` with
 * a mode other than `'sum'`.
 * @example
 * ```ts
 * const table = torch.randn(10, 3);
 * const bags = torch.tensor([[1n, 2n, 2n], [4n, 0n, 9n]]);
 * torch.nn.functional.embeddingBag(bags, table, { mode: 'sum' }).shape; // [2, 3]
 * ```
 */
export function embeddingBag(
  input: Tensor,
  weight: Tensor,
  ...optional: Optional<
    [
      offsets: Tensor | null,
      maxNorm: number | null,
      normType: number,
      scaleGradByFreq: boolean,
      mode: EmbeddingBagMode,
      sparse: boolean,
      perSampleWeights: Tensor | null,
      includeLastOffset: boolean,
      paddingIdx: number | null,
    ],
    EmbeddingBagOptions
  >
): Tensor {
  const options = readOptions<EmbeddingBagOptions>(
    'embeddingBag',
    optional,
    [
      ...(['offsets', 'maxNorm', 'normType', 'scaleGradByFreq', 'mode'] as const),
      ...(['sparse', 'perSampleWeights', 'includeLastOffset', 'paddingIdx'] as const),
    ],
    [],
    2,
  );
  const { offsets = null, maxNorm = null, normType = 2, scaleGradByFreq = false, mode = 'mean' } = options;
  const { sparse = false, perSampleWeights = null, includeLastOffset = false, paddingIdx = null } = options;
  checkTensors('embeddingBag', { input, weight });
  checkOptionalTensors('embeddingBag', { offsets, perSampleWeights });
  if (weight.dtype === 'int64' && input.isFloatingPoint()) {
    emitLibtorchWarning(
      'UserWarning',
      'Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is deprecated, and should now be `embedding_bag(input, weight, ...)`.',
    );
    [weight, input] = [input, weight];
  }
  if (perSampleWeights !== null && !sameShape(input.shape, perSampleWeights.shape)) {
    throw new ValueError(
      `embedding_bag: If per_sample_weights (${sizeText(perSampleWeights.shape)}) is not None, then it must have the same shape as the input (${sizeText(input.shape)})`,
    );
  }
  if (weight.dim() !== 2) {
    throw new ValueError(`weight has to be a 2D Tensor, but got Tensor of dimension ${weight.dim()}`);
  }
  const bags = readBags(input, offsets, perSampleWeights, includeLastOffset);
  if (!Object.hasOwn(BAG_MODES, mode)) throw new ValueError('mode has to be one of sum, mean or max');
  if (mode === 'max') {
    if (scaleGradByFreq) throw new ValueError('max mode does not support scaling the gradient by the frequency');
    if (sparse) throw new ValueError('max mode does not support sparse weights');
  }
  if (maxNorm !== null) renormalize(weight, bags.input, maxNorm, normType);
  if (perSampleWeights !== null && mode !== 'sum') {
    throw new NotImplementedError(
      `embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got mode='${mode}'). Please open a feature request on GitHub.`,
    );
  }
  const [result] = torchFunctions.embeddingBag(
    weight,
    bags.input,
    bags.offsets,
    scaleGradByFreq,
    BAG_MODES[mode],
    sparse,
    bags.perSampleWeights,
    bags.includeLastOffset,
    paddingIdx,
  );
  return result;
}
