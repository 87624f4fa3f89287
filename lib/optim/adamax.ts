/** `torch.optim.Adamax`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { div, neg, pow, sub, toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { checkBetas, checkBooleanOptions, checkLearningRate, checkNonNegative } from './options';
import type {
  Betas,
  CapturableOptions,
  DifferentiableOptions,
  ImplementationOptions,
  MaximizeOptions,
} from './options';
import { Optimizer } from './optimizer';
import type { ParamGroup, Params } from './params';
import {
  checkCapturable,
  descent,
  nextStep,
  realView,
  requireDense,
  scalarTensor,
  withDecay,
  zerosLike,
} from './steps';

/** The options of {@link Adamax}. */
export interface AdamaxOptions
  extends MaximizeOptions, ImplementationOptions, CapturableOptions, DifferentiableOptions {
  /** The learning rate; 2e-3 by default. */
  lr?: Rate;
  /** The decay rates of the average of the gradient and of its infinity norm; `[0.9, 0.999]` by default. */
  betas?: Betas;
  /** What is added to the absolute values of the gradient; 1e-8 by default. */
  eps?: number;
  /** The factor of the penalty on the squares of the parameters; 0 by default. */
  weightDecay?: number;
}

/** What {@link Adamax} keeps for each parameter. */
export interface AdamaxState {
  step: Tensor;
  expAvg: Tensor;
  expInf: Tensor;
}

/**
 * Adam with the infinity norm of the gradients; `torch.optim.Adamax`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 1);
 * const optimizer = new torch.optim.Adamax(net.parameters(), { lr: 1e-2 });
 * net(torch.ones(4, 2)).square().mean().backward();
 * optimizer.step();
 * ```
 */
export class Adamax extends Optimizer<AdamaxOptions, AdamaxState> {
  constructor(
    params: Params<AdamaxOptions>,
    ...optional: Optional<
      [lr: Rate, betas: Betas, eps: number, weightDecay: number, foreach: boolean | null],
      AdamaxOptions
    >
  ) {
    const defaults = {
      lr: 2e-3,
      betas: [0.9, 0.999] as const,
      eps: 1e-8,
      weightDecay: 0,
      foreach: null,
      maximize: false,
      differentiable: false,
      capturable: false,
      ...readOptions<AdamaxOptions>(
        'Adamax',
        optional,
        ['lr', 'betas', 'eps', 'weightDecay', 'foreach'],
        ['maximize', 'differentiable', 'capturable'],
      ),
    };
    const { lr, eps, weightDecay, foreach, maximize, differentiable, capturable } = defaults;
    checkLearningRate('Adamax', lr);
    checkNonNegative('Adamax', { eps, weightDecay });
    checkBooleanOptions('Adamax', { maximize, differentiable, capturable }, { foreach });
    super(params, { ...defaults, betas: checkBetas('Adamax', defaults.betas) });
  }

  protected override initialState(param: Tensor, _: Tensor, group: ParamGroup<AdamaxOptions>): AdamaxState {
    return { step: scalarTensor(0, param, group), expAvg: zerosLike(param), expInf: zerosLike(param) };
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    state: AdamaxState,
    group: ParamGroup<AdamaxOptions>,
  ): void {
    const { eps, capturable, differentiable } = group;
    const [beta1, beta2] = group.betas;
    requireDense('Adamax', gradient);
    checkCapturable(capturable, param, state.step);
    const step = nextStep(state, capturable);
    const grad = withDecay(descent(gradient, group.maximize), param, group.weightDecay);
    const [x, g, average, norm] = [param, grad, state.expAvg, state.expInf].map(realView);
    average.lerp_(g, 1 - beta1);
    norm.mul_(beta2);
    const magnitude = g.abs().add_(eps);
    if (differentiable) norm.copy_(torchFunctions.stack([norm, magnitude]).amax(0));
    else torchFunctions.maximum(norm, magnitude, { out: norm });
    const lr = toScalar(group.lr);
    const correction = sub(1, pow(beta1, step));
    if (typeof correction === 'number') x.addcdiv_(average, norm, { value: -valueOf(div(lr, correction)) });
    else x.addcdiv_(average, norm.mul(div(neg(correction), lr)));
  }
}
