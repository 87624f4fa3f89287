/** Padding, and sliding windows of images as columns. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { nnFunctionalFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import { expandSize } from './sizes';

/** The source of the elements that {@link pad} adds. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** The options of {@link pad}. */
export interface PadOptions {
  /** The source of the added elements; `'constant'` by default. */
  mode?: PadMode;
  /** The value for mode `'constant'`; 0 by default. */
  value?: number | null;
}

/**
 * Adds elements at the ends of dimensions, or removes them; `torch.nn.functional.pad`. `padding` is
 * `[left, right]` of the last dimension, then of the previous one, and so on; negative numbers remove. Any
 * shape and dtype with `'constant'`; other modes pad the last 1 to 3 dimensions of 2-D to 5-D inputs.
 *
 * @throws RuntimeError for an odd number of paddings or too many paddings;
 * NotImplementedError for a mode that does not exist or cannot pad these dimensions.
 * @example
 * ```ts
 * torch.nn.functional.pad(torch.ones(2, 2), [1, 1]).shape; // [2, 4]
 * torch.nn.functional.pad(torch.tensor([[1, 2, 3]]), [1, 2], { mode: 'reflect' }); // [[2, 1, 2, 3, 2, 1]]
 * ```
 */
export function pad(
  input: Tensor,
  padding: Size,
  ...optional: Optional<[mode: PadMode, value: number | null], PadOptions>
): Tensor {
  const { mode = 'constant', value = null } = readOptions<PadOptions>('pad', optional, ['mode', 'value'], [], 2);
  return nnFunctionalFunctions.pad(input, padding, mode, value);
}

/** The options of {@link unfold} and {@link fold}. */
export interface UnfoldOptions {
  /** The step between elements of the window; 1 by default. */
  dilation?: number | Size;
  /** The number of zeros at each end; 0 by default. */
  padding?: number | Size;
  /** The step of the window; 1 by default. */
  stride?: number | Size;
}

type Unfold = Optional<[dilation: number | Size, padding: number | Size, stride: number | Size], UnfoldOptions>;

type Pairs = [dilation: number[], padding: number[], stride: number[]];

function readPairs(func: string, given: Unfold, required: number): Pairs {
  const options = readOptions<UnfoldOptions>(func, given, ['dilation', 'padding', 'stride'], [], required);
  return [
    expandSize(func, 'dilation', options.dilation ?? 1, 2),
    expandSize(func, 'padding', options.padding ?? 0, 2),
    expandSize(func, 'stride', options.stride ?? 1, 2),
  ];
}

/**
 * The windows of images as columns; `torch.nn.functional.unfold`. Shape `(N, C, H, W)` or `(C, H, W)`; the
 * result is `(N, C * kh * kw, L)` for L windows.
 *
 * @throws RuntimeError for windows that do not match the shape.
 * @example
 * ```ts
 * torch.nn.functional.unfold(torch.randn(1, 3, 8, 8), 2, { stride: 2 }).shape; // [1, 12, 16]
 * ```
 */
export function unfold(input: Tensor, kernelSize: number | Size, ...optional: Unfold): Tensor {
  const pairs = readPairs('unfold', optional, 2);
  return nnFunctionalFunctions.im2col(input, expandSize('unfold', 'kernelSize', kernelSize, 2), ...pairs);
}

/**
 * Sums columns back into images, the adjoint of {@link unfold}; `torch.nn.functional.fold`.
 * Shape `(N, C * kh * kw, L)` or `(C * kh * kw, L)`; the result is `(N, C, ...outputSize)`.
 *
 * @throws RuntimeError for windows that do not match the shape.
 * @example
 * ```ts
 * const { fold, unfold } = torch.nn.functional;
 * const columns = unfold(torch.ones(1, 1, 4, 4), 2, { stride: 2 });
 * fold(columns, 4, 2, { stride: 2 }).shape; // [1, 1, 4, 4]
 * ```
 */
export function fold(input: Tensor, outputSize: number | Size, kernelSize: number | Size, ...optional: Unfold): Tensor {
  const pairs = readPairs('fold', optional, 3);
  const size = expandSize('fold', 'outputSize', outputSize, 2);
  return nnFunctionalFunctions.col2im(input, size, expandSize('fold', 'kernelSize', kernelSize, 2), ...pairs);
}
