/**
 * The number of samples that are computed at a time.
 *
 * An operator call costs about a microsecond whatever its size, so large chunks are faster, up to a point: results that
 * exceed the caches are written to memory and read again, and new pages cost more than most operators. And memory grows
 * with the chunk. What a few samples allocate shows what all of them would.
 */

import type { MemoryLimits } from './allocations';

/** How many samples (rows, columns) are computed at a time: all for null, as many as pay and fit for `'auto'`. */
export type ChunkSize = number | 'auto' | null;

/** What one more sample takes, in bytes. */
export interface SampleMemory {
  /** All that is in use at a time. */
  peak: number;
  /** The largest block. */
  largest: number;
  /** The results, which are copied where chunks are joined. */
  results: number;
}

/** The share of a cache that the largest block of a chunk may take: operators read others while they write it. */
const CACHE_SHARE = 1 / 2;

/** Chunks that fit the caches pay where what stays within a chunk exceeds the results by this factor. */
const WORK_PER_RESULT = 4;

/** The most samples of a trial. More calls than one do not pay for so few. */
const MOST_OF_TRIAL = 1024;

/** Bytes that a trial may take, if its results are as wide as its inputs and this many. */
const TRIAL_BYTES = 2 ** 20;
const ASSUMED_RESULTS = 16;

/** The number of samples whose allocations show those of the others. */
export function trialSize(sampleBytes: number): number {
  const fits = Math.floor(TRIAL_BYTES / (ASSUMED_RESULTS * Math.max(sampleBytes, 1)));
  return Math.max(1, Math.min(MOST_OF_TRIAL, fits));
}

/**
 * How many of `total` samples to compute at a time: as many as fit the memory. If the largest block of those leaves the
 * cache, and there is enough work within a chunk, fewer.
 */
export function chunkSizeFor(sample: SampleMemory, total: number, limits: { memory: number; cache: number }): number {
  const { peak, largest, results } = sample;
  const size = Math.min(total, atLeastOne(limits.memory / peak));
  const pays = peak - results >= WORK_PER_RESULT * results;
  return pays && largest * size > limits.cache ? atLeastOne((limits.cache * CACHE_SHARE) / largest) : size;
}

/** A power of two, so that small differences between measurements do not change the chunks. */
function atLeastOne(samples: number): number {
  return samples >= 1 ? 2 ** Math.floor(Math.log2(samples)) : 1;
}

/** The share of the available memory that a chunk may take. */
const MEMORY_SHARE = 1 / 4;

/** How much larger the next chunk may be than one that was measured. */
const GROWTH = 16;

/** What a chunk of `count` samples took in all. */
export interface MeasuredChunk extends SampleMemory {
  readonly count: number;
}

/**
 * The size of the chunks that follow `last`, and whether it holds for all of them or the next one should be measured
 * too. `previous` is what was measured before `last`.
 */
export function nextChunkSize(
  previous: MeasuredChunk | undefined,
  last: MeasuredChunk,
  rest: number,
  { available, cache }: MemoryLimits,
): { size: number; final: boolean } {
  const known = previous !== undefined && previous.count < last.count;
  // The lesser of two estimates. The difference leaves out what the function allocates once for all samples; the first
  // chunk, a view at the start of the inputs, needs no blocks of the size of all inputs for its tangents.
  const each = (key: keyof SampleMemory): number => {
    if (!known) return last[key] / last.count;
    return Math.min((last[key] - previous[key]) / (last.count - previous.count), previous[key] / previous.count);
  };
  const results = each('results');
  const sample = { peak: Math.max(each('peak'), results), largest: Math.max(each('largest'), 0), results };
  const memory = available * MEMORY_SHARE;
  let size = chunkSizeFor(sample, rest, { memory, cache });
  if (!known) size = Math.max(size, chunkSizeFor(sample, 2 * last.count, { memory, cache: Infinity }));
  size = Math.min(size, rest);
  if (size > GROWTH * last.count) return { size: GROWTH * last.count, final: false };
  return known ? { size: Math.ceil(rest / Math.ceil(rest / size)), final: true } : { size, final: false };
}
