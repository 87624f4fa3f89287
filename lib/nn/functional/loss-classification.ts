/** Classification losses. The deprecated arguments `size_average` and `reduce` do not exist here. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { tupleText } from '../../describe';
import { RuntimeError, ValueError } from '../../errors';
import { broadcastShapes } from '../../functional/broadcasting';
import { native } from '../../native';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import { product, sameShape, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkOptionalTensors, checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { checkReduction, reduce, reductionEnum } from './reduction';
import type { Reduction, ReductionOptions } from './reduction';

/** The options of {@link nllLoss}. */
export interface NllLossOptions extends ReductionOptions {
  /** A weight per class, shape `(C)`. */
  weight?: Tensor | null;
  /** A target class that is ignored; -100 by default. */
  ignoreIndex?: number;
}

/** The options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** The fraction of each target that is distributed over all classes, from 0 (default) to 1. */
  labelSmoothing?: number;
}

/**
 * The cross entropy between unnormalised scores and classes; `torch.nn.functional.cross_entropy`.
 *
 * Scores are `(C)`, `(N, C)` or `(N, C, d1, ...)`, floating-point. The target contains class indices
 * (int64; `()`, `(N)` or `(N, d1, ...)`) or probabilities (the shape and dtype of the scores).
 *
 * @throws ValueError for an unknown reduction; RuntimeError for shapes that do not match, a label smoothing
 * outside [0, 1] or another target dtype; IndexError for a class out of range.
 * @example
 * ```ts
 * const logits = torch.randn(3, 5);
 * const classes = torch.tensor([1n, 0n, 4n]);
 * torch.nn.functional.crossEntropy(logits, classes);
 * torch.nn.functional.crossEntropy(logits, classes, { reduction: 'sum', labelSmoothing: 0.1 });
 * ```
 */
export function crossEntropy(
  input: Tensor,
  target: Tensor,
  ...optional: Optional<
    [weight: Tensor | null, ignoreIndex: number, reduction: Reduction, labelSmoothing: number],
    CrossEntropyOptions
  >
): Tensor {
  const {
    weight = null,
    ignoreIndex = -100,
    reduction = 'mean',
    labelSmoothing = 0,
  } = readOptions<CrossEntropyOptions>(
    'crossEntropy',
    optional,
    ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing'],
    [],
    2,
  );
  return nnFunctionalFunctions.crossEntropyLoss(
    input,
    target,
    weight,
    reductionEnum(reduction),
    ignoreIndex,
    labelSmoothing,
  );
}

/**
 * The negative log likelihood of classes, given log probabilities; `torch.nn.functional.nll_loss`.
 * Input `(C)`, `(N, C)` or `(N, C, d1, ...)`, floating-point; target int64 of that shape without C.
 *
 * @throws ValueError for an unknown reduction or different batch sizes; RuntimeError for other shapes that do
 * not match; IndexError for a class out of range.
 * @example
 * ```ts
 * const { logSoftmax, nllLoss } = torch.nn.functional;
 * nllLoss(logSoftmax(torch.randn(3, 5), 1), torch.tensor([1n, 0n, 4n]), { reduction: 'sum' });
 * ```
 */
export function nllLoss(
  input: Tensor,
  target: Tensor,
  ...optional: Optional<[weight: Tensor | null, ignoreIndex: number, reduction: Reduction], NllLossOptions>
): Tensor {
  const {
    weight = null,
    ignoreIndex = -100,
    reduction = 'mean',
  } = readOptions<NllLossOptions>('nllLoss', optional, ['weight', 'ignoreIndex', 'reduction'], [], 2);
  return nnFunctionalFunctions.nllLossNd(input, target, weight, reductionEnum(reduction), ignoreIndex);
}

/** The options of {@link linearCrossEntropy}, all by name. */
export interface LinearCrossEntropyOptions extends ReductionOptions {
  /** Added to the scores, shape `(C)` or `(C, d1, ...)`. */
  linearBias?: Tensor | null;
  /** A weight per class, shape `(C)`. */
  weight?: Tensor | null;
  /** A target class that is ignored; -100 by default, unless the target contains probabilities. */
  ignoreIndex?: number | null;
  /** The fraction of each target that is distributed over all classes, from 0 (default) to 1. */
  labelSmoothing?: number;
}

/**
 * {@link crossEntropy} of a linear layer's outputs; `torch.nn.functional.linear_cross_entropy`.
 * Input `(N, in)` or `(in)`, weight `(C, in)` or `(C, d1, ..., in)`, target as for crossEntropy.
 *
 * Python's `options` argument, which only selects a chunked computation, does not exist here.
 *
 * @throws RuntimeError for shapes that do not match, or `ignoreIndex` with a target of probabilities.
 */
export function linearCrossEntropy(
  input: Tensor,
  linearWeight: Tensor,
  target: Tensor,
  ...optional: Optional<[], LinearCrossEntropyOptions>
): Tensor {
  const {
    linearBias = null,
    weight = null,
    reduction = 'mean',
    ignoreIndex = null,
    labelSmoothing = 0,
  } = readOptions<LinearCrossEntropyOptions>(
    'linearCrossEntropy',
    optional,
    [],
    ['linearBias', 'weight', 'reduction', 'ignoreIndex', 'labelSmoothing'],
    3,
  );
  checkTensors('linearCrossEntropy', { input, linearWeight, target });
  checkOptionalTensors('linearCrossEntropy', { linearBias });
  const [shape, weightShape] = [input.shape, linearWeight.shape];
  if (shape.length < 1 || shape.length > 2) {
    throw new RuntimeError(`expected input with dimensionality 1 or 2, got ${shape.length}`);
  }
  if (weightShape.length < 2) {
    throw new RuntimeError(`expected linear_weight with dimensionality at least 2, got ${weightShape.length}`);
  }
  const batches = shape.slice(0, -1);
  const inFeatures = shape[shape.length - 1];
  const weightFeatures = weightShape[weightShape.length - 1];
  if (inFeatures !== weightFeatures) {
    throw new RuntimeError(
      `expected equal input and linear_weight last dimensions (in_features), got ${inFeatures} and ${weightFeatures}, respectively`,
    );
  }
  const outputs = weightShape.slice(0, -1);
  const [classes, ...outFeatures] = outputs;
  if (linearBias !== null && !sameShape(linearBias.shape, outputs)) {
    throw new RuntimeError(`expected linear_bias shape ${tupleText(outputs)}, got ${tupleText(linearBias.shape)}`);
  }
  if (outFeatures.length > 0 && batches.length === 0) {
    throw new RuntimeError(
      `K-dimensional loss defined by linear_weight shape ${tupleText(weightShape)} requires batched input, (N, ${inFeatures}), got unbatched input with shape ${tupleText(shape)}`,
    );
  }
  const logitsShape = [...batches, classes, ...outFeatures];
  if (sameShape(target.shape, logitsShape) && ignoreIndex !== null) {
    throw new RuntimeError('ignore_index cannot be specified when target contains probabilities');
  }
  const rows = product(outputs);
  const flat = outFeatures.length > 0;
  const logits = nnFunctionalFunctions
    .linear(
      input,
      flat ? linearWeight.reshape([rows, inFeatures]) : linearWeight,
      flat && linearBias !== null ? linearBias.reshape([rows]) : linearBias,
    )
    .reshape(logitsShape);
  return crossEntropy(logits, target, weight, ignoreIndex ?? -100, reduction, labelSmoothing);
}

/** The options of {@link binaryCrossEntropy} and {@link multilabelSoftMarginLoss}. */
export interface WeightedLossOptions extends ReductionOptions {
  /** A weight that broadcasts to the target's shape. */
  weight?: Tensor | null;
}

type WeightedLoss = Optional<[weight: Tensor | null, reduction: Reduction], WeightedLossOptions>;

/**
 * The binary cross entropy between probabilities and targets in [0, 1];
 * `torch.nn.functional.binary_cross_entropy`. Input and target of one shape, floating-point.
 *
 * @throws ValueError for shapes that differ or an unknown reduction; RuntimeError for an input outside
 * [0, 1].
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, ...optional: WeightedLoss): Tensor {
  const { weight = null, reduction = 'mean' } = readOptions<WeightedLossOptions>(
    'binaryCrossEntropy',
    optional,
    ['weight', 'reduction'],
    [],
    2,
  );
  checkTensors('binaryCrossEntropy', { input, target });
  checkOptionalTensors('binaryCrossEntropy', { weight });
  const reductionIndex = reductionEnum(reduction);
  const shape = target.shape;
  if (!sameShape(shape, input.shape)) {
    throw new ValueError(
      `Using a target size (${sizeText(shape)}) that is different to the input size (${sizeText(input.shape)}) is deprecated. Please ensure they have the same size.`,
    );
  }
  const expanded = weight === null ? null : weight.expand(broadcastShapes(shape, weight.shape));
  return nnFunctionalFunctions.binaryCrossEntropy(input, target, expanded, reductionIndex);
}

/** The options of {@link binaryCrossEntropyWithLogits}. */
export interface BinaryCrossEntropyWithLogitsOptions extends WeightedLossOptions {
  /** A weight of positive targets that broadcasts to the target's shape. */
  posWeight?: Tensor | null;
}

/**
 * The binary cross entropy between logits and targets in [0, 1], numerically stabler than
 * {@link binaryCrossEntropy} of a sigmoid; `torch.nn.functional.binary_cross_entropy_with_logits`.
 * Input and target of one shape, floating-point.
 *
 * @throws ValueError for shapes that differ or an unknown reduction.
 * @example
 * ```ts
 * const target = torch.tensor([0, 1, 1]);
 * torch.nn.functional.binaryCrossEntropyWithLogits(torch.randn(3), target, { posWeight: torch.tensor([2, 2, 2]) });
 * ```
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  ...optional: Optional<
    [weight: Tensor | null, reduction: Reduction, posWeight: Tensor | null],
    BinaryCrossEntropyWithLogitsOptions
  >
): Tensor {
  const {
    weight = null,
    reduction = 'mean',
    posWeight = null,
  } = readOptions<BinaryCrossEntropyWithLogitsOptions>(
    'binaryCrossEntropyWithLogits',
    optional,
    ['weight', 'reduction', 'posWeight'],
    [],
    2,
  );
  checkTensors('binaryCrossEntropyWithLogits', { input, target });
  const reductionIndex = reductionEnum(reduction);
  if (!sameShape(target.shape, input.shape)) {
    throw new ValueError(
      `Target size (${sizeText(target.shape)}) must be the same as input size (${sizeText(input.shape)})`,
    );
  }
  return torchFunctions.binaryCrossEntropyWithLogits(input, target, weight, posWeight, reductionIndex);
}

/** The options of {@link ctcLoss}. */
export interface CtcLossOptions extends ReductionOptions {
  /** The index of the blank label; 0 by default. */
  blank?: number;
  /** Whether infinite losses (targets longer than their input) become 0; false by default. */
  zeroInfinity?: boolean;
}

/**
 * The connectionist temporal classification loss; `torch.nn.functional.ctc_loss`. Log probabilities
 * `(T, N, C)` or `(T, C)`, floating-point; targets `(N, S)`, or concatenated in one dimension; lengths as
 * tensors or arrays of N.
 *
 * @throws ValueError for an unknown reduction; RuntimeError for lengths or labels that do not match.
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Tensor | Size,
  targetLengths: Tensor | Size,
  ...optional: Optional<[blank: number, reduction: Reduction, zeroInfinity: boolean], CtcLossOptions>
): Tensor {
  const {
    blank = 0,
    reduction = 'mean',
    zeroInfinity = false,
  } = readOptions<CtcLossOptions>('ctcLoss', optional, ['blank', 'reduction', 'zeroInfinity'], [], 4);
  const rest = [blank, reductionEnum(reduction), zeroInfinity] as const;
  return native.isTensor(inputLengths)
    ? torchFunctions.ctcLoss(logProbs, targets, inputLengths, targetLengths as Tensor, ...rest)
    : torchFunctions.ctcLoss(logProbs, targets, inputLengths, targetLengths as Size, ...rest);
}

type PlainLoss = Optional<[reduction: Reduction], ReductionOptions>;

const readReduction = (func: string, given: PlainLoss): number =>
  reductionEnum(readOptions<ReductionOptions>(func, given, ['reduction'], [], 2).reduction ?? 'mean');

/**
 * The multi-label hinge loss; `torch.nn.functional.multilabel_margin_loss`. Input
 * `(N, C)` or `(C)`, floating-point; target int64 of that shape: class indices, then -1.
 *
 * @throws ValueError for an unknown reduction; RuntimeError for shapes that do not match.
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, ...optional: PlainLoss): Tensor {
  return nnFunctionalFunctions.multilabelMarginLoss(input, target, readReduction('multilabelMarginLoss', optional));
}

/**
 * `log(1 + exp(-target * input))`; `torch.nn.functional.soft_margin_loss`. Any shape, floating-point;
 * targets 1 or -1.
 *
 * @throws ValueError for an unknown reduction.
 */
export function softMarginLoss(input: Tensor, target: Tensor, ...optional: PlainLoss): Tensor {
  return nnFunctionalFunctions.softMarginLoss(input, target, readReduction('softMarginLoss', optional));
}

/**
 * The binary cross entropy of each class, averaged over classes;
 * `torch.nn.functional.multilabel_soft_margin_loss`. Input and target `(N, C)` or `(C)`, floating-point;
 * targets 0 or 1. The loss has one element per sample.
 *
 * @throws ValueError for an unknown reduction.
 */
export function multilabelSoftMarginLoss(input: Tensor, target: Tensor, ...optional: WeightedLoss): Tensor {
  const { weight = null, reduction = 'mean' } = readOptions<WeightedLossOptions>(
    'multilabelSoftMarginLoss',
    optional,
    ['weight', 'reduction'],
    [],
    2,
  );
  checkTensors('multilabelSoftMarginLoss', { input, target });
  const { logsigmoid } = nnFunctionalFunctions;
  let loss = target
    .mul(logsigmoid(input))
    .add(torchFunctions.rsub(target, 1).mul(logsigmoid(input.neg())))
    .neg();
  if (weight !== null) loss = loss.mul(weight);
  const classDim = input.dim() - 1;
  loss = loss.sum(classDim).div(input.size(classDim));
  checkReduction(reduction, `${String(reduction)} is not valid`);
  return reduce(loss, reduction);
}

/** The options of {@link multiMarginLoss}. */
export interface MultiMarginLossOptions extends WeightedLossOptions {
  /** The power of each term: 1 (default) or 2. */
  p?: number;
  /** The margin by which the score of the target class should exceed the others; 1 by default. */
  margin?: number;
}

/**
 * The hinge loss of one class per sample; `torch.nn.functional.multi_margin_loss`. Input `(N, C)` or
 * `(C)`, floating-point; target int64, `(N)` or `()`; weight `(C)`.
 *
 * @throws ValueError for a p other than 1 or 2, a weight that is not one-dimensional, or an unknown reduction.
 */
export function multiMarginLoss(
  input: Tensor,
  target: Tensor,
  ...optional: Optional<
    [p: number, margin: number, weight: Tensor | null, reduction: Reduction],
    MultiMarginLossOptions
  >
): Tensor {
  const {
    p = 1,
    margin = 1,
    weight = null,
    reduction = 'mean',
  } = readOptions<MultiMarginLossOptions>('multiMarginLoss', optional, ['p', 'margin', 'weight', 'reduction'], [], 2);
  checkOptionalTensors('multiMarginLoss', { weight });
  const reductionIndex = reductionEnum(reduction);
  if (p !== 1 && p !== 2) throw new ValueError('only p == 1 and p == 2 supported');
  if (weight !== null && weight.dim() !== 1) throw new ValueError('weight must be one-dimensional');
  return nnFunctionalFunctions.multiMarginLoss(input, target, p, margin, weight, reductionIndex);
}
