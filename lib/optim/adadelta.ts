/** `torch.optim.Adadelta`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { ValueError } from '../errors';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { checkBooleanOptions, checkLearningRate, checkNonNegative, checkNumberOptions } from './options';
import type { CapturableOptions, DifferentiableOptions, ImplementationOptions, MaximizeOptions } from './options';
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

/** The options of {@link Adadelta}. */
export interface AdadeltaOptions
  extends MaximizeOptions, ImplementationOptions, CapturableOptions, DifferentiableOptions {
  /** The factor of each step; 1 by default. */
  lr?: Rate;
  /** The decay rate of the averages; 0.9 by default. */
  rho?: number;
  /** What is added under the roots; 1e-6 by default. */
  eps?: number;
  /** The factor of the penalty on the squares of the parameters; 0 by default. */
  weightDecay?: number;
}

/** What {@link Adadelta} keeps for each parameter. */
export interface AdadeltaState {
  step: Tensor;
  squareAvg: Tensor;
  accDelta: Tensor;
}

/**
 * Steps scaled by averages of squared gradients and squared steps; `torch.optim.Adadelta`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 1);
 * const optimizer = new torch.optim.Adadelta(net.parameters(), { rho: 0.95 });
 * net(torch.ones(4, 2)).square().mean().backward();
 * optimizer.step();
 * ```
 */
export class Adadelta extends Optimizer<AdadeltaOptions, AdadeltaState> {
  constructor(
    params: Params<AdadeltaOptions>,
    ...optional: Optional<
      [lr: Rate, rho: number, eps: number, weightDecay: number, foreach: boolean | null],
      AdadeltaOptions
    >
  ) {
    const defaults = {
      lr: 1,
      rho: 0.9,
      eps: 1e-6,
      weightDecay: 0,
      maximize: false,
      capturable: false,
      foreach: null,
      differentiable: false,
      ...readOptions<AdadeltaOptions>(
        'Adadelta',
        optional,
        ['lr', 'rho', 'eps', 'weightDecay', 'foreach'],
        ['capturable', 'maximize', 'differentiable'],
      ),
    };
    const { lr, rho, eps, weightDecay, maximize, capturable, foreach, differentiable } = defaults;
    checkLearningRate('Adadelta', lr);
    checkNumberOptions('Adadelta', { rho });
    if (!(rho >= 0 && rho <= 1)) throw new ValueError(`Invalid rho value: ${rho}`);
    checkNonNegative('Adadelta', { eps, weightDecay });
    checkBooleanOptions('Adadelta', { maximize, capturable, differentiable }, { foreach });
    super(params, defaults);
  }

  protected override initialState(param: Tensor, _: Tensor, group: ParamGroup<AdadeltaOptions>): AdadeltaState {
    return { step: scalarTensor(0, param, group), squareAvg: zerosLike(param), accDelta: zerosLike(param) };
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    state: AdadeltaState,
    group: ParamGroup<AdadeltaOptions>,
  ): void {
    const { rho, eps, capturable, differentiable } = group;
    requireDense('Adadelta', gradient);
    checkCapturable(capturable, param, state.step);
    nextStep(state, true);
    const grad = withDecay(descent(gradient, group.maximize), param, group.weightDecay);
    const [g, squares, deltas] = [grad, state.squareAvg, state.accDelta].map(realView);
    squares.mul_(rho).addcmul_(g, g, { value: 1 - rho });
    const deviation = squares.add(eps).sqrt_();
    let delta = deltas.add(eps).sqrt_();
    if (differentiable) delta = delta.clone();
    delta.div_(deviation).mul_(g);
    deltas.mul_(rho).addcmul_(delta, delta, { value: 1 - rho });
    if (param.isComplex()) delta = torchFunctions.viewAsComplex(delta);
    param.add_(delta, { alpha: -valueOf(toScalar(group.lr)) });
  }
}
