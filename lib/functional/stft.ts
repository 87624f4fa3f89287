/** The short-time Fourier transform with the padding that Python adds. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { nnFunctionalFunctions } from '../operators';
import { aten } from '../ops';
import { Tensor } from '../tensor';

/** The options of {@link stft}. */
export interface StftOptions {
  /** From one frame to the next; by default a quarter of `nFft`. */
  hopLength?: number | null;
  /** The length of the window; by default `nFft`. */
  winLength?: number | null;
  /** Of `winLength` elements; by default all ones. */
  window?: Tensor | null;
  /** Whether to pad both sides, so that frame t is centred at t * hopLength; by default true. */
  center?: boolean;
  /** How: `'reflect'`, `'constant'`, `'replicate'` or `'circular'`. */
  padMode?: string;
  /** Whether to divide by the root of the frame's length. */
  normalized?: boolean;
  /** Whether to leave out the half that conjugate symmetry gives; by default true for real input. */
  onesided?: boolean | null;
  /** Must be true for real input. */
  returnComplex?: boolean | null;
  /** Whether frames are aligned to a window shorter than `nFft`; only with `center: false`. */
  alignToWindow?: boolean | null;
}

type StftArguments = Optional<
  [
    hopLength: number | null,
    winLength: number | null,
    window: Tensor | null,
    center: boolean,
    padMode: string,
    normalized: boolean,
    onesided: boolean | null,
    returnComplex: boolean | null,
    alignToWindow: boolean | null,
  ],
  StftOptions
>;

/**
 * The Fourier transform of overlapping frames of a signal; `torch.stft`.
 *
 * @param input - Of shape [length] or [batch, length].
 * @param nFft - The length of a frame.
 * @returns Of shape [batch?, frequencies, frames].
 * @throws RuntimeError as PyTorch: for real input without `returnComplex`, for a window of another
 * length, for a signal too short to be padded by reflection.
 * @example
 * ```ts
 * const window = torch.hannWindow(16);
 * torch.stft(torch.randn([100]), 16, { window, returnComplex: true }).shape; // [9, 26]
 * ```
 */
export function stft(input: Tensor, nFft: number, ...rest: StftArguments): Tensor {
  const options = readOptions<StftOptions>(
    'stft',
    rest,
    [
      ...(['hopLength', 'winLength', 'window', 'center', 'padMode', 'normalized', 'onesided'] as const),
      ...(['returnComplex', 'alignToWindow'] as const),
    ],
    [],
    2,
  );
  const { center = true, padMode = 'reflect', normalized = false, alignToWindow = null } = options;
  let signal = input;
  if (center) {
    if (alignToWindow !== null) throw new RuntimeError('stft align_to_window should only be set when center = false');
    const { shape } = input;
    const ones = Array<number>(Math.max(0, 3 - shape.length)).fill(1);
    // A 0-d tensor stands for its value here as well.
    const frame: unknown = nFft;
    const half = Math.floor((native.isTensor(frame) ? frame.item() : nFft) / 2);
    const padded = nnFunctionalFunctions.pad(input.view([...ones, ...shape]), [half, half], padMode);
    signal = padded.view(padded.shape.slice(padded.dim() - shape.length));
  }
  return aten.stft.default(
    signal,
    nFft,
    options.hopLength ?? null,
    options.winLength ?? null,
    options.window ?? null,
    normalized,
    options.onesided ?? null,
    options.returnComplex ?? null,
    alignToWindow,
  ) as Tensor;
}

// Declared as an operator, of which one overload takes the arguments of `Tensor.stft`.
Tensor.prototype.stft = function (this: Tensor, nFft: number, ...rest: readonly unknown[]) {
  return stft(this, nFft, ...(rest as StftArguments));
};
