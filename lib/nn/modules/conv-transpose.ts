/** Transposed convolutions: the gradients of convolutions by their input. */

import { checkList, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { listText } from '../../describe';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { ValueError } from '../../errors';
import { torchFunctions } from '../../operators';
import { sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { ConvBase } from './conv-base';
import type { FactoryOptions } from './factory';

/** The options of the transposed convolutions; a number stands for all dimensions. */
export interface ConvTransposeOptions extends FactoryOptions {
  /** The step of the kernel in the output; 1 by default. */
  stride?: number | Size;
  /** The padding of the convolution that is transposed: elements cut from both sides; 0 by default. */
  padding?: number | Size;
  /** The elements added to one side of the output; 0 by default. */
  outputPadding?: number | Size;
  /** The number of groups of channels; each group is convolved separately; 1 by default. */
  groups?: number;
  /** Whether to add a learned bias to each output channel; true by default. */
  bias?: boolean;
  /** The distance between the elements of the kernel; 1 by default. */
  dilation?: number | Size;
  /** Only `'zeros'`. */
  paddingMode?: 'zeros';
}

/** The optional arguments of a transposed convolution, in Python's order. */
export type ConvTransposeArguments = Optional<
  [
    stride: number | Size,
    padding: number | Size,
    outputPadding: number | Size,
    groups: number,
    bias: boolean,
    dilation: number | Size,
    paddingMode: 'zeros',
    device: DeviceLike | null,
    dtype: Dtype | null,
  ],
  ConvTransposeOptions
>;

/** The names of the options in Python's order. @internal */
export const CONV_TRANSPOSE_OPTIONS = [
  ...(['stride', 'padding', 'outputPadding', 'groups', 'bias'] as const),
  ...(['dilation', 'paddingMode', 'device', 'dtype'] as const),
] as const;

abstract class ConvTransposeNd extends ConvBase {
  declare readonly padding: readonly number[];

  constructor(
    rank: number,
    inChannels: number,
    outChannels: number,
    kernelSize: number | Size,
    optional: readonly unknown[],
  ) {
    const name = `ConvTranspose${rank}d`;
    const options = readOptions<ConvTransposeOptions>(name, optional, CONV_TRANSPOSE_OPTIONS, [], 3);
    super({ name, rank, inChannels, outChannels, kernelSize, isTransposed: true }, options);
  }

  /** The output padding that leads to a given size of the output, which may include batch and channels. */
  #outputPadding(input: Tensor, outputSize: Size | null): Size {
    if (outputSize === null) return this.outputPadding;
    const { kernelSize, stride, padding, dilation } = this;
    const [rank, dim] = [kernelSize.length, input.dim()];
    const name = this.constructor.name;
    checkList(name, 'outputSize', outputSize);
    const others = dim === rank + 2 ? 2 : 1;
    const wanted = outputSize.length === others + rank ? outputSize.slice(others) : outputSize;
    if (wanted.length !== rank) {
      throw new ValueError(
        `ConvTranspose${rank}D: for ${dim}D input, output_size must have ${rank} or ${others + rank} elements (got ${wanted.length})`,
      );
    }
    const spatial = input.shape.slice(others);
    const least = spatial.map(
      (size, d) => (size - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernelSize[d] - 1) + 1,
    );
    const most = least.map((size, d) => size + stride[d] - 1);
    if (wanted.some((size, d) => size < least[d] || size > most[d])) {
      throw new ValueError(
        `requested an output size of ${listText(wanted)}, but valid sizes range from ${listText(least)} to ${listText(most)} (for an input of ${sizeText(spatial)})`,
      );
    }
    return wanted.map((size, d) => size - least[d]);
  }

  /** The operator that this layer calls. */
  protected abstract readonly operator: typeof torchFunctions.convTranspose2d;

  override forward(input: Tensor, outputSize: Size | null = null): Tensor {
    checkTensors(this.constructor.name, { input });
    const { weight, bias, stride, padding, groups, dilation } = this;
    const outputPadding = this.#outputPadding(input, outputSize);
    return this.operator(input, weight, bias, stride, padding, outputPadding, groups, dilation);
  }
}

/**
 * A transposed convolution over sequences; `torch.nn.ConvTranspose1d`. Input `(N, C, L)` or `(C, L)`. A second argument
 * has the size of the output, where several are possible.
 *
 * @throws ValueError for options that contradict each other, or an output size that is not possible.
 * @example
 * ```ts
 * new torch.nn.ConvTranspose1d(1, 2, 3, { stride: 2 })(torch.ones(1, 1, 4)).shape; // [1, 2, 9]
 * ```
 */
export class ConvTranspose1d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: number | Size, ...optional: ConvTransposeArguments) {
    super(1, inChannels, outChannels, kernelSize, optional);
  }

  protected override get operator() {
    return torchFunctions.convTranspose1d;
  }
}

/**
 * A transposed convolution over images; `torch.nn.ConvTranspose2d`. Input `(N, C, H, W)` or `(C, H, W)`. A second
 * argument has the size of the output, where several are possible.
 *
 * @throws ValueError for options that contradict each other, or an output size that is not possible.
 * @example
 * ```ts
 * const up = new torch.nn.ConvTranspose2d(3, 8, 3, { stride: 2, padding: 1 });
 * up(torch.zeros(1, 3, 5, 5)).shape; // [1, 8, 9, 9]
 * up(torch.zeros(1, 3, 5, 5), [10, 10]).shape; // [1, 8, 10, 10]
 * ```
 */
export class ConvTranspose2d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: number | Size, ...optional: ConvTransposeArguments) {
    super(2, inChannels, outChannels, kernelSize, optional);
  }

  protected override get operator() {
    return torchFunctions.convTranspose2d;
  }
}

/**
 * A transposed convolution over volumes; `torch.nn.ConvTranspose3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`. A
 * second argument has the size of the output, where several are possible.
 *
 * @throws ValueError for options that contradict each other, or an output size that is not possible.
 * @example
 * ```ts
 * new torch.nn.ConvTranspose3d(1, 2, 2)(torch.ones(1, 1, 3, 3, 3)).shape; // [1, 2, 4, 4, 4]
 * ```
 */
export class ConvTranspose3d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: number | Size, ...optional: ConvTransposeArguments) {
    super(3, inChannels, outChannels, kernelSize, optional);
  }

  protected override get operator() {
    return torchFunctions.convTranspose3d;
  }
}
