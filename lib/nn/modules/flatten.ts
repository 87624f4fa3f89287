/** Layers that change the shape. */

import { readOptions, checkList } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { Module } from '../module';
import { optionsRepr } from '../module-text';

/** The options of {@link Flatten}. */
export interface FlattenOptions {
  /** The first dimension to join; 1 by default, which keeps the batch dimension. */
  startDim?: number;
  /** The last dimension to join; -1 by default. */
  endDim?: number;
}

/**
 * Joins dimensions; `torch.nn.Flatten`.
 *
 * @example
 * ```ts
 * new torch.nn.Flatten()(torch.zeros(2, 3, 4)).shape; // [2, 12]
 * ```
 */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(...optional: Optional<[startDim: number, endDim: number], FlattenOptions>) {
    super();
    const names = ['startDim', 'endDim'] as const;
    const { startDim = 1, endDim = -1 } = readOptions<FlattenOptions>('Flatten', optional, names, [], 0);
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(input: Tensor): Tensor {
    checkTensors('Flatten', { input });
    return input.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return optionsRepr({ start_dim: this.startDim, end_dim: this.endDim });
  }
}

/** Splits a dimension into several; `torch.nn.Unflatten`. */
export class Unflatten extends Module {
  readonly dim: number;
  readonly unflattenedSize: Size;

  constructor(dim: number, unflattenedSize: Size) {
    super();
    checkList('Unflatten', 'unflattenedSize', unflattenedSize);
    this.dim = dim;
    this.unflattenedSize = unflattenedSize;
  }

  override forward(input: Tensor): Tensor {
    return input.unflatten(this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return optionsRepr({ dim: this.dim, unflattened_size: this.unflattenedSize });
  }
}
