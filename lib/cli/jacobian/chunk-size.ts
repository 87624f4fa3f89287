/**
 * How many samples are computed at once when the user does not say.
 *
 * Every operator call costs about a microsecond whatever its size, so that chunks should be large;
 * but memory grows with the chunk. What a function keeps alive shows when it is tried on a few
 * samples: that is counted once for the values and once for every direction that is differentiated
 * along (all outputs in reverse mode, all inputs in forward mode), because derivatives are as large
 * as the values that they belong to. The chunk is as large as fits into the budget, within limits.
 */

/** What one chunk may take: small enough to leave memory to others. */
const BUDGET = { cpu: 64 * 2 ** 20, cuda: 2 ** 30 } as const;

/** Beyond this the cost of a call no longer shows. */
const MOST = { cpu: 16_384, cuda: 1_048_576 } as const;

/** Enough for what depends on the samples to outweigh what does not. */
const TRIAL = 256;

/** Intermediate results, each as wide as the larger of input and output, before anything was tried. */
const SUPPOSED_RESULTS = 16;

/** What is known of a function and where it runs. */
export interface ChunkSizeInput {
  readonly mode: 'rev' | 'fwd';
  /** Elements of one sample. */
  readonly inputs: number;
  /** Elements of the function's result for it. */
  readonly outputs: number;
  readonly bytesPerElement: number;
  readonly device: 'cpu' | 'cuda';
}

/** How many samples to try a function on. */
export function trialSize(input: ChunkSizeInput): number {
  const widest = Math.max(input.inputs, input.outputs, 1);
  return Math.min(TRIAL, samplesFor(input, SUPPOSED_RESULTS * widest * input.bytesPerElement));
}

/**
 * The default for `--chunk-size`.
 *
 * @param liveBytes what the trial left in memory for one sample
 */
export function defaultChunkSize(input: ChunkSizeInput, liveBytes: number): number {
  return samplesFor(input, Math.max(liveBytes, (input.inputs + input.outputs) * input.bytesPerElement));
}

function samplesFor({ mode, inputs, outputs, bytesPerElement, device }: ChunkSizeInput, live: number): number {
  const directions = mode === 'rev' ? outputs : inputs;
  const jacobian = inputs * outputs * bytesPerElement;
  const perSample = live * (1 + directions) + jacobian;
  if (perSample === 0) return MOST[device];
  return Math.max(1, Math.min(MOST[device], Math.floor(BUDGET[device] / perSample)));
}
