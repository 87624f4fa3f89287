/** A function of a range of samples that is computed chunk by chunk. */

import { Device } from '../device';
import { collectGarbage } from '../memory';
import { product } from '../shapes';
import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { measureAllocations, memoryLimits } from './allocations';
import { type MeasuredChunk, nextChunkSize, trialSize } from './chunk-size';

/** What {@link inChunks} computes. */
export interface ChunkedFunction {
  /** The number of samples. */
  total: number;
  chunkSize: number | 'auto';
  /** The bytes of the inputs of one sample. */
  sampleBytes: () => number;
  /** Where most of the memory is allocated. */
  device: () => Device;
  /** The results of samples `start` to `start + count`. Nobody else has handles of the tensors. */
  compute: (start: number, count: number) => unknown[];
  /** The dimension of a result that runs over the samples; null for a result that the first chunk determines. */
  dimOf: (index: number) => number | null;
}

/** The results for all samples, joined. `compute` is called at least once, also for no samples. */
export function inChunks(task: ChunkedFunction): unknown[] {
  const { total, dimOf } = task;
  let joins: Join[] = [];
  for (const { start, count, results } of chunksOf(task)) {
    if (count === total) return results;
    if (start === 0) joins = results.map((_, i) => new Join(dimOf(i), total));
    joins.forEach((join, i) => {
      join.add(results[i], start, count);
    });
  }
  return joins.map((join) => join.result);
}

/** A collection of young objects takes less time than the page faults of as many bytes. */
const COLLECTION_BYTES = 2 ** 24;

function* chunksOf({ total, chunkSize, sampleBytes, device, compute }: ChunkedFunction) {
  let size = chunkSize === 'auto' ? trialSize(sampleBytes() * outerBatchSize()) : chunkSize;
  let final = chunkSize !== 'auto';
  let last: MeasuredChunk | undefined;
  let start = 0;
  do {
    const count = Math.min(size, total - start);
    const rest = total - start - count;
    if (final || rest === 0) {
      yield { start, count, results: compute(start, count) };
    } else {
      const [results, { peak, largest }] = measureAllocations(device(), () => compute(start, count));
      const chunk = { count, peak, largest, results: bytesOf(results) * outerBatchSize() };
      ({ size, final } = nextChunkSize(last, chunk, rest, memoryLimits(device())));
      last = chunk;
      yield { start, count, results };
    }
    start += count;
    // What the function dropped is in the cache, and the next chunk writes there.
    if (last !== undefined && (last.peak / last.count) * count >= COLLECTION_BYTES) collectGarbage(false);
  } while (start < total);
}

/**
 * Joins the chunks of a result. Each chunk is written into the result as soon as it is computed, so that memory does
 * not hold the result twice (PyTorch: `_preallocate_and_copy`). Where a graph is recorded or an outer transform is
 * active, writing in place is not allowed, and the chunks are joined at the end.
 */
class Join {
  private whole: Tensor | undefined;
  private parts: Tensor[] = [];
  private first: unknown;

  constructor(
    private readonly dim: number | null,
    private readonly total: number,
  ) {}

  add(chunk: unknown, start: number, count: number): void {
    if (start === 0) this.first = chunk;
    if (this.dim === null) return;
    const block = chunk as Tensor;
    const shape = block.shape.with(this.dim, this.total);
    if (start === 0 && isWritable(block)) this.whole = block.newEmpty(shape);
    const { whole } = this;
    if (whole === undefined) {
      this.parts.push(block);
    } else if (whole.dtype === block.dtype && String(whole.shape) === String(shape)) {
      const target = whole.narrow(this.dim, start, count);
      target.copy_(block);
      target.dispose();
      block.dispose();
    } else {
      // cat() promotes dtypes, and refuses shapes that do not fit.
      this.parts = [whole.narrow(this.dim, 0, start), block];
      this.whole = undefined;
      whole.dispose();
    }
  }

  get result(): unknown {
    if (this.dim === null) return this.first;
    if (this.whole !== undefined) return this.whole;
    const joined = torchFunctions.cat(this.parts, this.dim);
    this.parts.forEach((part) => part.dispose());
    return joined;
  }
}

function isWritable({ requiresGrad, layout }: Tensor): boolean {
  return native.levelDepth() === 0 && !requiresGrad && layout === 'strided';
}

/** The number of samples of the active vmap levels, which shapes do not show. */
function outerBatchSize(): number {
  return native.levels().reduce((size, level) => (level.kind === 'vmap' ? size * level.batchSize : size), 1);
}

/** The bytes of the elements of tensors. */
export function bytesOf(leaves: readonly unknown[]): number {
  return leaves.reduce<number>(
    (sum, leaf) => (native.isTensor(leaf) ? sum + product(leaf.shape) * native.elementSize(leaf) : sum),
    0,
  );
}

const CPU = new Device('cpu');

/** The device of tensors: that of the first one that is not on the CPU. */
export function deviceOf(leaves: readonly unknown[]): Device {
  for (const leaf of leaves) {
    if (native.isTensor(leaf) && leaf.device.type !== 'cpu') return leaf.device;
  }
  return CPU;
}
