/** The layers of `torch.nn`. */

export {
  CELU,
  ELU,
  GELU,
  GLU,
  Hardtanh,
  LeakyReLU,
  LogSigmoid,
  LogSoftmax,
  PReLU,
  RReLU,
  Sigmoid,
  Softmax,
  Softmin,
  Softplus,
  Softsign,
  Tanh,
  Tanhshrink,
  Threshold,
} from './activations';
export type {
  EluOptions,
  GeluApproximation,
  HardtanhLayerOptions,
  LeakyReLUOptions,
  PReLUOptions,
  RReLUOptions,
  SoftmaxLayerOptions,
  SoftplusOptions,
} from './activations';
export { Hardsigmoid, Hardswish, Mish, ReLU, ReLU6, SELU, SiLU } from './activations-inplace';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './batch-norm';
export { ModuleDict, ModuleList, Sequential } from './containers';
export { Conv1d, Conv2d, Conv3d } from './conv';
export type { ConvOptions, PaddingMode } from './conv';
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from './dropout';
export type { DropoutLayerOptions } from './dropout';
export { Embedding } from './embedding';
export type { EmbeddingLayerOptions, PretrainedOptions } from './embedding';
export { Flatten, Unflatten } from './flatten';
export type { FlattenOptions } from './flatten';
export { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from './instance-norm';
export { Bilinear, Identity, Linear } from './linear';
export type { LinearOptions } from './linear';
export {
  BCELoss,
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
} from './loss';
export type {
  BCELayerOptions,
  BCEWithLogitsLayerOptions,
  CrossEntropyLayerOptions,
  HuberLayerOptions,
  KLDivLayerOptions,
  NLLLayerOptions,
  SmoothL1LayerOptions,
} from './loss';
export type { ChannelNormOptions } from './norm-base';
export { GroupNorm, LayerNorm, RMSNorm } from './normalization';
export type { GroupNormOptions, LayerNormOptions, RMSNormOptions } from './normalization';
export type { FactoryOptions } from './factory';
export { AdaptiveAvgPool1d, AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d } from './pooling';
export type { AvgPoolLayerOptions, MaxPoolLayerOptions } from './pooling';
