/** The layers of `torch.nn`. */

export {
  CELU,
  ELU,
  GELU,
  GLU,
  Hardshrink,
  Hardtanh,
  LeakyReLU,
  LogSigmoid,
  PReLU,
  RReLU,
  Sigmoid,
  Softplus,
  Softshrink,
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
  ShrinkOptions,
  SoftplusOptions,
} from './activations';
export { Hardsigmoid, Hardswish, Mish, ReLU, ReLU6, SELU, SiLU } from './activations-inplace';
export { AdaptiveLogSoftmaxWithLoss } from './adaptive';
export type { AdaptiveLogSoftmaxOptions, AdaptiveLogSoftmaxResult } from './adaptive';
export { MultiheadAttention } from './attention';
export type { AttentionCallOptions, MultiheadAttentionOptions } from './attention';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './batch-norm';
export { Container, ModuleDict, ModuleList, Sequential } from './containers';
export { Conv1d, Conv2d, Conv3d } from './conv';
export type { ConvOptions } from './conv';
export type { PaddingMode } from './conv-base';
export { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv-transpose';
export type { ConvTransposeOptions } from './conv-transpose';
export { CosineSimilarity, PairwiseDistance } from './distance';
export type { CosineSimilarityOptions, PairwiseDistanceOptions } from './distance';
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from './dropout';
export type { DropoutLayerOptions } from './dropout';
export { Embedding } from './embedding';
export type { EmbeddingLayerOptions, PretrainedOptions } from './embedding';
export { EmbeddingBag } from './embedding-bag';
export type { EmbeddingBagLayerOptions, PretrainedBagOptions } from './embedding-bag';
export { Flatten, Unflatten } from './flatten';
export type { FlattenOptions } from './flatten';
export { Fold, Unfold } from './fold';
export { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from './instance-norm';
export {
  LazyBatchNorm1d,
  LazyBatchNorm2d,
  LazyBatchNorm3d,
  LazyConv1d,
  LazyConv2d,
  LazyConv3d,
  LazyConvTranspose1d,
  LazyConvTranspose2d,
  LazyConvTranspose3d,
  LazyInstanceNorm1d,
  LazyInstanceNorm2d,
  LazyInstanceNorm3d,
  LazyLinear,
} from './lazy';
export type { LazyLayer } from './lazy-base';
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
export type { MarginLayerOptions, WeightedLayerOptions } from './loss-base';
export { CTCLoss, GaussianNLLLoss, LinearCrossEntropyLoss, NLLLoss2d, PoissonNLLLoss } from './loss-likelihood';
export type { LinearCrossEntropyLayerOptions } from './loss-likelihood';
export { MultiLabelMarginLoss, MultiLabelSoftMarginLoss, MultiMarginLoss, SoftMarginLoss } from './loss-multilabel';
export {
  CosineEmbeddingLoss,
  HingeEmbeddingLoss,
  MarginRankingLoss,
  TripletMarginLoss,
  TripletMarginWithDistanceLoss,
} from './loss-ranking';
export type { ChannelNormOptions } from './norm-base';
export { CrossMapLRN2d, GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm } from './normalization';
export type {
  GroupNormOptions,
  LayerNormOptions,
  LocalResponseNormLayerOptions,
  RMSNormOptions,
} from './normalization';
export type { FactoryOptions } from './factory';
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from './padding';
export { ParameterDict, ParameterList } from './parameter-containers';
export { FractionalMaxPool2d, FractionalMaxPool3d } from './pooling-fractional';
export type { FractionalMaxPoolLayerOptions } from './pooling-fractional';
export {
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
} from './pooling-max';
export type { AdaptiveMaxPoolLayerOptions, MaxPoolLayerOptions, Pooled } from './pooling-max';
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  LPPool1d,
  LPPool2d,
  LPPool3d,
} from './pooling-mean';
export type { AvgPoolDivisorOptions, AvgPoolLayerOptions, LPPoolLayerOptions } from './pooling-mean';
export { MaxUnpool1d, MaxUnpool2d, MaxUnpool3d } from './pooling-unpool';
export type { MaxUnpoolLayerOptions } from './pooling-unpool';
export { GRU, LSTM, RNN } from './rnn';
export type { GRUOptions, LSTMOptions, LSTMState, RNNOptions } from './rnn';
export { RNNBase } from './rnn-base';
export type { RecurrentOptions, RNNBaseOptions, RNNMode } from './rnn-base';
export { GRUCell, LSTMCell, RNNCell, RNNCellBase } from './rnn-cells';
export type { RNNCellBaseOptions, RNNCellOptions } from './rnn-cells';
export { LogSoftmax, Softmax, Softmax2d, Softmin } from './softmax';
export type { SoftmaxLayerOptions } from './softmax';
export { Transformer, TransformerDecoder, TransformerEncoder } from './transformer';
export type {
  DecoderCallOptions,
  DecoderLayer,
  EncoderCallOptions,
  EncoderLayer,
  TransformerCallOptions,
  TransformerOptions,
} from './transformer';
export { TransformerDecoderLayer, TransformerEncoderLayer } from './transformer-layers';
export type {
  DecoderLayerCallOptions,
  EncoderLayerCallOptions,
  TransformerActivation,
  TransformerLayerOptions,
} from './transformer-layers';
export {
  ChannelShuffle,
  PixelShuffle,
  PixelUnshuffle,
  Upsample,
  UpsamplingBilinear2d,
  UpsamplingNearest2d,
} from './upsampling';
export type { UpsampleLayerOptions, UpsamplingOptions } from './upsampling';
