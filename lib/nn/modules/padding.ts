/** Layers that pad the last dimensions. */

import { checkNumbers } from '../../arguments';
import { ValueError } from '../../errors';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { expandSize } from '../functional/sizes';
import { pad } from '../functional/windows';
import { Module } from '../module';
import { optionsRepr, pythonRepr } from '../module-text';

/** The common base: the amounts are `[left, right]` of the last dimension, then of the one before, and so on. */
abstract class PadNd extends Module {
  readonly padding: Size;

  constructor(rank: number, padding: number | Size) {
    super();
    this.padding = expandSize(new.target.name, 'padding', padding, 2 * rank);
  }

  override extraRepr(): string {
    return pythonRepr(this.padding);
  }
}

abstract class ConstantPadNd extends PadNd {
  readonly value: number;

  constructor(rank: number, padding: number | Size, value: number) {
    super(rank, padding);
    checkNumbers(new.target.name, { value });
    this.value = value;
  }

  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, 'constant', this.value);
  }

  override extraRepr(): string {
    return optionsRepr({ padding: this.padding, value: this.value });
  }
}

abstract class ReflectionPadNd extends PadNd {
  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, 'reflect');
  }
}

abstract class ReplicationPadNd extends PadNd {
  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, 'replicate');
  }
}

abstract class CircularPadNd extends PadNd {
  override forward(input: Tensor): Tensor {
    checkTensors(this.constructor.name, { input });
    const rank = this.padding.length / 2;
    const [least, most] = [rank + 1, rank + 2];
    const dim = input.dim();
    if (dim !== least && dim !== most) {
      throw new ValueError(`expected ${least}D or ${most}D input (got ${dim}D input)`);
    }
    return pad(input, this.padding, 'circular');
  }
}

/**
 * Pads with a value; `torch.nn.ConstantPad1d`. Input `(N, C, L)` or `(C, L)`; the padding is a
 * number or `[left, right]`.
 *
 * @throws TypeError for a padding with the wrong number of elements.
 * @example
 * ```ts
 * new torch.nn.ConstantPad1d([2, 1], 5)(torch.tensor([[1, 2]])); // [[5, 5, 1, 2, 5]]
 * ```
 */
export class ConstantPad1d extends ConstantPadNd {
  constructor(padding: number | Size, value: number) {
    super(1, padding, value);
  }
}

/**
 * Pads with a value; `torch.nn.ConstantPad2d`. Input `(N, C, H, W)` or `(C, H, W)`; the padding is a
 * number or `[left, right, top, bottom]`.
 *
 * @throws TypeError for a padding with the wrong number of elements.
 * @example
 * ```ts
 * new torch.nn.ConstantPad2d(1, 5)(torch.ones(1, 3, 3)).shape; // [1, 5, 5]
 * ```
 */
export class ConstantPad2d extends ConstantPadNd {
  constructor(padding: number | Size, value: number) {
    super(2, padding, value);
  }
}

/**
 * Pads with a value; `torch.nn.ConstantPad3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`; the padding is a
 * number or `[left, right, top, bottom, front, back]`.
 *
 * @throws TypeError for a padding with the wrong number of elements.
 * @example
 * ```ts
 * new torch.nn.ConstantPad3d(1, 5)(torch.ones(1, 3, 3, 3)).shape; // [1, 5, 5, 5]
 * ```
 */
export class ConstantPad3d extends ConstantPadNd {
  constructor(padding: number | Size, value: number) {
    super(3, padding, value);
  }
}

/**
 * Pads with zeros; `torch.nn.ZeroPad1d`. Input `(N, C, L)` or `(C, L)`; the padding is a
 * number or `[left, right]`.
 *
 * @throws TypeError for a padding with the wrong number of elements.
 * @example
 * ```ts
 * new torch.nn.ZeroPad1d([2, 1])(torch.tensor([[1, 2]])); // [[0, 0, 1, 2, 0]]
 * ```
 */
export class ZeroPad1d extends ConstantPad1d {
  constructor(padding: number | Size) {
    super(padding, 0);
  }

  override extraRepr(): string {
    return pythonRepr(this.padding);
  }
}

/**
 * Pads with zeros; `torch.nn.ZeroPad2d`. Input `(N, C, H, W)` or `(C, H, W)`; the padding is a
 * number or `[left, right, top, bottom]`.
 *
 * @throws TypeError for a padding with the wrong number of elements.
 * @example
 * ```ts
 * new torch.nn.ZeroPad2d(1)(torch.ones(1, 3, 3)).shape; // [1, 5, 5]
 * ```
 */
export class ZeroPad2d extends ConstantPad2d {
  constructor(padding: number | Size) {
    super(padding, 0);
  }

  override extraRepr(): string {
    return pythonRepr(this.padding);
  }
}

/**
 * Pads with zeros; `torch.nn.ZeroPad3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`; the padding is a
 * number or `[left, right, top, bottom, front, back]`.
 *
 * @throws TypeError for a padding with the wrong number of elements.
 * @example
 * ```ts
 * new torch.nn.ZeroPad3d(1)(torch.ones(1, 3, 3, 3)).shape; // [1, 5, 5, 5]
 * ```
 */
export class ZeroPad3d extends ConstantPad3d {
  constructor(padding: number | Size) {
    super(padding, 0);
  }

  override extraRepr(): string {
    return pythonRepr(this.padding);
  }
}

/**
 * Pads with the reflection of the input; `torch.nn.ReflectionPad1d`. Input `(N, C, L)` or `(C, L)`; the padding is a
 * number or `[left, right]`.
 *
 * @throws TypeError for a padding with the wrong number of elements; RuntimeError
 * for one that is not smaller than the input.
 * @example
 * ```ts
 * new torch.nn.ReflectionPad1d(2)(torch.tensor([[1, 2, 3]])); // [[3, 2, 1, 2, 3, 2, 1]]
 * ```
 */
export class ReflectionPad1d extends ReflectionPadNd {
  constructor(padding: number | Size) {
    super(1, padding);
  }
}

/**
 * Pads with the reflection of the input; `torch.nn.ReflectionPad2d`. Input `(N, C, H, W)` or `(C, H, W)`; the padding is a
 * number or `[left, right, top, bottom]`.
 *
 * @throws TypeError for a padding with the wrong number of elements; RuntimeError
 * for one that is not smaller than the input.
 * @example
 * ```ts
 * new torch.nn.ReflectionPad2d(1)(torch.ones(1, 3, 3)).shape; // [1, 5, 5]
 * ```
 */
export class ReflectionPad2d extends ReflectionPadNd {
  constructor(padding: number | Size) {
    super(2, padding);
  }
}

/**
 * Pads with the reflection of the input; `torch.nn.ReflectionPad3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`; the padding is a
 * number or `[left, right, top, bottom, front, back]`.
 *
 * @throws TypeError for a padding with the wrong number of elements; RuntimeError
 * for one that is not smaller than the input.
 * @example
 * ```ts
 * new torch.nn.ReflectionPad3d(1)(torch.ones(1, 3, 3, 3)).shape; // [1, 5, 5, 5]
 * ```
 */
export class ReflectionPad3d extends ReflectionPadNd {
  constructor(padding: number | Size) {
    super(3, padding);
  }
}

/**
 * Pads with the nearest element of the input; `torch.nn.ReplicationPad1d`. Input `(N, C, L)` or `(C, L)`; the padding is a
 * number or `[left, right]`.
 *
 * @throws TypeError for a padding with the wrong number of elements.
 * @example
 * ```ts
 * new torch.nn.ReplicationPad1d(2)(torch.tensor([[1, 2, 3]])); // [[1, 1, 1, 2, 3, 3, 3]]
 * ```
 */
export class ReplicationPad1d extends ReplicationPadNd {
  constructor(padding: number | Size) {
    super(1, padding);
  }
}

/**
 * Pads with the nearest element of the input; `torch.nn.ReplicationPad2d`. Input `(N, C, H, W)` or `(C, H, W)`; the padding is a
 * number or `[left, right, top, bottom]`.
 *
 * @throws TypeError for a padding with the wrong number of elements.
 * @example
 * ```ts
 * new torch.nn.ReplicationPad2d(1)(torch.ones(1, 3, 3)).shape; // [1, 5, 5]
 * ```
 */
export class ReplicationPad2d extends ReplicationPadNd {
  constructor(padding: number | Size) {
    super(2, padding);
  }
}

/**
 * Pads with the nearest element of the input; `torch.nn.ReplicationPad3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`; the padding is a
 * number or `[left, right, top, bottom, front, back]`.
 *
 * @throws TypeError for a padding with the wrong number of elements.
 * @example
 * ```ts
 * new torch.nn.ReplicationPad3d(1)(torch.ones(1, 3, 3, 3)).shape; // [1, 5, 5, 5]
 * ```
 */
export class ReplicationPad3d extends ReplicationPadNd {
  constructor(padding: number | Size) {
    super(3, padding);
  }
}

/**
 * Pads with the opposite end of the input; `torch.nn.CircularPad1d`. Input `(N, C, L)` or `(C, L)`; the padding is a
 * number or `[left, right]`.
 *
 * @throws TypeError for a padding with the wrong number of elements; ValueError for
 * an input with another number of dimensions.
 * @example
 * ```ts
 * new torch.nn.CircularPad1d(2)(torch.tensor([[1, 2, 3]])); // [[2, 3, 1, 2, 3, 1, 2]]
 * ```
 */
export class CircularPad1d extends CircularPadNd {
  constructor(padding: number | Size) {
    super(1, padding);
  }
}

/**
 * Pads with the opposite end of the input; `torch.nn.CircularPad2d`. Input `(N, C, H, W)` or `(C, H, W)`; the padding is a
 * number or `[left, right, top, bottom]`.
 *
 * @throws TypeError for a padding with the wrong number of elements; ValueError for
 * an input with another number of dimensions.
 * @example
 * ```ts
 * new torch.nn.CircularPad2d(1)(torch.ones(1, 3, 3)).shape; // [1, 5, 5]
 * ```
 */
export class CircularPad2d extends CircularPadNd {
  constructor(padding: number | Size) {
    super(2, padding);
  }
}

/**
 * Pads with the opposite end of the input; `torch.nn.CircularPad3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`; the padding is a
 * number or `[left, right, top, bottom, front, back]`.
 *
 * @throws TypeError for a padding with the wrong number of elements; ValueError for
 * an input with another number of dimensions.
 * @example
 * ```ts
 * new torch.nn.CircularPad3d(1)(torch.ones(1, 3, 3, 3)).shape; // [1, 5, 5, 5]
 * ```
 */
export class CircularPad3d extends CircularPadNd {
  constructor(padding: number | Size) {
    super(3, padding);
  }
}
