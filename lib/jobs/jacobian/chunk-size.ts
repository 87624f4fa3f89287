/**
 * The default number of samples per chunk: what a trial on a few samples allocates shows how many fit a budget.
 * See lib/interpreter/chunk-size.ts.
 */

import type { Device } from '../../device';
import { measureAllocations, memoryLimits } from '../../interpreter/allocations';
import { chunkSizeFor, trialSize } from '../../interpreter/chunk-size';
import type { Tensor } from '../../tensor';

/** Memory for one chunk in bytes: small enough to leave memory to others. */
const BUDGET = { cpu: 64 * 2 ** 20, cuda: 2 ** 30 } as const;

/** The largest default: beyond it the cost of a call is negligible. */
const MOST = { cpu: 16_384, cuda: 1_048_576 } as const;

/**
 * Calls `compute` for a number of samples, at most `most`, and chooses the size of chunks.
 *
 * @param sampleBytes the bytes of a sample, or of its result if that is larger
 */
export function tryChunk(
  compute: (samples: number) => Tensor,
  { most, sampleBytes, device }: { most: number; sampleBytes: number; device: Device },
): { result: Tensor; chunkSize: number } {
  const samples = Math.min(most, trialSize(sampleBytes));
  const [result, { peak, largest }] = measureAllocations(device, () => compute(samples));
  const type = device.type === 'cuda' ? 'cuda' : 'cpu';
  // Each chunk is written to the file: results are not joined.
  const sample = { peak: peak / samples, largest: largest / samples, results: 0 };
  const limits = { memory: BUDGET[type], cache: memoryLimits(device).cache };
  return { result, chunkSize: chunkSizeFor(sample, MOST[type], limits) };
}
