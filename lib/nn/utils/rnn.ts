/** `torch.nn.utils.rnn`: sequences of different lengths, packed without padding. */

import { checkList, checkNumbers, readOptions, copyDense, valuesOfIterable } from '../../arguments';
import type { Optional } from '../../arguments';
import { tensor } from '../../creation';
import { describeType } from '../../describe';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { RuntimeError, ValueError } from '../../errors';
import { native } from '../../native';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import { registerPytreeNode } from '../../pytree';
import type { Tensor, ToOptions } from '../../tensor';
import { checkOptionalTensors, checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';

/**
 * Sequences of different lengths without padding: first the first elements of all sequences, from the longest to the
 * shortest, then the second elements, and so on; `torch.nn.utils.rnn.PackedSequence`. The recurrent layers take and
 * return it. {@link packSequence} and {@link packPaddedSequence} make it.
 *
 * In pytrees the data is its only child, so the transforms differentiate and map the data.
 *
 * @example
 * ```ts
 * const { packSequence, unpackSequence } = torch.nn.utils.rnn;
 * const packed = packSequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])]);
 * packed.data; // [1, 4, 2, 5, 3]
 * packed.batchSizes; // [2, 2, 1]
 * unpackSequence(packed)[1]; // [4, 5]
 * ```
 */
export class PackedSequence {
  /** The elements, `(sum of lengths, ...)`. */
  readonly data: Tensor;
  /** The number of sequences that have each step, int64 on the CPU. */
  readonly batchSizes: Tensor;
  /** The given position of each packed sequence; null if they were sorted. */
  readonly sortedIndices: Tensor | null;
  /** The packed position of each given sequence; null if they were sorted. */
  readonly unsortedIndices: Tensor | null;

  /** @throws ValueError if `batchSizes` is not on the CPU. */
  constructor(
    data: Tensor,
    batchSizes: Tensor,
    sortedIndices: Tensor | null = null,
    unsortedIndices: Tensor | null = null,
  ) {
    checkTensors('PackedSequence', { data, batchSizes });
    checkOptionalTensors('PackedSequence', { sortedIndices, unsortedIndices });
    if (batchSizes.device.type !== 'cpu') {
      throw new ValueError(
        'batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. They should be instantiated by functions like packSequence and packPaddedSequence in nn.utils.rnn.',
      );
    }
    this.data = data;
    this.batchSizes = batchSizes;
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = unsortedIndices ?? (sortedIndices === null ? null : invertPermutation(sortedIndices));
  }

  /** The four tensors in Python's order, so that a packed sequence can be destructured. */
  *[Symbol.iterator](): Generator<Tensor | null, void> {
    yield this.data;
    yield this.batchSizes;
    yield this.sortedIndices;
    yield this.unsortedIndices;
  }

  /** Converts the data to a device or dtype, and moves the indices to the device; `PackedSequence.to`. */
  to(target: Dtype | DeviceLike | Tensor, options?: ToOptions): PackedSequence {
    const data = this.data.to(target as Dtype, options);
    if (data === this.data) return this;
    const move = (indices: Tensor | null): Tensor | null => indices && indices.to(data.device);
    return new PackedSequence(data, this.batchSizes, move(this.sortedIndices), move(this.unsortedIndices));
  }

  /** Moves the data to a CUDA device; `PackedSequence.cuda`. */
  cuda(device: DeviceLike = 'cuda'): PackedSequence {
    return this.to(device);
  }

  /** Moves the data to CPU memory; `PackedSequence.cpu`. */
  cpu(): PackedSequence {
    return this.to('cpu');
  }

  /** Converts the data to float64; `PackedSequence.double`. */
  double(): PackedSequence {
    return this.to('float64');
  }

  /** Converts the data to float32; `PackedSequence.float`. */
  float(): PackedSequence {
    return this.to('float32');
  }

  /** Converts the data to float16; `PackedSequence.half`. */
  half(): PackedSequence {
    return this.to('float16');
  }

  /** Converts the data to int64; `PackedSequence.long`. */
  long(): PackedSequence {
    return this.to('int64');
  }

  /** Converts the data to int32; `PackedSequence.int`. */
  int(): PackedSequence {
    return this.to('int32');
  }

  /** Whether the data is on a CUDA device; `PackedSequence.is_cuda`. */
  get isCuda(): boolean {
    return this.data.device.type === 'cuda';
  }
}

interface Order {
  batchSizes: Tensor;
  sortedIndices: Tensor | null;
  unsortedIndices: Tensor | null;
}

registerPytreeNode(PackedSequence, {
  flatten: ({ data, batchSizes, sortedIndices, unsortedIndices }) => ({
    children: [data],
    context: { batchSizes, sortedIndices, unsortedIndices } satisfies Order,
  }),
  unflatten: ([data], context) => {
    const { batchSizes, sortedIndices, unsortedIndices } = context as Order;
    // A leaf may be anything, such as an inDim.
    const fields = { data, batchSizes, sortedIndices, unsortedIndices };
    return Object.assign(Object.create(PackedSequence.prototype) as PackedSequence, fields);
  },
});

/**
 * The inverse of a permutation: the position of each number; `torch.nn.utils.rnn.invert_permutation`.
 *
 * @example
 * ```ts
 * torch.nn.utils.rnn.invertPermutation(torch.tensor([2n, 0n, 1n])); // [1, 2, 0]
 * ```
 */
export function invertPermutation(permutation: Tensor): Tensor {
  checkTensors('invertPermutation', { permutation });
  const positions = torchFunctions.arange(permutation.numel(), {
    dtype: permutation.dtype,
    device: permutation.device,
  });
  return torchFunctions.zerosLike(permutation).scatter(0, permutation, positions);
}

/** The options of {@link packPaddedSequence}. */
export interface PackPaddedOptions {
  /** Whether the input is `(B, T, ...)` instead of `(T, B, ...)`; false by default. */
  batchFirst?: boolean;
  /** Whether the sequences must be sorted by length, the longest first; true by default. Otherwise they are sorted. */
  enforceSorted?: boolean;
}

/**
 * Packs padded sequences; `torch.nn.utils.rnn.pack_padded_sequence`. Input `(T, B, ...)`, or `(B, T, ...)` with
 * `batchFirst`; lengths as an array, or as a tensor on the CPU.
 *
 * @throws RuntimeError for lengths that are not sorted (unless `enforceSorted: false`), not positive, or of another
 * number.
 * @example
 * ```ts
 * const { packPaddedSequence } = torch.nn.utils.rnn;
 * const padded = torch.tensor([[4, 5, 0], [1, 2, 3]]);
 * const packed = packPaddedSequence(padded, [2, 3], { batchFirst: true, enforceSorted: false });
 * packed.data; // [1, 4, 2, 5, 3]
 * ```
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: Tensor | Size,
  ...optional: Optional<[batchFirst: boolean, enforceSorted: boolean], PackPaddedOptions>
): PackedSequence {
  const name = 'packPaddedSequence';
  const names = ['batchFirst', 'enforceSorted'] as const;
  const { batchFirst = false, enforceSorted = true } = readOptions<PackPaddedOptions>(name, optional, names, [], 2);
  checkTensors(name, { input });
  if (!native.isTensor(lengths)) checkList(name, 'lengths', lengths);
  const given = native.isTensor(lengths)
    ? lengths.to('int64')
    : tensor(copyDense(lengths) as number[], { dtype: 'int64', device: 'cpu' });
  if (enforceSorted) {
    const [data, batchSizes] = torchFunctions._packPaddedSequence(input, given, batchFirst);
    return new PackedSequence(data, batchSizes);
  }
  const [sorted, order] = given.sort({ descending: true });
  const sortedIndices = order.to(input.device);
  const inOrder = input.indexSelect(batchFirst ? 0 : 1, sortedIndices);
  const [data, batchSizes] = torchFunctions._packPaddedSequence(inOrder, sorted, batchFirst);
  return new PackedSequence(data, batchSizes, sortedIndices);
}

/** The options of {@link padPackedSequence}. */
export interface PadPackedOptions {
  /** Whether the result is `(B, T, ...)` instead of `(T, B, ...)`; false by default. */
  batchFirst?: boolean;
  /** The value of the padding; 0 by default. */
  paddingValue?: number;
  /** The length of the result; by default that of the longest sequence. */
  totalLength?: number | null;
}

/**
 * Pads packed sequences; `torch.nn.utils.rnn.pad_packed_sequence`. Returns the sequences `(T, B, ...)`, or
 * `(B, T, ...)` with `batchFirst`, and their lengths, int64 on the CPU.
 *
 * @throws ValueError for a total length that is smaller than that of the longest sequence.
 * @example
 * ```ts
 * const { packSequence, padPackedSequence } = torch.nn.utils.rnn;
 * const packed = packSequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])]);
 * const [padded, lengths] = padPackedSequence(packed, { batchFirst: true });
 * padded; // [[1, 2, 3], [4, 5, 0]]
 * lengths; // [3, 2]
 * ```
 */
export function padPackedSequence(
  sequence: PackedSequence,
  ...optional: Optional<[batchFirst: boolean, paddingValue: number, totalLength: number | null], PadPackedOptions>
): [sequences: Tensor, lengths: Tensor] {
  const name = 'padPackedSequence';
  const names = ['batchFirst', 'paddingValue', 'totalLength'] as const;
  const options = readOptions<PadPackedOptions>(name, optional, names);
  const { batchFirst = false, paddingValue = 0, totalLength = null } = options;
  checkPacked(name, sequence);
  const { data, batchSizes, unsortedIndices } = sequence;
  const longest = batchSizes.size(0);
  if (totalLength !== null) checkNumbers(name, { totalLength });
  if (totalLength !== null && totalLength < longest) {
    throw new ValueError(
      `Expected total_length to be at least the length of the longest sequence in input, but got total_length=${totalLength} and max sequence length being ${longest}`,
    );
  }
  const length = totalLength ?? longest;
  const [padded, lengths] = torchFunctions._padPackedSequence(data, batchSizes, batchFirst, paddingValue, length);
  if (unsortedIndices === null) return [padded, lengths];
  const order = unsortedIndices.to('cpu');
  return [padded.indexSelect(batchFirst ? 0 : 1, unsortedIndices), lengths.indexSelect(0, order)];
}

function checkPacked(api: string, sequence: unknown): asserts sequence is PackedSequence {
  if (sequence instanceof PackedSequence) return;
  throw new TypeError(`${api}(): argument 'sequence' must be a PackedSequence, not ${describeType(sequence)}`);
}

/** Checks and copies sequences; the rows of a tensor are sequences too. */
function readSequences(api: string, sequences: Iterable<Tensor>): Tensor[] {
  if (typeof (sequences as Partial<Iterable<Tensor>> | null)?.[Symbol.iterator] !== 'function') {
    throw new RuntimeError(
      `${api}: Expected iterable for input sequences, but got arg of type: ${describeType(sequences)}`,
    );
  }
  const list = valuesOfIterable(sequences) as Tensor[];
  list.forEach((sequence, i) => checkTensors(api, { [`sequences[${i}]`]: sequence }));
  return list;
}

/** The options of {@link padSequence}. */
export interface PadSequenceOptions {
  /** Whether the result is `(B, T, ...)` instead of `(T, B, ...)`; false by default. */
  batchFirst?: boolean;
  /** The value of the padding; 0 by default. */
  paddingValue?: number;
  /** The side of the padding; `'right'` by default. */
  paddingSide?: 'left' | 'right';
}

/**
 * Stacks sequences of different lengths, padded to the longest; `torch.nn.utils.rnn.pad_sequence`. Sequences
 * `(length, ...)`, result `(T, B, ...)`, or `(B, T, ...)` with `batchFirst`.
 *
 * @throws RuntimeError for no sequences, or for different sizes of the other dimensions.
 * @example
 * ```ts
 * const sequences = [torch.tensor([1, 2, 3]), torch.tensor([4, 5])];
 * torch.nn.utils.rnn.padSequence(sequences, { batchFirst: true }); // [[1, 2, 3], [4, 5, 0]]
 * ```
 */
export function padSequence(
  sequences: Iterable<Tensor>,
  ...optional: Optional<[batchFirst: boolean, paddingValue: number, paddingSide: 'left' | 'right'], PadSequenceOptions>
): Tensor {
  const names = ['batchFirst', 'paddingValue', 'paddingSide'] as const;
  const options = readOptions<PadSequenceOptions>('padSequence', optional, names);
  const { batchFirst = false, paddingValue = 0, paddingSide = 'right' } = options;
  const list = readSequences('padSequence', sequences);
  return nnFunctionalFunctions.padSequence(list, batchFirst, paddingValue, paddingSide);
}

/** The options of {@link unpadSequence}. */
export interface UnpadSequenceOptions {
  /** Whether the input is `(B, T, ...)` instead of `(T, B, ...)`; false by default. */
  batchFirst?: boolean;
}

/**
 * The sequences in a padded tensor, without padding; `torch.nn.utils.rnn.unpad_sequence`. The inverse of
 * {@link padSequence}. It copies, and leaves the tensor as it is.
 *
 * @throws ValueError for another number of lengths than of sequences.
 * @example
 * ```ts
 * torch.nn.utils.rnn.unpadSequence(torch.tensor([[1, 4], [2, 5], [3, 0]]), [3, 2])[1]; // [4, 5]
 * ```
 */
export function unpadSequence(
  paddedSequences: Tensor,
  lengths: Tensor | Size,
  ...optional: Optional<[batchFirst: boolean], UnpadSequenceOptions>
): Tensor[] {
  const name = 'unpadSequence';
  const { batchFirst = false } = readOptions<UnpadSequenceOptions>(name, optional, ['batchFirst'], [], 2);
  checkTensors(name, { paddedSequences });
  if (!native.isTensor(lengths)) checkList(name, 'lengths', lengths);
  const counts = native.isTensor(lengths) ? (lengths.tolist() as (number | bigint)[]).map(Number) : lengths;
  const sequences = batchFirst ? paddedSequences : paddedSequences.transpose(0, 1);
  if (counts.length !== sequences.size(0)) {
    throw new ValueError(
      `unpadSequence: expected ${sequences.size(0)} lengths, one per sequence, got ${counts.length}`,
    );
  }
  return counts.map((count, i) => {
    const sequence = sequences.select(0, i);
    return sequence.narrow(0, 0, Math.min(count, sequence.size(0))).clone();
  });
}

/** The options of {@link packSequence}. */
export interface PackSequenceOptions {
  /** Whether the sequences must be sorted by length, the longest first; true by default. Otherwise they are sorted. */
  enforceSorted?: boolean;
}

/**
 * Packs sequences `(length, ...)`; `torch.nn.utils.rnn.pack_sequence`.
 *
 * @throws RuntimeError for sequences that are not sorted by length, unless `enforceSorted: false`.
 * @example
 * ```ts
 * const sequences = [torch.tensor([4, 5]), torch.tensor([1, 2, 3])];
 * torch.nn.utils.rnn.packSequence(sequences, { enforceSorted: false }).data; // [1, 4, 2, 5, 3]
 * ```
 */
export function packSequence(
  sequences: Iterable<Tensor>,
  ...optional: Optional<[enforceSorted: boolean], PackSequenceOptions>
): PackedSequence {
  const { enforceSorted = true } = readOptions<PackSequenceOptions>('packSequence', optional, ['enforceSorted']);
  const list = readSequences('packSequence', sequences);
  const lengths = list.map((sequence) => sequence.size(0));
  return packPaddedSequence(padSequence(list), lengths, { enforceSorted });
}

/**
 * The sequences in their given order; `torch.nn.utils.rnn.unpack_sequence`. The inverse of {@link packSequence}.
 *
 * @example
 * ```ts
 * const { packSequence, unpackSequence } = torch.nn.utils.rnn;
 * unpackSequence(packSequence([torch.tensor([1, 2]), torch.tensor([3])]))[0]; // [1, 2]
 * ```
 */
export function unpackSequence(packedSequences: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(packedSequences, { batchFirst: true });
  return unpadSequence(padded, lengths, { batchFirst: true });
}
