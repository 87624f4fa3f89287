/** Sparse tensors from indices and values, which move to the device and the dtype of the options, as in Python. */

import { isOptions } from '../arguments';
import type { DeviceLike } from '../device';
import type { Dtype } from '../dtype';
import type { TorchFunctions } from '../generated/torch-functions';
import { native } from '../native';
import { torchFunctions } from '../operators';

type Factory =
  | 'sparseCooTensor'
  | 'sparseCompressedTensor'
  | 'sparseCsrTensor'
  | 'sparseCscTensor'
  | 'sparseBsrTensor'
  | 'sparseBscTensor';

/** Non-tensor values stay as they are: the operator checks its arguments. */
function factory<Name extends Factory>(name: Name): TorchFunctions[Name] {
  const operator = torchFunctions[name] as (...args: unknown[]) => unknown;
  const tensors = name === 'sparseCooTensor' ? 2 : 3;
  return { [name]: (...args: unknown[]) => operator(...convert(args, tensors)) }[name] as TorchFunctions[Name];
}

/** The last of the first `count` arguments holds the values, the others hold indices. */
function convert(args: readonly unknown[], count: number): readonly unknown[] {
  const options = args.at(-1);
  const values = args[count - 1];
  if (!native.isTensor(values) || !isOptions(options)) return args;
  const { dtype, device } = options as { dtype?: Dtype | null; device?: DeviceLike | null };
  if (dtype == null && device == null) return args;
  return args.map((argument, i) => {
    if (i >= count || !native.isTensor(argument)) return argument;
    return argument.to({ device, dtype: i === count - 1 ? dtype : null });
  });
}

/**
 * A sparse tensor in coordinate format, without elements or from indices (sparse dimensions, elements) and values;
 * `torch.sparse_coo_tensor`. Gradients flow to the values.
 *
 * @throws RuntimeError if the indices are not int64 or do not fit the size.
 * @example
 * ```ts
 * const indices = torch.tensor([[0n, 1n], [2n, 0n]]);
 * torch.sparseCooTensor(indices, torch.tensor([3, 4]), [2, 3]).toDense(); // [[0, 0, 3], [4, 0, 0]]
 * torch.sparseCooTensor(indices, torch.tensor([3, 4]), [2, 3], { dtype: 'float64' }).dtype; // 'float64'
 * ```
 */
export const sparseCooTensor = factory('sparseCooTensor');

/**
 * A sparse tensor in the compressed format that the option `layout` names; `torch.sparse_compressed_tensor`.
 *
 * @throws RuntimeError if the indices do not fit together.
 * @example
 * ```ts
 * const rows = torch.tensor([0n, 1n, 2n]), columns = torch.tensor([1n, 0n]), values = torch.tensor([3, 4]);
 * torch.sparseCompressedTensor(rows, columns, values, [2, 2], { layout: 'sparse_csr' }).toDense(); // [[0, 3], [4, 0]]
 * ```
 */
export const sparseCompressedTensor = factory('sparseCompressedTensor');

/** A matrix with compressed rows, or a batch of them; `torch.sparse_csr_tensor`. See {@link sparseCompressedTensor}. */
export const sparseCsrTensor = factory('sparseCsrTensor');

/** A matrix with compressed columns; `torch.sparse_csc_tensor`. See {@link sparseCompressedTensor}. */
export const sparseCscTensor = factory('sparseCscTensor');

/** A matrix of blocks with compressed rows; `torch.sparse_bsr_tensor`. See {@link sparseCompressedTensor}. */
export const sparseBsrTensor = factory('sparseBsrTensor');

/** A matrix of blocks with compressed columns; `torch.sparse_bsc_tensor`. See {@link sparseCompressedTensor}. */
export const sparseBscTensor = factory('sparseBscTensor');
