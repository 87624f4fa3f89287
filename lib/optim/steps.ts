/** What the steps of several optimisers have in common. */

import { AssertionError, RuntimeError } from '../errors';
import { torchFunctions } from '../operators';
import { getDefaultDtype } from '../runtime';
import type { Tensor } from '../tensor';
import type { ParamGroup } from './params';

/** The options that decide where the step count of a parameter is. */
export interface StepOptions {
  fused?: boolean | null;
  capturable?: boolean;
}

/**
 * A tensor of one number in the state of a parameter. As in PyTorch it is on the CPU, except where the step reads nothing
 * from the device, and has 32 bits unless the default dtype has 64.
 */
export function scalarTensor(value: number, param: Tensor, { fused, capturable }: StepOptions): Tensor {
  const isDouble = !fused && getDefaultDtype() === 'float64';
  const device = fused || capturable ? param.device : 'cpu';
  return torchFunctions.full([], value, { dtype: isDouble ? 'float64' : 'float32', device });
}

/** Zeros like a parameter. */
export function zerosLike(param: Tensor): Tensor {
  return torchFunctions.zerosLike(param, { memoryFormat: 'preserve_format' });
}

/** Complex numbers as pairs of real ones: the optimisers treat both parts alike. */
export function realView(tensor: Tensor): Tensor {
  return tensor.isComplex() ? torchFunctions.viewAsReal(tensor) : tensor;
}

/** The gradient to go down: negative if the objective is maximised. */
export function descent(grad: Tensor, maximize: boolean): Tensor {
  return maximize ? grad.neg() : grad;
}

/** The gradient of the objective with the penalty `weightDecay / 2 * |param|^2`. */
export function withDecay(grad: Tensor, param: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? grad : grad.add(param, { alpha: weightDecay });
}

/**
 * Refuses sparse gradients.
 *
 * @throws RuntimeError for a sparse gradient.
 */
export function requireDense(name: string, grad: Tensor, advice = ''): void {
  if (grad.layout !== 'strided') throw new RuntimeError(`${name} does not support sparse gradients${advice}`);
}

/**
 * Checks a step that reads nothing from the device.
 *
 * @throws AssertionError unless the parameter and its state are on a CUDA device.
 */
export function checkCapturable(capturable: boolean, param: Tensor, ...state: Tensor[]): void {
  if (!capturable || [param, ...state].every((tensor) => tensor.isCuda)) return;
  throw new AssertionError('If capturable=true, params and state_steps must be on supported devices: [cuda].');
}

/** Counts a step, and returns its number: as a tensor if nothing may be read from the device. */
export function nextStep({ step }: { step: Tensor }, capturable: boolean): number | Tensor {
  step.add_(1);
  return capturable ? step : step.item();
}

/** The parameters of a group that have a gradient, with the gradient. */
export function withGradients<O extends object>(group: ParamGroup<O>): { param: Tensor; grad: Tensor }[] {
  return group.params.flatMap((param) => {
    const { grad } = param;
    return grad === null ? [] : [{ param, grad }];
  });
}

/**
 * Splits what a fused kernel computes into calls: each takes tensors of one device and dtype.
 *
 * @throws RuntimeError for parameters that the kernels do not take.
 */
export function forFusedKernel<T extends { param: Tensor }>(items: readonly T[]): T[][] {
  const calls = new Map<string, T[]>();
  for (const item of items) {
    const { dtype, device } = item.param;
    if (!item.param.isFloatingPoint()) {
      throw new RuntimeError(
        `\`fused: true\` requires all the params to be floating point Tensors of supported devices: [cpu, cuda] but ${dtype} and ${device.type}`,
      );
    }
    const key = `${dtype} ${device.toString()}`;
    calls.set(key, [...(calls.get(key) ?? []), item]);
  }
  return [...calls.values()];
}

/**
 * Checks the options that exclude each other.
 *
 * @throws RuntimeError for a fused kernel that is to be recorded by autograd, or to compute operator by operator.
 */
export function checkFused(options: {
  fused?: boolean | null;
  foreach?: boolean | null;
  differentiable?: boolean;
}): void {
  if (!options.fused) return;
  if (options.differentiable) throw new RuntimeError('`fused` does not support `differentiable`');
  if (options.foreach) throw new RuntimeError('`fused` and `foreach` cannot be `true` together.');
}
