/** Sliding windows of images as columns, and back. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import { fold, unfold } from '../functional/windows';
import type { UnfoldOptions } from '../functional/windows';
import { Module } from '../module';
import { optionsRepr } from '../module-text';

type WindowArguments = Optional<
  [dilation: number | Size, padding: number | Size, stride: number | Size],
  UnfoldOptions
>;

/** The common base: windows of one size, dilation, padding and stride. */
abstract class Windows extends Module {
  readonly dilation: number | Size;
  readonly padding: number | Size;
  readonly stride: number | Size;

  constructor(
    readonly kernelSize: number | Size,
    optional: WindowArguments,
    required: number,
  ) {
    super();
    const names = ['dilation', 'padding', 'stride'] as const;
    const options = readOptions<UnfoldOptions>(new.target.name, optional, names, [], required);
    this.dilation = options.dilation ?? 1;
    this.padding = options.padding ?? 0;
    this.stride = options.stride ?? 1;
  }

  override extraRepr(): string {
    const { kernelSize, dilation, padding, stride } = this;
    return optionsRepr({ kernel_size: kernelSize, dilation, padding, stride });
  }
}

/**
 * The windows of images as columns; `torch.nn.Unfold`. Input `(N, C, H, W)` or `(C, H, W)`, output
 * `(N, C * kh * kw, L)` for L windows.
 *
 * @throws RuntimeError for windows that do not match the input.
 * @example
 * ```ts
 * new torch.nn.Unfold(2, { stride: 2 })(torch.ones(1, 3, 8, 8)).shape; // [1, 12, 16]
 * ```
 */
export class Unfold extends Windows {
  constructor(kernelSize: number | Size, ...optional: WindowArguments) {
    super(kernelSize, optional, 1);
  }

  override forward(input: Tensor): Tensor {
    return unfold(input, this.kernelSize, this.dilation, this.padding, this.stride);
  }
}

/**
 * Sums columns back into images, the adjoint of {@link Unfold}; `torch.nn.Fold`. Input `(N, C * kh * kw, L)` or
 * `(C * kh * kw, L)`, output `(N, C, ...outputSize)`.
 *
 * @throws RuntimeError for windows that do not match the input.
 * @example
 * ```ts
 * new torch.nn.Fold(4, 2, { stride: 2 })(torch.ones(1, 12, 4)).shape; // [1, 3, 4, 4]
 * ```
 */
export class Fold extends Windows {
  readonly outputSize: number | Size;

  constructor(outputSize: number | Size, kernelSize: number | Size, ...optional: WindowArguments) {
    super(kernelSize, optional, 2);
    this.outputSize = outputSize;
  }

  override forward(input: Tensor): Tensor {
    return fold(input, this.outputSize, this.kernelSize, this.dilation, this.padding, this.stride);
  }

  override extraRepr(): string {
    return `${optionsRepr({ output_size: this.outputSize })}, ${super.extraRepr()}`;
  }
}
