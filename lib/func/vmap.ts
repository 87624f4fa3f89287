/** `torch.func.vmap` (and `torch.vmap`). */

import { checkFunction, checkOptions } from '../arguments';
import { describeType, nameOf, named, textOf } from '../describe';
import { RuntimeError, ValueError } from '../errors';
import type { ChunkSize } from '../interpreter/chunk-size';
import { bytesOf, deviceOf, inChunks } from '../interpreter/chunks';
import { atVmapLevel } from '../interpreter/levels';
import { native } from '../native';
import * as pytree from '../pytree';
import { getRngState, setRngState } from '../random';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { checkOutDims, readBatch, readOutDims } from './dims';
import type { Batch, Dims } from './dims';
import type { Returned } from './types';

export type { Dims };

/** What a random operator does under `vmap`. */
export type Randomness = 'error' | 'same' | 'different';

/** @throws RuntimeError if it is not a {@link Randomness}. */
export function checkRandomness(randomness: unknown): asserts randomness is Randomness {
  if (randomness === 'error' || randomness === 'same' || randomness === 'different') return;
  throw new RuntimeError(
    `Only allowed values for randomness are 'error', 'different', or 'same'. Got ${textOf(randomness)}`,
  );
}

/** The options of {@link vmap}. */
export interface VmapOptions {
  /**
   * The dimension to map over: one for all arguments (0 by default), or an array with a pytree prefix for each
   * argument. Negative dimensions count from the end.
   */
  inDims?: Dims;
  /** The position of the mapped dimension in the outputs (0 by default), or a pytree prefix of positions. */
  outDims?: Dims;
  /** `'error'` (default), `'same'` for all samples, or `'different'` for each. */
  randomness?: Randomness;
  /**
   * How many samples are computed at a time, to limit memory; null (default) for all at once. `func` is called for each
   * chunk. `'auto'` chooses from what a few samples allocate: as many as fit a quarter of the available memory, and
   * fewer where the intermediate results would exceed the processor's cache. The results can then differ from those of
   * a single batch as matrix products of different sizes do: in the last digits.
   */
  chunkSize?: ChunkSize;
}

function unwrapOutput(func: AnyFunction, leaf: unknown, outDim: number | null, level: number, size: number): unknown {
  if (!native.isTensor(leaf)) {
    if (outDim === null) return leaf;
    throw new ValueError(
      `vmap(${nameOf(func)}, ...): \`${nameOf(func)}\` must only return Tensors, got type ${describeType(leaf)}. Did you mean to set outDims= to null for output?`,
    );
  }
  if (outDim === null) {
    if (native.isBatchedAtLevel(leaf, -1)) {
      throw new ValueError(
        `vmap(${nameOf(func)}, ...): \`${nameOf(func)}\` can not return a BatchedTensor when outDim is null`,
      );
    }
    return leaf;
  }
  return native.removeBatchDim(leaf, level, size, outDim);
}

interface FlatOutput {
  leaves: unknown[];
  dims: (number | null)[];
  spec: pytree.TreeSpec;
}

function runBatch(func: AnyFunction, batch: Batch, outDims: unknown, randomness: string): FlatOutput {
  return atVmapLevel(batch.size, randomness, (level) => {
    const inputs = batch.leaves.map((leaf, i) => {
      const dim = batch.dims[i];
      return dim === null ? leaf : native.addBatchDim(leaf as Tensor, dim, level);
    });
    const output = callSync('vmap', func, pytree.unflatten(inputs, batch.spec) as unknown[]);
    const { leaves, spec } = pytree.flatten(output);
    const dims = readOutDims(func, outDims, spec);
    return { leaves: leaves.map((leaf, i) => unwrapOutput(func, leaf, dims[i], level, batch.size)), dims, spec };
  });
}

function runChunks(
  func: AnyFunction,
  batch: Batch,
  outDims: unknown,
  randomness: string,
  chunkSize: number | 'auto',
): unknown {
  let first: FlatOutput | undefined;
  const mapped = batch.leaves.filter((_, i) => batch.dims[i] !== null);
  // With 'same' every chunk draws the same random numbers, as a single batch does.
  const rngState = randomness === 'same' ? getRngState() : null;
  const compute = (start: number, size: number): unknown[] => {
    const leaves = batch.leaves.map((leaf, i) => {
      const dim = batch.dims[i];
      return dim === null ? leaf : (leaf as Tensor).narrow(dim, start, size);
    });
    if (rngState !== null) setRngState(rngState);
    const chunk = runBatch(func, { ...batch, leaves, size }, outDims, randomness);
    first ??= chunk;
    return chunk.leaves;
  };
  const leaves = inChunks({
    total: batch.size,
    chunkSize,
    sampleBytes: () => bytesOf(mapped) / batch.size,
    device: () => deviceOf(batch.leaves),
    compute,
    dimOf: (i) => first!.dims[i],
  });
  return pytree.unflatten(leaves, first!.spec);
}

/**
 * A function that maps `func` over a dimension of its arguments, in one batch, with libtorch's batching rules;
 * `torch.func.vmap`.
 *
 * `func` is written for one sample: inside it the mapped dimension is hidden. Outputs that do not depend on a mapped
 * argument are expanded. `vmap` can be nested, and combined with every other transform.
 *
 * `func` cannot read values (`item()`, `if` on a tensor), because each tensor stands for a whole batch.
 *
 * @throws ValueError if dimensions or structures do not match; RuntimeError for a random operator with
 * `randomness: 'error'`, for data-dependent control flow, or for an in-place operator that would write a mapped value
 * into an unmapped tensor.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const dots = torch.vmap((x: torch.Tensor, y: torch.Tensor) => x.dot(y));
 * dots(torch.ones(5, 3), torch.ones(5, 3)).shape; // [5]
 * const products = torch.vmap((x: torch.Tensor) => x.outer(x).exp().sum(1), { chunkSize: 'auto' }); // bounded memory
 * products(torch.ones(5000, 30)).shape; // [5000, 30]
 * ```
 */
export function vmap<A extends unknown[], R extends Returned>(
  func: (...args: A) => R,
  options: VmapOptions = {},
): (...args: A) => R {
  checkFunction('vmap', func);
  checkOptions('vmap', options, ['inDims', 'outDims', 'randomness', 'chunkSize']);
  const { inDims = 0, outDims = 0, randomness = 'error', chunkSize = null } = options;
  checkRandomness(randomness);
  if (chunkSize !== null && chunkSize !== 'auto' && (!Number.isInteger(chunkSize) || chunkSize <= 0)) {
    const choices = typeof chunkSize === 'string' ? "null, 'auto'" : 'null';
    throw new ValueError(`vmap: chunkSize should be ${choices} or greater than 0. (got ${textOf(chunkSize)})`);
  }
  const transformed = (...args: A): unknown => {
    checkOutDims(func, outDims);
    const batch = readBatch(func, inDims, args);
    if (chunkSize !== null && (chunkSize === 'auto' ? 1 : chunkSize) < batch.size) {
      return runChunks(func, batch, outDims, randomness, chunkSize);
    }
    const { leaves, spec } = runBatch(func, batch, outDims, randomness);
    return pytree.unflatten(leaves, spec);
  };
  return named(transformed, func) as never;
}
