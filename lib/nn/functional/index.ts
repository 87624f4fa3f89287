/**
 * `torch.nn.functional`. Functions that torch/nn/functional.py takes unchanged from operators come from the
 * generated list. Functions that it writes in Python are exported here and replace operators of the same
 * name.
 *
 * Not available: `scaled_mm`, `scaled_grouped_mm`, `ScalingType` and `SwizzleType`, which need float8 tensors,
 * and `assert_int_or_pair`, a helper of TorchScript.
 */

export * from '../../generated/nn-functional';
export {
  relu,
  relu6,
  selu,
  silu,
  mish,
  hardswish,
  hardsigmoid,
  elu,
  celu,
  leakyRelu,
  rrelu,
  hardtanh,
  threshold,
  glu,
  tanhshrink,
  softsign,
  tanh,
  sigmoid,
} from './activations';
export type { InplaceOptions, AlphaOptions, LeakyReluOptions, RreluOptions, HardtanhOptions } from './activations';
export { softmax, softmin, logSoftmax, gumbelSoftmax } from './softmax';
export type { SoftmaxOptions, GumbelSoftmaxOptions } from './softmax';
export { dropout, alphaDropout, featureAlphaDropout, dropout1d, dropout2d, dropout3d } from './dropout';
export type { DropoutOptions } from './dropout';
export { embedding, embeddingBag } from './embedding';
export type { EmbeddingOptions, EmbeddingBagMode, EmbeddingBagOptions } from './embedding';
export { batchNorm, instanceNorm, layerNorm, groupNorm, rmsNorm, localResponseNorm, normalize } from './normalization';
export type {
  BatchNormOptions,
  InstanceNormOptions,
  AffineNormOptions,
  RmsNormOptions,
  LocalResponseNormOptions,
  NormalizeOptions,
} from './normalization';
export { groupedMm } from './linear';
export type { GroupedMmOptions } from './linear';
export { multiHeadAttentionForward } from './attention';
export type { MultiHeadAttentionOptions } from './attention';
export {
  crossEntropy,
  nllLoss,
  linearCrossEntropy,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  ctcLoss,
  multilabelMarginLoss,
  softMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
} from './loss-classification';
export type {
  NllLossOptions,
  CrossEntropyOptions,
  LinearCrossEntropyOptions,
  WeightedLossOptions,
  BinaryCrossEntropyWithLogitsOptions,
  CtcLossOptions,
  MultiMarginLossOptions,
} from './loss-classification';
export {
  marginRankingLoss,
  hingeEmbeddingLoss,
  cosineEmbeddingLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from './loss-ranking';
export type { MarginLossOptions, TripletMarginLossOptions, TripletMarginWithDistanceLossOptions } from './loss-ranking';
export { mseLoss, l1Loss, smoothL1Loss, huberLoss, poissonNllLoss, gaussianNllLoss, klDiv } from './loss-regression';
export type {
  ElementLossOptions,
  SmoothL1LossOptions,
  HuberLossOptions,
  PoissonNllLossOptions,
  GaussianNllLossOptions,
  KlDivOptions,
} from './loss-regression';
export type { Reduction, ReductionOptions } from './reduction';
export {
  maxPool1dWithIndices,
  maxPool2dWithIndices,
  maxPool3dWithIndices,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  adaptiveMaxPool1dWithIndices,
  adaptiveMaxPool2dWithIndices,
  adaptiveMaxPool3dWithIndices,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
} from './pooling-max';
export type {
  MaxPoolOptions,
  MaxPool,
  MaxPoolWithIndices,
  AdaptiveSize,
  AdaptiveMaxPoolOptions,
  AdaptiveMaxPool,
  AdaptiveMaxPoolWithIndices,
} from './pooling-max';
export {
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  fractionalMaxPool2dWithIndices,
  fractionalMaxPool3dWithIndices,
} from './pooling-fractional';
export type { FractionalMaxPoolOptions, FractionalMaxPool, FractionalMaxPoolWithIndices } from './pooling-fractional';
export {
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  lpPool1d,
  lpPool2d,
  lpPool3d,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
} from './pooling';
export type { LpPoolOptions, MaxUnpoolOptions } from './pooling';
export { interpolate, upsample, upsampleNearest, upsampleBilinear } from './interpolation';
export type { InterpolationMode, UpsampleOptions, InterpolateOptions } from './interpolation';
export { GRID_SAMPLE_INTERPOLATION_MODES, GRID_SAMPLE_PADDING_MODES, gridSample, affineGrid } from './sampling';
export type { GridSampleOptions } from './sampling';
export { pad, unfold, fold } from './windows';
export type { PadMode, PadOptions, UnfoldOptions } from './windows';
