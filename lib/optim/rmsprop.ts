/** `torch.optim.RMSprop`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import type { Tensor } from '../tensor';
import { toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { checkBooleanOptions, checkLearningRate, checkNonNegative } from './options';
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

/** The options of {@link RMSprop}. */
export interface RMSpropOptions
  extends MaximizeOptions, ImplementationOptions, CapturableOptions, DifferentiableOptions {
  /** The learning rate; 1e-2 by default. */
  lr?: Rate;
  /** The decay rate of the average of squares; 0.99 by default. */
  alpha?: number;
  /** What is added to the denominator; 1e-8 by default. */
  eps?: number;
  /** The factor of the penalty on the squares of the parameters; 0 by default. */
  weightDecay?: number;
  /** How much of the last update the next one contains; 0 by default. */
  momentum?: number;
  /** Whether to scale by an estimate of the variance instead of the average of squares; false by default. */
  centered?: boolean;
}

/** What {@link RMSprop} keeps for each parameter. */
export interface RMSpropState {
  step: Tensor;
  squareAvg: Tensor;
  momentumBuffer?: Tensor;
  gradAvg?: Tensor;
}

type RMSpropPositional = [
  lr: Rate,
  alpha: number,
  eps: number,
  weightDecay: number,
  momentum: number,
  centered: boolean,
  capturable: boolean,
  foreach: boolean | null,
  maximize: boolean,
  differentiable: boolean,
];

const POSITIONAL = [
  ...(['lr', 'alpha', 'eps', 'weightDecay', 'momentum', 'centered'] as const),
  ...(['capturable', 'foreach', 'maximize', 'differentiable'] as const),
] as const;

/**
 * Steps scaled by an average of squared gradients; `torch.optim.RMSprop`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 1);
 * const optimizer = new torch.optim.RMSprop(net.parameters(), { lr: 1e-3, momentum: 0.9, centered: true });
 * net(torch.ones(4, 2)).square().mean().backward();
 * optimizer.step();
 * ```
 */
export class RMSprop extends Optimizer<RMSpropOptions, RMSpropState> {
  constructor(params: Params<RMSpropOptions>, ...optional: Optional<RMSpropPositional, RMSpropOptions>) {
    const defaults = {
      lr: 1e-2,
      momentum: 0,
      alpha: 0.99,
      eps: 1e-8,
      centered: false,
      weightDecay: 0,
      capturable: false,
      foreach: null,
      maximize: false,
      differentiable: false,
      ...readOptions<RMSpropOptions>('RMSprop', optional, POSITIONAL),
    };
    const { lr, alpha, eps, weightDecay, momentum, centered, capturable, foreach, maximize, differentiable } = defaults;
    checkLearningRate('RMSprop', lr);
    checkNonNegative('RMSprop', { eps, momentum, weightDecay, alpha });
    checkBooleanOptions('RMSprop', { centered, capturable, maximize, differentiable }, { foreach });
    super(params, defaults);
  }

  protected override initialState(param: Tensor, _: Tensor, group: ParamGroup<RMSpropOptions>): RMSpropState {
    return {
      step: scalarTensor(0, param, group),
      squareAvg: zerosLike(param),
      ...(group.momentum > 0 ? { momentumBuffer: zerosLike(param) } : {}),
      ...(group.centered ? { gradAvg: zerosLike(param) } : {}),
    };
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    state: RMSpropState,
    group: ParamGroup<RMSpropOptions>,
  ): void {
    const { alpha, eps, momentum, capturable } = group;
    requireDense('RMSprop', gradient);
    checkCapturable(capturable, param, state.step);
    nextStep(state, true);
    const grad = withDecay(descent(gradient, group.maximize), param, group.weightDecay);
    const [x, g, squares] = [param, grad, state.squareAvg].map(realView);
    squares.mul_(alpha).addcmul_(g, g, { value: 1 - alpha });
    let deviation = squares;
    if (group.centered) {
      const average = realView(state.gradAvg!);
      average.lerp_(g, 1 - alpha);
      deviation = squares.addcmul(average, average, { value: -1 });
    }
    deviation = deviation.sqrt().add(eps);
    const size = -valueOf(toScalar(group.lr));
    if (momentum > 0) {
      const buffer = realView(state.momentumBuffer!);
      buffer.mul_(momentum).addcdiv_(g, deviation);
      x.add_(buffer, { alpha: size });
    } else {
      x.addcdiv_(g, deviation, { value: size });
    }
  }
}
