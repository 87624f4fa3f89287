/**
 * Jacobians of functions of flat lists of tensors:
 *
 *     J = vmap(pullback)(basis)       reverse mode: one row for each element of the outputs
 *     J = vmap(pushforward)(basis)    forward mode: one column for each element of the inputs
 *
 * The basis is the identity over all elements, cut by tensor. `blocks[output][input]` is the part of J that belongs to
 * one output and one input, with the shape `[...output, ...input]`.
 */

import { vmapTensors } from '../interpreter/batching';
import type { ChunkSize } from '../interpreter/chunk-size';
import { bytesOf, deviceOf, inChunks } from '../interpreter/chunks';
import { atVmapLevel } from '../interpreter/levels';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { product } from '../shapes';
import { getRngState, setRngState } from '../random';
import type { Tensor } from '../tensor';
import type { Randomness } from './vmap';

/**
 * A linear function that gives a list of new tensors. `first` takes one sample of a result that does not depend on the
 * vectors: with a batch of vectors all its samples are equal.
 */
type LinearMap = (vectors: Tensor[], first: (result: Tensor) => Tensor) => Tensor[];

/** How a Jacobian is computed. */
export interface BlockOptions {
  /** How many rows or columns are computed at a time; null for all. 1 computes them one by one, without `vmap`. */
  chunkSize?: ChunkSize;
  /** What a random operator does, as in `vmap`. Without it, a single row or column may be random. */
  randomness?: Randomness;
}

/** The blocks of a Jacobian in reverse mode; `pullback` maps cotangents of the outputs to gradients of the inputs. */
export function jacobianByRows(
  outputs: readonly Tensor[],
  pullback: LinearMap,
  options: BlockOptions = {},
): Tensor[][] {
  const rows = imageOfBasis(pullback, outputs, 0, options);
  const perInput = rows.map((block) => cut(block, 0, outputs));
  return outputs.map((_, k) => perInput.map((blocks) => blocks[k]));
}

/** The blocks of a Jacobian in forward mode; `pushforward` maps tangents of the inputs to tangents of the outputs. */
export function jacobianByColumns(
  inputs: readonly Tensor[],
  pushforward: LinearMap,
  options: BlockOptions = {},
): Tensor[][] {
  const columns = imageOfBasis(pushforward, inputs, -1, options);
  return columns.map((block) => cut(block, -1, inputs));
}

/**
 * `vmap(map)(basis)`, in chunks joined along `dim`. This dimension runs over all elements of `tensors`: 0 for rows, -1
 * for columns.
 */
function imageOfBasis(
  map: LinearMap,
  tensors: readonly Tensor[],
  dim: 0 | -1,
  { chunkSize = null, randomness }: BlockOptions,
): Tensor[] {
  // In forward mode an in-place operator writes to the tangent, so that each sample of an outer vmap needs its own.
  let own = dim === -1 && native.levelDepth() > 0;
  const compute = (start: number, batchSize: number): Tensor[] => {
    try {
      return computeOnBasis(start, batchSize);
    } catch (error) {
      if (own || native.levelDepth() === 0 || !isWriteToShared(error)) throw error;
      own = true;
      return computeOnBasis(start, batchSize);
    }
  };
  const total = tensors.reduce((sum, tensor) => sum + product(native.sizes(tensor)), 0);
  const isOneBatch = chunkSize === null || total <= (chunkSize === 'auto' ? 1 : chunkSize);
  // With 'same' every chunk draws the same random numbers, as a single batch does.
  const rngState = randomness === 'same' && !isOneBatch ? getRngState() : null;
  const computeOnBasis = (start: number, batchSize: number): Tensor[] => {
    const basis = standardBasis(tensors, start, batchSize, own);
    try {
      if (rngState !== null) setRngState(rngState);
      if (chunkSize === 1 && batchSize === 1) {
        // Without batched tensors, a level of vmap only refuses random operators.
        const one = (): Tensor[] => mapOne(map, basis, dim);
        return randomness === 'error' ? atVmapLevel(1, randomness, one) : one();
      }
      return vmapTensors(map, basis, { batchSize, outDim: dim, randomness });
    } finally {
      basis.forEach((block) => block.dispose());
    }
  };
  // libtorch has no batching rules for empty batches of some operators: the single vector of an empty space is mapped
  // for the shapes.
  if (total === 0) return compute(0, 1).map((block) => emptied(block, dim));
  if (isOneBatch) return compute(0, total);
  return inChunks({
    total,
    chunkSize,
    sampleBytes: () => bytesOf(tensors),
    device: () => deviceOf(tensors),
    compute,
    dimOf: () => dim,
  }) as Tensor[];
}

// The derivatives of a view that was written to, and some of operators at mapped positions, write into a copy of the
// cotangent. libtorch refuses to write what is batched by an outer vmap into a tensor that is not.
function isWriteToShared(error: unknown): boolean {
  return error instanceof Error && error.message.includes('is not possible because there exists a Tensor `other`');
}

/**
 * Rows `start` to `start + count` of the identity over all elements of the tensors, cut by tensor: for each tensor
 * `count` tensors of its shape, stacked.
 *
 * The rows are plain tensors even if `tensors` are batched by an outer vmap: all samples share one basis. With `own`
 * each sample gets a basis that may be written to.
 */
export function standardBasis(tensors: readonly Tensor[], start: number, count: number, own = false): Tensor[] {
  let offset = 0;
  return tensors.map((tensor) => {
    const shape = native.sizes(tensor);
    const { dtype, device } = tensor;
    const size = product(shape);
    let rows: Tensor;
    if (!own && start === offset && count === size) {
      rows = torchFunctions.eye(size, { dtype, device });
    } else {
      rows = own ? tensor.newZeros([count, size]) : torchFunctions.zeros([count, size], { dtype, device });
      const diagonal = rows.diagonal(start - offset);
      diagonal.fill_(1);
      diagonal.dispose();
    }
    offset += size;
    return shape.length === 1 ? rows : viewOwn(rows, [count, ...shape]);
  });
}

/** The map of a single basis vector, without vmap. */
function mapOne(map: LinearMap, basis: readonly Tensor[], dim: number): Tensor[] {
  const vectors = basis.map((block) => block.select(0, 0));
  let results: Tensor[] = [];
  try {
    results = map(vectors, (result) => result);
    return results.map((result) => result.unsqueeze(dim));
  } finally {
    [...vectors, ...results].forEach((tensor) => tensor.dispose());
  }
}

/** Cuts `dim`, which runs over all elements of `tensors`, into blocks, one per tensor, of that tensor's shape. */
function cut(block: Tensor, dim: 0 | -1, tensors: readonly Tensor[]): Tensor[] {
  const shape = native.sizes(block);
  const sizes = tensors.map((tensor) => product(native.sizes(tensor)));
  let pieces = [block];
  // A single block of another size is an error, which split reports in PyTorch's words.
  if (sizes.length !== 1 || sizes[0] !== shape.at(dim)) {
    pieces = block.split(sizes, dim);
    block.dispose();
  }
  return pieces.map((piece, i) => {
    const inner = native.sizes(tensors[i]);
    if (inner.length === 1) return piece;
    return viewOwn(piece, dim === 0 ? [...inner, ...shape.slice(1)] : [...shape.slice(0, -1), ...inner]);
  });
}

function emptied(block: Tensor, dim: 0 | -1): Tensor {
  const none = block.narrow(dim, 0, 0);
  block.dispose();
  return none;
}

/** A view that replaces the tensor, whose handle would keep the memory alive. */
export function viewOwn(tensor: Tensor, shape: readonly number[]): Tensor {
  const view = tensor.view(shape);
  tensor.dispose();
  return view;
}
