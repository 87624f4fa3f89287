/** The short-time Fourier transform, with the padding that PyTorch adds in Python. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { nnFunctionalFunctions } from '../operators';
import { aten } from '../ops';
import { Tensor } from '../tensor';

/** The options of {@link stft}. */
export interface StftOptions {
  /** The distance between frames; by default a quarter of `nFft`. */
  hopLength?: number | null;
  /** The length of the window; by default `nFft`. */
  winLength?: number | null;
  /** The window, with `winLength` elements; by default ones. */
  window?: Tensor | null;
  /** Whether to pad both sides, so that frame t is centred at t * hopLength; true by default. */
  center?: boolean;
  /** The padding mode: `'reflect'` (the default), `'constant'`, `'replicate'` or `'circular'`. */
  padMode?: string;
  /** Whether to divide by the square root of the frame length; false by default. */
  normalized?: boolean;
  /** Whether to omit the half that follows from conjugate symmetry; by default true for real input. */
  onesided?: boolean | null;
  /** Whether to return a complex tensor; must be true for real input. */
  returnComplex?: boolean | null;
  /** Whether to align frames with a window shorter than `nFft`; only with `center: false`. */
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
 * @throws RuntimeError for real input without `returnComplex`, for a window of another length, and for a
 * signal that is too short for reflection padding.
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
    // A 0-d tensor is accepted as a number.
    const frame: unknown = nFft;
    const half = Math.floor((native.isTensor(frame) ? Number(native.peek(frame)) : nFft) / 2);
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

// The declaration is that of the operator; one overload has the arguments of `Tensor.stft`.
Tensor.prototype.stft = function (this: Tensor, nFft: number, ...rest: readonly unknown[]) {
  return stft(this, nFft, ...(rest as StftArguments));
};
