/**
 * The default number of samples per chunk.
 *
 * Large chunks are faster: an operator call costs about a microsecond whatever its size. But memory
 * grows with the chunk. A trial on a few samples measures the live memory of the function; derivatives
 * are as large as the values that they belong to, so that amount counts once for the values and once
 * for each direction (all outputs in reverse mode, all inputs in forward mode). The chunk is as large
 * as fits a budget, within limits.
 */

/** Memory for one chunk in bytes: small enough to leave memory to others. */
const BUDGET = { cpu: 64 * 2 ** 20, cuda: 2 ** 30 } as const;

/** The largest default: beyond it the cost of a call is negligible. */
const MOST = { cpu: 16_384, cuda: 1_048_576 } as const;

/** The most samples of a trial: enough for the memory per sample to outweigh constants. */
const TRIAL = 256;

/** Intermediate results that are assumed before the trial, each as wide as the wider of input and output. */
const ASSUMED_RESULTS = 16;

/** A function and the place where it runs. */
export interface ChunkSizeInput {
  readonly mode: 'rev' | 'fwd';
  /** Elements of one sample. */
  readonly inputs: number;
  /** Elements of the function's result for one sample. */
  readonly outputs: number;
  readonly bytesPerElement: number;
  readonly device: 'cpu' | 'cuda';
}

/** The number of samples of the trial. */
export function trialSize(input: ChunkSizeInput): number {
  const widest = Math.max(input.inputs, input.outputs, 1);
  return Math.min(TRIAL, samplesFor(input, ASSUMED_RESULTS * widest * input.bytesPerElement));
}

/**
 * The default chunk size.
 *
 * @param liveBytes memory per sample that the trial left allocated
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
