/** Layers that include the batch norm after them, for evaluation. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { AssertionError } from '../../errors';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import type { Module } from '../module';
import type { BatchNorm } from '../modules/batch-norm';
import type { ConvBase } from '../modules/conv-base';
import type { Linear } from '../modules/linear';
import { Parameter } from '../parameter';

/** Constructs a layer of the same class and options with a bias, without drawing random numbers. */
function withBias<M extends object>(layer: M, args: readonly unknown[], options: object): M {
  const Class = layer.constructor as new (...args: unknown[]) => M & Module;
  const copy = new Class(...args, { ...options, bias: true, device: 'meta' });
  copy.eval();
  return copy;
}

function statisticsOf(layer: Module, bn: BatchNorm): { mean: Tensor; variance: Tensor } {
  if (layer.training || bn.training) throw new AssertionError('Fusion only for eval!');
  const { runningMean, runningVar } = bn;
  if (runningMean === null || runningVar === null) {
    throw new AssertionError('bn.runningMean and bn.runningVar must not be null');
  }
  return { mean: runningMean, variance: runningVar };
}

/**
 * The weight and bias of a convolution that includes a batch norm; `torch.nn.utils.fuse_conv_bn_weights`.
 *
 * @param transpose - Whether the convolution is transposed; false by default.
 */
export function fuseConvBnWeights(
  convW: Tensor,
  convB: Tensor | null,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Tensor | null,
  bnB: Tensor | null,
  ...optional: Optional<[transpose: boolean], { transpose?: boolean }>
): [Parameter, Parameter] {
  const { transpose = false } = readOptions<{ transpose: boolean }>(
    'fuseConvBnWeights',
    optional,
    ['transpose'],
    [],
    7,
  );
  const bias = convB ?? torchFunctions.zerosLike(bnRm);
  const scale = bnW ?? torchFunctions.onesLike(bnRm);
  const shift = bnB ?? torchFunctions.zerosLike(bnRm);
  const inverse = bnRv.add(bnEps).rsqrt();
  const ones = convW.shape.slice(2).map(() => 1);
  const shape = transpose ? [1, -1, ...ones] : [-1, 1, ...ones];
  const weight = convW.mul(scale.mul(inverse).reshape(shape)).to(convW.dtype);
  const fused = bias
    .sub(bnRm)
    .mul(inverse)
    .mul(scale)
    .add(shift)
    .to((convB ?? convW).dtype);
  return [new Parameter(weight, convW.requiresGrad), new Parameter(fused, bias.requiresGrad)];
}

/**
 * A convolution that computes what a convolution and the batch norm after it compute, in evaluation mode;
 * `torch.nn.utils.fuse_conv_bn_eval`. The arguments stay as they are.
 *
 * @param transpose - Whether the convolution is transposed; false by default.
 * @throws AssertionError unless both are in evaluation mode, and the batch norm has running statistics.
 * @example
 * ```ts
 * const [conv, norm] = [new torch.nn.Conv2d(3, 4, 3).eval(), new torch.nn.BatchNorm2d(4).eval()];
 * const fused = torch.nn.utils.fuseConvBnEval(conv, norm);
 * const x = torch.rand(1, 3, 8, 8);
 * fused(x).sub(norm(conv(x))).abs().max().item() < 1e-5; // true
 * ```
 */
export function fuseConvBnEval<M extends ConvBase>(
  conv: M,
  bn: BatchNorm,
  ...optional: Optional<[transpose: boolean], { transpose?: boolean }>
): M {
  const { transpose = false } = readOptions<{ transpose: boolean }>('fuseConvBnEval', optional, ['transpose'], [], 2);
  const { mean, variance } = statisticsOf(conv, bn);
  const { stride, padding, dilation, groups, paddingMode } = conv;
  const ofTransposed = conv.transposed ? { outputPadding: conv.outputPadding } : {};
  const options = { stride, padding, dilation, groups, paddingMode, ...ofTransposed };
  const fused = withBias<M>(conv, [conv.inChannels, conv.outChannels, conv.kernelSize], options);
  [fused.weight, fused.bias] = fuseConvBnWeights(
    ...([conv.weight, conv.bias, mean, variance, bn.eps, bn.weight, bn.bias, transpose] as const),
  );
  return fused;
}

/** The weight and bias of a linear layer that includes a batch norm; `torch.nn.utils.fuse_linear_bn_weights`. */
export function fuseLinearBnWeights(
  linearW: Tensor,
  linearB: Tensor | null,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Tensor,
  bnB: Tensor,
): [Parameter, Parameter] {
  const bias = linearB ?? torchFunctions.zerosLike(bnRm);
  const scale = bnW.mul(bnRv.add(bnEps).rsqrt());
  const weight = linearW.mul(scale.unsqueeze(-1).to(linearW.dtype));
  const fused = bias
    .sub(bnRm)
    .mul(scale)
    .add(bnB)
    .to((linearB ?? linearW).dtype);
  return [new Parameter(weight, linearW.requiresGrad), new Parameter(fused, bias.requiresGrad)];
}

/**
 * A linear layer that computes what a linear layer and the batch norm after it compute, in evaluation mode;
 * `torch.nn.utils.fuse_linear_bn_eval`. The arguments stay as they are.
 *
 * @throws AssertionError unless both are in evaluation mode, the batch norm has running statistics, and it has as many
 * features as the layer has outputs, or one.
 */
export function fuseLinearBnEval<M extends Linear>(linear: M, bn: BatchNorm & { numFeatures: number }): M {
  const { mean, variance } = statisticsOf(linear, bn);
  if (linear.outFeatures !== bn.numFeatures && bn.numFeatures !== 1) {
    throw new AssertionError(
      `To fuse, linear.outFeatures == bn.numFeatures or bn.numFeatures == 1, got linear.outFeatures=${linear.outFeatures} and bn.numFeatures=${bn.numFeatures}`,
    );
  }
  const fused = withBias<M>(linear, [linear.inFeatures, linear.outFeatures], {});
  const [weight, bias] = [bn.weight ?? torchFunctions.onesLike(mean), bn.bias ?? torchFunctions.zerosLike(mean)];
  [fused.weight, fused.bias] = fuseLinearBnWeights(
    ...([linear.weight, linear.bias, mean, variance, bn.eps, weight, bias] as const),
  );
  return fused;
}
