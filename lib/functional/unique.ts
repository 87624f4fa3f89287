/** `torch.unique` and `torch.unique_consecutive`, whose flags select the results. */

import { readOptions } from '../arguments';
import { RuntimeError } from '../errors';
import { torchFunctions } from '../operators';
import { aten } from '../ops';
import { Tensor } from '../tensor';

/** The options of {@link uniqueConsecutive}. */
export interface UniqueConsecutiveOptions<I extends boolean = boolean, C extends boolean = boolean> {
  /** Whether to return, for each element of the input, its index in the output. */
  returnInverse?: I;
  /** Whether to return the number of occurrences of each element. */
  returnCounts?: C;
  /** The dimension whose slices are compared; by default the elements of the flattened input. */
  dim?: number | null;
}

/** The options of {@link unique}. */
export interface UniqueOptions<
  I extends boolean = boolean,
  C extends boolean = boolean,
> extends UniqueConsecutiveOptions<I, C> {
  /** Whether to sort the result in ascending order; true by default. */
  sorted?: boolean;
}

/** The output alone, or with the inverse indices, the counts, or both, in this order. */
export type UniqueResult<I extends boolean, C extends boolean> = I extends true
  ? C extends true
    ? [output: Tensor, inverse: Tensor, counts: Tensor]
    : [output: Tensor, inverse: Tensor]
  : C extends true
    ? [output: Tensor, counts: Tensor]
    : Tensor;

type AnyResult = UniqueResult<boolean, boolean>;

function selectResults([output, inverse, counts]: Tensor[], options: UniqueConsecutiveOptions): AnyResult {
  if (options.returnInverse) return options.returnCounts ? [output, inverse, counts] : [output, inverse];
  return options.returnCounts ? [output, counts] : output;
}

/**
 * The distinct elements of a tensor, or the distinct slices along `dim`; `torch.unique`.
 *
 * @returns The output; with `returnInverse` or `returnCounts` an array of the output, the inverse
 * indices (int64, of the input's shape, or of the size of `dim`) and the counts (int64).
 * @throws IndexError if `dim` is out of range.
 * @example
 * ```ts
 * const x = torch.tensor([3, 1, 3]);
 * torch.unique(x).toArray(); // [1, 3]
 * const [values, inverse, counts] = torch.unique(x, { returnInverse: true, returnCounts: true });
 * ```
 */
export function unique<I extends boolean = false, C extends boolean = false>(
  input: Tensor,
  options?: UniqueOptions<I, C>,
): UniqueResult<I, C>;
export function unique<I extends boolean = false, C extends boolean = false>(
  input: Tensor,
  sorted: boolean,
  options: Omit<UniqueOptions<I, C>, 'sorted'>,
): UniqueResult<I, C>;
export function unique<I extends boolean = false, C extends boolean = false>(
  input: Tensor,
  sorted?: boolean,
  returnInverse?: I,
  returnCounts?: C,
  dim?: number | null,
): UniqueResult<I, C>;
export function unique(input: Tensor, ...rest: readonly unknown[]): AnyResult {
  const options = readOptions<UniqueOptions>('unique', rest, ['sorted', 'returnInverse', 'returnCounts', 'dim']);
  const { sorted = true, returnInverse = false, returnCounts = false, dim } = options;
  const all =
    dim == null
      ? torchFunctions._unique2(input, sorted, returnInverse, returnCounts)
      : (aten.unique_dim.default(input, dim, sorted, returnInverse, returnCounts) as Tensor[]);
  return selectResults(all, options);
}

/**
 * Removes elements, or slices along `dim`, that equal the previous one;
 * `torch.unique_consecutive`.
 *
 * @returns As {@link unique}.
 * @throws IndexError if `dim` is out of range.
 * @example
 * ```ts
 * torch.uniqueConsecutive(torch.tensor([1, 1, 2, 1])).toArray(); // [1, 2, 1]
 * ```
 */
export function uniqueConsecutive<I extends boolean = false, C extends boolean = false>(
  input: Tensor,
  options?: UniqueConsecutiveOptions<I, C>,
): UniqueResult<I, C>;
export function uniqueConsecutive<I extends boolean = false, C extends boolean = false>(
  input: Tensor,
  returnInverse?: I,
  returnCounts?: C,
  dim?: number | null,
): UniqueResult<I, C>;
export function uniqueConsecutive(input: Tensor, ...rest: readonly unknown[]): AnyResult {
  const options = readOptions<UniqueConsecutiveOptions>('uniqueConsecutive', rest, [
    'returnInverse',
    'returnCounts',
    'dim',
  ]);
  const { returnInverse = false, returnCounts = false, dim = null } = options;
  return selectResults(torchFunctions.uniqueConsecutive(input, returnInverse, returnCounts, dim), options);
}

declare module '../tensor' {
  interface Tensor {
    /** The distinct elements or slices; `Tensor.unique`. See `torch.unique`. */
    unique<I extends boolean = false, C extends boolean = false>(options?: UniqueOptions<I, C>): UniqueResult<I, C>;
    unique<I extends boolean = false, C extends boolean = false>(
      sorted?: boolean,
      returnInverse?: I,
      returnCounts?: C,
      dim?: number | null,
    ): UniqueResult<I, C>;
    /** Removes consecutive repetitions; `Tensor.unique_consecutive`. See `torch.uniqueConsecutive`. */
    uniqueConsecutive<I extends boolean = false, C extends boolean = false>(
      options?: UniqueConsecutiveOptions<I, C>,
    ): UniqueResult<I, C>;
    uniqueConsecutive<I extends boolean = false, C extends boolean = false>(
      returnInverse?: I,
      returnCounts?: C,
      dim?: number | null,
    ): UniqueResult<I, C>;
    /**
     * The indices of the nonzero elements, one row each; `Tensor.nonzero`. With `asTuple`, one 1-d tensor per
     * dimension, which `index` accepts.
     */
    nonzero(options: { asTuple: true }): Tensor[];
    nonzero(options?: { asTuple?: false }): Tensor;
  }
}

Tensor.prototype.unique = function (this: Tensor, ...rest: unknown[]): never {
  return (unique as (...args: unknown[]) => never)(this, ...rest);
};

Tensor.prototype.uniqueConsecutive = function (this: Tensor, ...rest: unknown[]): never {
  return (uniqueConsecutive as (...args: unknown[]) => never)(this, ...rest);
};

/**
 * The indices of the nonzero elements, one row each (int64, shape [count, dims]); `torch.nonzero`. With
 * `asTuple`, one 1-d tensor per dimension, which `index` accepts.
 *
 * @example
 * ```ts
 * torch.nonzero(torch.tensor([0, 5, 7])).toArray(); // [[1], [2]]
 * const [rows, columns] = torch.nonzero(torch.eye(3), { asTuple: true });
 * ```
 */
export function nonzero(input: Tensor, options: { asTuple: true }): Tensor[];
export function nonzero(input: Tensor, options?: { asTuple?: false; out?: Tensor | null }): Tensor;
export function nonzero(input: Tensor, ...rest: readonly unknown[]): Tensor | Tensor[] {
  const { asTuple = false, out } = readOptions<{ asTuple?: boolean; out?: Tensor | null }>(
    'nonzero',
    rest,
    [],
    ['asTuple', 'out'],
  );
  if (!asTuple) return torchFunctions.nonzero(input, { out });
  if (out != null) throw new RuntimeError('nonzero does not support the out kwarg when as_tuple is True');
  return aten.nonzero_numpy.default(input) as Tensor[];
}

Tensor.prototype.nonzero = function (this: Tensor, ...rest: unknown[]): never {
  return (nonzero as (...args: unknown[]) => never)(this, ...rest);
};
