/**
 * How many samples are computed at once when the user does not say.
 *
 * Every operator call costs about a microsecond whatever its size, so that chunks should be large;
 * but memory grows with the chunk. What a function keeps alive is not known beforehand, so this
 * estimates it: intermediate results as wide as the larger of input and output, `LIVE_RESULTS` of
 * them, each once for the value and once for every direction that is differentiated along (all
 * outputs in reverse mode, all inputs in forward mode), and the Jacobian itself. The chunk is as
 * large as fits into the budget, within limits.
 */

/** What one chunk may take: small enough to leave caches and memory to others. */
const BUDGET = { cpu: 64 * 2 ** 20, cuda: 2 ** 30 } as const;

/** Beyond this the cost of a call no longer shows. */
const MOST = { cpu: 16_384, cuda: 1_048_576 } as const;

const LIVE_RESULTS = 16;

export interface ChunkSizeInput {
  readonly mode: 'rev' | 'fwd';
  /** Elements of one sample. */
  readonly inputs: number;
  /** Elements of the function's result for it. */
  readonly outputs: number;
  readonly bytesPerElement: number;
  readonly device: 'cpu' | 'cuda';
}

/** The default for `--chunk-size`. */
export function defaultChunkSize(input: ChunkSizeInput): number {
  const { inputs, outputs, bytesPerElement, device } = input;
  const directions = input.mode === 'rev' ? outputs : inputs;
  const live = LIVE_RESULTS * Math.max(inputs, outputs, 1) * (1 + directions);
  const perSample = (live + inputs * outputs) * bytesPerElement;
  return Math.max(1, Math.min(MOST[device], Math.floor(BUDGET[device] / perSample)));
}
