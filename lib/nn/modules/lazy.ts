/** Lazy layers: the number of input features or channels comes from the first call. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { tensor } from '../../creation';
import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { RuntimeError, ValueError } from '../../errors';
import { sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';
import type { Module } from '../module';
import type { Parameter } from '../parameter';
import { UninitializedBuffer, UninitializedParameter } from '../uninitialized';
import type { UninitializedOptions } from '../uninitialized';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './batch-norm';
import { CONV_OPTIONS, Conv1d, Conv2d, Conv3d } from './conv';
import type { ConvArguments, ConvOptions } from './conv';
import type { ConvBase } from './conv-base';
import { CONV_TRANSPOSE_OPTIONS, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv-transpose';
import type { ConvTransposeArguments, ConvTransposeOptions } from './conv-transpose';
import { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from './instance-norm';
import { lazy } from './lazy-base';
import { Linear } from './linear';
import type { LinearOptions } from './linear';
import type { ChannelNorm, ChannelNormArguments, ChannelNormOptions } from './norm-base';
import { CHANNEL_NORM_OPTIONS } from './norm-base';

/** Gives a parameter or buffer its shape, if it exists and has none yet. */
function give(value: Tensor | null, shape: Size): void {
  if (value instanceof UninitializedParameter || value instanceof UninitializedBuffer) value.materialize(shape);
}

/** Replaces the weight of a layer that was constructed for no inputs, and the bias that was left out. */
function forget(layer: { weight: Parameter; bias: Parameter | null }, bias: boolean, factory: UninitializedOptions) {
  layer.weight = new UninitializedParameter(factory);
  if (bias) layer.bias = new UninitializedParameter(factory);
}

const LazyLinearBase = lazy<Linear>(
  Linear,
  'inFeatures',
  (_, input) => input.size(-1),
  (layer) => {
    give(layer.weight, [layer.outFeatures, layer.inFeatures]);
    give(layer.bias, [layer.outFeatures]);
  },
);

/**
 * A {@link Linear} layer whose number of inputs is the last size of the input of its first call;
 * `torch.nn.LazyLinear`. In this call it becomes a {@link Linear}.
 *
 * @example
 * ```ts
 * const layer = new torch.nn.LazyLinear(3);
 * layer(torch.ones(5, 2)).shape; // [5, 3]
 * layer.weight.shape; // [3, 2]
 * layer.constructor.name; // 'Linear'
 * ```
 */
export class LazyLinear extends LazyLinearBase {
  constructor(
    outFeatures: number,
    ...optional: Optional<[bias: boolean, device: DeviceLike | null, dtype: Dtype | null], LinearOptions>
  ) {
    const names = ['bias', 'device', 'dtype'] as const;
    const { bias = true, ...factory } = readOptions<LinearOptions>('LazyLinear', optional, names);
    super(0, 0, { bias: false, ...factory });
    Object.assign(this, { outFeatures });
    forget(this, bias, factory);
  }
}

function channelsOf(layer: ConvBase, input: Tensor): number {
  const [unbatched, batched] = [layer.kernelSize.length + 1, layer.kernelSize.length + 2];
  const dim = input.dim();
  if (dim !== unbatched && dim !== batched) {
    throw new RuntimeError(
      `Expected ${unbatched}D (unbatched) or ${batched}D (batched) input to ${layer.constructor.name}, but got input of size: ${sizeText(input.shape)}`,
    );
  }
  const channels = input.size(dim - unbatched);
  if (channels % layer.groups !== 0) throw new ValueError('in_channels must be divisible by groups');
  return channels;
}

/** Leaves the parameters of a convolution without inputs and outputs to the first call. */
function becomeLazy(layer: ConvBase, outChannels: number, options: ConvOptions | ConvTransposeOptions): void {
  const { bias = true, device, dtype } = options;
  Object.assign(layer, { outChannels });
  forget(layer, bias, { device, dtype });
}

function giveConvShapes(layer: ConvBase): void {
  give(layer.weight, layer.weightShape());
  give(layer.bias, [layer.outChannels]);
}

const LazyConv1dBase = lazy<Conv1d>(Conv1d, 'inChannels', channelsOf, giveConvShapes);

/**
 * A {@link Conv1d} whose number of input channels comes from its first call, in which it becomes a {@link Conv1d};
 * `torch.nn.LazyConv1d`. Input `(N, C, L)` or `(C, L)`.
 *
 * @throws ValueError for options that contradict each other; RuntimeError in a call for an input with another number of
 * dimensions.
 * @example
 * ```ts
 * const layer = new torch.nn.LazyConv1d(4, 2);
 * layer(torch.ones(1, 3, 8));
 * layer.weight.shape; // [4, 3, 2]
 * ```
 */
export class LazyConv1d extends LazyConv1dBase {
  constructor(outChannels: number, kernelSize: number | Size, ...optional: ConvArguments) {
    const options = readOptions<ConvOptions>('LazyConv1d', optional, CONV_OPTIONS, [], 2);
    super(0, 0, kernelSize, { ...options, bias: false });
    becomeLazy(this, outChannels, options);
  }
}

const LazyConv2dBase = lazy<Conv2d>(Conv2d, 'inChannels', channelsOf, giveConvShapes);

/**
 * A {@link Conv2d} whose number of input channels comes from its first call, in which it becomes a {@link Conv2d};
 * `torch.nn.LazyConv2d`. Input `(N, C, H, W)` or `(C, H, W)`.
 *
 * @throws ValueError for options that contradict each other; RuntimeError in a call for an input with another number of
 * dimensions.
 * @example
 * ```ts
 * const layer = new torch.nn.LazyConv2d(4, 2);
 * layer(torch.ones(1, 3, 8, 8));
 * layer.weight.shape; // [4, 3, 2, 2]
 * ```
 */
export class LazyConv2d extends LazyConv2dBase {
  constructor(outChannels: number, kernelSize: number | Size, ...optional: ConvArguments) {
    const options = readOptions<ConvOptions>('LazyConv2d', optional, CONV_OPTIONS, [], 2);
    super(0, 0, kernelSize, { ...options, bias: false });
    becomeLazy(this, outChannels, options);
  }
}

const LazyConv3dBase = lazy<Conv3d>(Conv3d, 'inChannels', channelsOf, giveConvShapes);

/**
 * A {@link Conv3d} whose number of input channels comes from its first call, in which it becomes a {@link Conv3d};
 * `torch.nn.LazyConv3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`.
 *
 * @throws ValueError for options that contradict each other; RuntimeError in a call for an input with another number of
 * dimensions.
 * @example
 * ```ts
 * const layer = new torch.nn.LazyConv3d(4, 2);
 * layer(torch.ones(1, 3, 8, 8, 8));
 * layer.weight.shape; // [4, 3, 2, 2, 2]
 * ```
 */
export class LazyConv3d extends LazyConv3dBase {
  constructor(outChannels: number, kernelSize: number | Size, ...optional: ConvArguments) {
    const options = readOptions<ConvOptions>('LazyConv3d', optional, CONV_OPTIONS, [], 2);
    super(0, 0, kernelSize, { ...options, bias: false });
    becomeLazy(this, outChannels, options);
  }
}

const LazyConvTranspose1dBase = lazy<ConvTranspose1d>(ConvTranspose1d, 'inChannels', channelsOf, giveConvShapes);

/**
 * A {@link ConvTranspose1d} whose number of input channels comes from its first call, in which it becomes a {@link ConvTranspose1d};
 * `torch.nn.LazyConvTranspose1d`. Input `(N, C, L)` or `(C, L)`.
 *
 * @throws ValueError for options that contradict each other; RuntimeError in a call for an input with another number of
 * dimensions.
 * @example
 * ```ts
 * const layer = new torch.nn.LazyConvTranspose1d(4, 2);
 * layer(torch.ones(1, 3, 8));
 * layer.weight.shape; // [3, 4, 2]
 * ```
 */
export class LazyConvTranspose1d extends LazyConvTranspose1dBase {
  constructor(outChannels: number, kernelSize: number | Size, ...optional: ConvTransposeArguments) {
    const options = readOptions<ConvTransposeOptions>('LazyConvTranspose1d', optional, CONV_TRANSPOSE_OPTIONS, [], 2);
    super(0, 0, kernelSize, { ...options, bias: false });
    becomeLazy(this, outChannels, options);
  }
}

const LazyConvTranspose2dBase = lazy<ConvTranspose2d>(ConvTranspose2d, 'inChannels', channelsOf, giveConvShapes);

/**
 * A {@link ConvTranspose2d} whose number of input channels comes from its first call, in which it becomes a {@link ConvTranspose2d};
 * `torch.nn.LazyConvTranspose2d`. Input `(N, C, H, W)` or `(C, H, W)`.
 *
 * @throws ValueError for options that contradict each other; RuntimeError in a call for an input with another number of
 * dimensions.
 * @example
 * ```ts
 * const layer = new torch.nn.LazyConvTranspose2d(4, 2);
 * layer(torch.ones(1, 3, 8, 8));
 * layer.weight.shape; // [3, 4, 2, 2]
 * ```
 */
export class LazyConvTranspose2d extends LazyConvTranspose2dBase {
  constructor(outChannels: number, kernelSize: number | Size, ...optional: ConvTransposeArguments) {
    const options = readOptions<ConvTransposeOptions>('LazyConvTranspose2d', optional, CONV_TRANSPOSE_OPTIONS, [], 2);
    super(0, 0, kernelSize, { ...options, bias: false });
    becomeLazy(this, outChannels, options);
  }
}

const LazyConvTranspose3dBase = lazy<ConvTranspose3d>(ConvTranspose3d, 'inChannels', channelsOf, giveConvShapes);

/**
 * A {@link ConvTranspose3d} whose number of input channels comes from its first call, in which it becomes a {@link ConvTranspose3d};
 * `torch.nn.LazyConvTranspose3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`.
 *
 * @throws ValueError for options that contradict each other; RuntimeError in a call for an input with another number of
 * dimensions.
 * @example
 * ```ts
 * const layer = new torch.nn.LazyConvTranspose3d(4, 2);
 * layer(torch.ones(1, 3, 8, 8, 8));
 * layer.weight.shape; // [3, 4, 2, 2, 2]
 * ```
 */
export class LazyConvTranspose3d extends LazyConvTranspose3dBase {
  constructor(outChannels: number, kernelSize: number | Size, ...optional: ConvTransposeArguments) {
    const options = readOptions<ConvTransposeOptions>('LazyConvTranspose3d', optional, CONV_TRANSPOSE_OPTIONS, [], 2);
    super(0, 0, kernelSize, { ...options, bias: false });
    becomeLazy(this, outChannels, options);
  }
}

function giveNormShapes(layer: ChannelNorm): void {
  const { weight, bias, runningMean, runningVar, numFeatures } = layer;
  for (const value of [weight, bias, runningMean, runningVar]) give(value, [numFeatures]);
}

/** The options of a norm that is constructed without parameters and statistics. */
function withoutState({
  affine: _,
  trackRunningStats: __,
  bias: ___,
  ...options
}: ChannelNormOptions): ChannelNormOptions {
  return { ...options, affine: false, trackRunningStats: false };
}

/** Leaves the parameters and statistics of a norm to the first call. */
function becomeLazyNorm(layer: ChannelNorm & Module, options: ChannelNormOptions): void {
  const { affine = true, trackRunningStats = true, bias = true, device, dtype } = options;
  Object.assign(layer, { affine, trackRunningStats });
  if (affine) layer.weight = new UninitializedParameter({ device, dtype });
  if (affine && bias) layer.bias = new UninitializedParameter({ device, dtype });
  if (!trackRunningStats) return;
  layer.runningMean = new UninitializedBuffer({ device, dtype });
  layer.runningVar = new UninitializedBuffer({ device, dtype });
  layer.numBatchesTracked = tensor(0, { dtype: 'int64', device });
}

const LazyBatchNorm1dBase = lazy<BatchNorm1d>(BatchNorm1d, 'numFeatures', (_, input) => input.size(1), giveNormShapes);

/**
 * A {@link BatchNorm1d} whose number of channels comes from its first call, in which it becomes a {@link BatchNorm1d};
 * `torch.nn.LazyBatchNorm1d`. Input `(N, C)` or `(N, C, L)`. By default it is affine and has running statistics.
 *
 * @throws ValueError in a call for an input with another number of dimensions.
 * @example
 * ```ts
 * const norm = new torch.nn.LazyBatchNorm1d();
 * norm(torch.randn(2, 3));
 * norm.runningMean!.shape; // [3]
 * ```
 */
export class LazyBatchNorm1d extends LazyBatchNorm1dBase {
  constructor(...optional: ChannelNormArguments) {
    const options = readOptions<ChannelNormOptions>('LazyBatchNorm1d', optional, CHANNEL_NORM_OPTIONS, ['bias'], 0);
    super(0, withoutState(options));
    becomeLazyNorm(this, options);
  }
}

const LazyBatchNorm2dBase = lazy<BatchNorm2d>(BatchNorm2d, 'numFeatures', (_, input) => input.size(1), giveNormShapes);

/**
 * A {@link BatchNorm2d} whose number of channels comes from its first call, in which it becomes a {@link BatchNorm2d};
 * `torch.nn.LazyBatchNorm2d`. Input `(N, C, H, W)`. By default it is affine and has running statistics.
 *
 * @throws ValueError in a call for an input with another number of dimensions.
 * @example
 * ```ts
 * const norm = new torch.nn.LazyBatchNorm2d();
 * norm(torch.randn(2, 3, 4, 4));
 * norm.runningMean!.shape; // [3]
 * ```
 */
export class LazyBatchNorm2d extends LazyBatchNorm2dBase {
  constructor(...optional: ChannelNormArguments) {
    const options = readOptions<ChannelNormOptions>('LazyBatchNorm2d', optional, CHANNEL_NORM_OPTIONS, ['bias'], 0);
    super(0, withoutState(options));
    becomeLazyNorm(this, options);
  }
}

const LazyBatchNorm3dBase = lazy<BatchNorm3d>(BatchNorm3d, 'numFeatures', (_, input) => input.size(1), giveNormShapes);

/**
 * A {@link BatchNorm3d} whose number of channels comes from its first call, in which it becomes a {@link BatchNorm3d};
 * `torch.nn.LazyBatchNorm3d`. Input `(N, C, D, H, W)`. By default it is affine and has running statistics.
 *
 * @throws ValueError in a call for an input with another number of dimensions.
 * @example
 * ```ts
 * const norm = new torch.nn.LazyBatchNorm3d();
 * norm(torch.randn(2, 3, 4, 4, 4));
 * norm.runningMean!.shape; // [3]
 * ```
 */
export class LazyBatchNorm3d extends LazyBatchNorm3dBase {
  constructor(...optional: ChannelNormArguments) {
    const options = readOptions<ChannelNormOptions>('LazyBatchNorm3d', optional, CHANNEL_NORM_OPTIONS, ['bias'], 0);
    super(0, withoutState(options));
    becomeLazyNorm(this, options);
  }
}

const LazyInstanceNorm1dBase = lazy<InstanceNorm1d>(
  InstanceNorm1d,
  'numFeatures',
  (_, input) => input.size(input.dim() - 2),
  giveNormShapes,
);

/**
 * A {@link InstanceNorm1d} whose number of channels comes from its first call, in which it becomes a {@link InstanceNorm1d};
 * `torch.nn.LazyInstanceNorm1d`. Input `(N, C, L)` or `(C, L)`. By default it is affine and has running statistics.
 *
 * @throws ValueError in a call for an input with another number of dimensions.
 * @example
 * ```ts
 * const norm = new torch.nn.LazyInstanceNorm1d({ affine: true });
 * norm(torch.randn(2, 3, 4));
 * norm.weight!.shape; // [3]
 * ```
 */
export class LazyInstanceNorm1d extends LazyInstanceNorm1dBase {
  constructor(...optional: ChannelNormArguments) {
    const options = readOptions<ChannelNormOptions>('LazyInstanceNorm1d', optional, CHANNEL_NORM_OPTIONS, ['bias'], 0);
    super(0, withoutState(options));
    becomeLazyNorm(this, options);
  }
}

const LazyInstanceNorm2dBase = lazy<InstanceNorm2d>(
  InstanceNorm2d,
  'numFeatures',
  (_, input) => input.size(input.dim() - 3),
  giveNormShapes,
);

/**
 * A {@link InstanceNorm2d} whose number of channels comes from its first call, in which it becomes a {@link InstanceNorm2d};
 * `torch.nn.LazyInstanceNorm2d`. Input `(N, C, H, W)` or `(C, H, W)`. By default it is affine and has running statistics.
 *
 * @throws ValueError in a call for an input with another number of dimensions.
 * @example
 * ```ts
 * const norm = new torch.nn.LazyInstanceNorm2d({ affine: true });
 * norm(torch.randn(2, 3, 4, 4));
 * norm.weight!.shape; // [3]
 * ```
 */
export class LazyInstanceNorm2d extends LazyInstanceNorm2dBase {
  constructor(...optional: ChannelNormArguments) {
    const options = readOptions<ChannelNormOptions>('LazyInstanceNorm2d', optional, CHANNEL_NORM_OPTIONS, ['bias'], 0);
    super(0, withoutState(options));
    becomeLazyNorm(this, options);
  }
}

const LazyInstanceNorm3dBase = lazy<InstanceNorm3d>(
  InstanceNorm3d,
  'numFeatures',
  (_, input) => input.size(input.dim() - 4),
  giveNormShapes,
);

/**
 * A {@link InstanceNorm3d} whose number of channels comes from its first call, in which it becomes a {@link InstanceNorm3d};
 * `torch.nn.LazyInstanceNorm3d`. Input `(N, C, D, H, W)` or `(C, D, H, W)`. By default it is affine and has running statistics.
 *
 * @throws ValueError in a call for an input with another number of dimensions.
 * @example
 * ```ts
 * const norm = new torch.nn.LazyInstanceNorm3d({ affine: true });
 * norm(torch.randn(2, 3, 4, 4, 4));
 * norm.weight!.shape; // [3]
 * ```
 */
export class LazyInstanceNorm3d extends LazyInstanceNorm3dBase {
  constructor(...optional: ChannelNormArguments) {
    const options = readOptions<ChannelNormOptions>('LazyInstanceNorm3d', optional, CHANNEL_NORM_OPTIONS, ['bias'], 0);
    super(0, withoutState(options));
    becomeLazyNorm(this, options);
  }
}
