/** Classes of `torch.nn` that this package lacks: they have no types, and constructing one says what to use. */

import { NotImplementedError } from '../errors';

/** Each missing class, and the nearest thing that exists here; null if nothing does. */
const MISSING: Readonly<Record<string, string | null>> = {
  AdaptiveAvgPool3d: 'nn.functional.adaptiveAvgPool3d',
  AdaptiveLogSoftmaxWithLoss: null,
  AdaptiveMaxPool1d: 'nn.functional.adaptiveMaxPool1d',
  AdaptiveMaxPool2d: 'nn.functional.adaptiveMaxPool2d',
  AdaptiveMaxPool3d: 'nn.functional.adaptiveMaxPool3d',
  AvgPool3d: 'nn.functional.avgPool3d',
  CTCLoss: 'nn.functional.ctcLoss',
  ChannelShuffle: 'nn.functional.channelShuffle',
  CircularPad1d: 'nn.functional.pad',
  CircularPad2d: 'nn.functional.pad',
  CircularPad3d: 'nn.functional.pad',
  ConstantPad1d: 'nn.functional.pad',
  ConstantPad2d: 'nn.functional.pad',
  ConstantPad3d: 'nn.functional.pad',
  Container: 'nn.Module',
  ConvTranspose1d: 'nn.functional.convTranspose1d',
  ConvTranspose2d: 'nn.functional.convTranspose2d',
  ConvTranspose3d: 'nn.functional.convTranspose3d',
  CosineEmbeddingLoss: 'nn.functional.cosineEmbeddingLoss',
  CosineSimilarity: 'nn.functional.cosineSimilarity',
  CrossMapLRN2d: null,
  DataParallel: null,
  EmbeddingBag: 'nn.functional.embeddingBag',
  Fold: 'nn.functional.fold',
  FractionalMaxPool2d: 'nn.functional.fractionalMaxPool2d',
  FractionalMaxPool3d: 'nn.functional.fractionalMaxPool3d',
  GRU: 'torch.gru',
  GRUCell: 'torch.gruCell',
  GaussianNLLLoss: 'nn.functional.gaussianNllLoss',
  Hardshrink: 'nn.functional.hardshrink',
  HingeEmbeddingLoss: 'nn.functional.hingeEmbeddingLoss',
  LPPool1d: 'nn.functional.lpPool1d',
  LPPool2d: 'nn.functional.lpPool2d',
  LPPool3d: 'nn.functional.lpPool3d',
  LSTM: 'torch.lstm',
  LSTMCell: 'torch.lstmCell',
  LazyBatchNorm1d: 'nn.BatchNorm1d',
  LazyBatchNorm2d: 'nn.BatchNorm2d',
  LazyBatchNorm3d: 'nn.BatchNorm3d',
  LazyConv1d: 'nn.Conv1d',
  LazyConv2d: 'nn.Conv2d',
  LazyConv3d: 'nn.Conv3d',
  LazyConvTranspose1d: 'nn.functional.convTranspose1d',
  LazyConvTranspose2d: 'nn.functional.convTranspose2d',
  LazyConvTranspose3d: 'nn.functional.convTranspose3d',
  LazyInstanceNorm1d: 'nn.InstanceNorm1d',
  LazyInstanceNorm2d: 'nn.InstanceNorm2d',
  LazyInstanceNorm3d: 'nn.InstanceNorm3d',
  LazyLinear: 'nn.Linear',
  LinearCrossEntropyLoss: 'nn.functional.linearCrossEntropy',
  LinearCrossEntropyOptions: null,
  LocalResponseNorm: 'nn.functional.localResponseNorm',
  MarginRankingLoss: 'nn.functional.marginRankingLoss',
  MaxPool3d: 'nn.functional.maxPool3d',
  MaxUnpool1d: 'nn.functional.maxUnpool1d',
  MaxUnpool2d: 'nn.functional.maxUnpool2d',
  MaxUnpool3d: 'nn.functional.maxUnpool3d',
  MultiLabelMarginLoss: 'nn.functional.multilabelMarginLoss',
  MultiLabelSoftMarginLoss: 'nn.functional.multilabelSoftMarginLoss',
  MultiMarginLoss: 'nn.functional.multiMarginLoss',
  MultiheadAttention: 'nn.functional.multiHeadAttentionForward',
  NLLLoss2d: 'nn.NLLLoss',
  PairwiseDistance: 'nn.functional.pairwiseDistance',
  ParameterDict: 'nn.Module',
  ParameterList: 'nn.Module',
  PixelShuffle: 'nn.functional.pixelShuffle',
  PixelUnshuffle: 'nn.functional.pixelUnshuffle',
  PoissonNLLLoss: 'nn.functional.poissonNllLoss',
  RNN: 'torch.rnnTanh',
  RNNBase: null,
  RNNCell: 'torch.rnnTanhCell',
  RNNCellBase: null,
  ReflectionPad1d: 'nn.functional.pad',
  ReflectionPad2d: 'nn.functional.pad',
  ReflectionPad3d: 'nn.functional.pad',
  ReplicationPad1d: 'nn.functional.pad',
  ReplicationPad2d: 'nn.functional.pad',
  ReplicationPad3d: 'nn.functional.pad',
  SoftMarginLoss: 'nn.functional.softMarginLoss',
  Softmax2d: 'nn.Softmax',
  Softshrink: 'nn.functional.softshrink',
  SyncBatchNorm: null,
  Transformer: null,
  TransformerDecoder: null,
  TransformerDecoderLayer: 'nn.functional.scaledDotProductAttention',
  TransformerEncoder: null,
  TransformerEncoderLayer: 'nn.functional.scaledDotProductAttention',
  TripletMarginLoss: 'nn.functional.tripletMarginLoss',
  TripletMarginWithDistanceLoss: 'nn.functional.tripletMarginWithDistanceLoss',
  Unfold: 'nn.functional.unfold',
  UninitializedBuffer: null,
  UninitializedParameter: null,
  Upsample: 'nn.functional.interpolate',
  UpsamplingBilinear2d: 'nn.functional.upsampleBilinear',
  UpsamplingNearest2d: 'nn.functional.upsampleNearest',
  ZeroPad1d: 'nn.functional.pad',
  ZeroPad2d: 'nn.functional.pad',
  ZeroPad3d: 'nn.functional.pad',
};

/** Adds the missing classes to the namespace, hidden from enumeration. */
export function defineMissingClasses(namespace: object): void {
  for (const [name, instead] of Object.entries(MISSING)) {
    Object.defineProperty(namespace, name, { value: missingClass(name, instead), configurable: true });
  }
}

function missingClass(name: string, instead: string | null): unknown {
  const advice = instead === null ? '' : ` Use ${instead}, for example in a Module of your own.`;
  return class {
    static readonly name = name;
    constructor(..._: unknown[]) {
      throw new NotImplementedError(
        `nn.${name} is not available in this package.${advice} docs/status.md lists what is missing.`,
      );
    }
  };
}
