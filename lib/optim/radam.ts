/** `torch.optim.RAdam`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { div, mul, pow, sqrt, sub, toScalar } from './arithmetic';
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
import { checkCapturable, descent, nextStep, realView, requireDense, scalarTensor, zerosLike } from './steps';

/** The options of {@link RAdam}. */
export interface RAdamOptions extends MaximizeOptions, ImplementationOptions, CapturableOptions, DifferentiableOptions {
  /** The learning rate; 1e-3 by default. */
  lr?: Rate;
  /** The decay rates of the averages of the gradient and its square; `[0.9, 0.999]` by default. */
  betas?: Betas;
  /** What is added to the denominator; 1e-8 by default. */
  eps?: number;
  /** The weight decay; 0 by default. */
  weightDecay?: number;
  /** Whether the weight decay shrinks the parameters instead of changing the gradients; false by default. */
  decoupledWeightDecay?: boolean;
}

/** What {@link RAdam} keeps for each parameter. */
export interface RAdamState {
  step: Tensor;
  expAvg: Tensor;
  expAvgSq: Tensor;
}

type RAdamPositional = [lr: Rate, betas: Betas, eps: number, weightDecay: number, decoupledWeightDecay: boolean];

const POSITIONAL = ['lr', 'betas', 'eps', 'weightDecay', 'decoupledWeightDecay'] as const;

/**
 * Adam whose scaling starts when the variance of its average is known well enough; `torch.optim.RAdam`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 1);
 * const optimizer = new torch.optim.RAdam(net.parameters(), { lr: 1e-2 });
 * net(torch.ones(4, 2)).square().mean().backward();
 * optimizer.step();
 * ```
 */
export class RAdam extends Optimizer<RAdamOptions, RAdamState> {
  constructor(params: Params<RAdamOptions>, ...optional: Optional<RAdamPositional, RAdamOptions>) {
    const defaults = {
      lr: 1e-3,
      betas: [0.9, 0.999] as const,
      eps: 1e-8,
      weightDecay: 0,
      maximize: false,
      foreach: null,
      capturable: false,
      decoupledWeightDecay: false,
      differentiable: false,
      ...readOptions<RAdamOptions>('RAdam', optional, POSITIONAL, [
        'foreach',
        'maximize',
        'capturable',
        'differentiable',
      ]),
    };
    const { lr, eps, weightDecay, decoupledWeightDecay, maximize, foreach, capturable, differentiable } = defaults;
    checkLearningRate('RAdam', lr);
    checkNonNegative('RAdam', { eps, weightDecay });
    checkBooleanOptions('RAdam', { decoupledWeightDecay, maximize, capturable, differentiable }, { foreach });
    super(params, { ...defaults, betas: checkBetas('RAdam', defaults.betas) });
  }

  protected override initialState(param: Tensor, _: Tensor, group: ParamGroup<RAdamOptions>): RAdamState {
    return { step: scalarTensor(0, param, group), expAvg: zerosLike(param), expAvgSq: zerosLike(param) };
  }

  protected override update(param: Tensor, gradient: Tensor, state: RAdamState, group: ParamGroup<RAdamOptions>): void {
    const { eps, weightDecay, capturable } = group;
    const [beta1, beta2] = group.betas;
    const lr = toScalar(group.lr);
    requireDense('RAdam', gradient);
    checkCapturable(capturable, param, state.step);
    const [x, average, squares] = [param, state.expAvg, state.expAvgSq].map(realView);
    let g = realView(descent(gradient, group.maximize));
    const step = nextStep(state, capturable);
    if (weightDecay !== 0) {
      if (group.decoupledWeightDecay) x.mul_(sub(1, mul(lr, weightDecay)));
      else g = g.add(x, { alpha: weightDecay });
    }
    average.lerp_(g, 1 - beta1);
    squares.mul_(beta2).addcmul_(g, g, { value: 1 - beta2 });
    const correction2 = sub(1, pow(beta2, step));
    const corrected = average.div(sub(1, pow(beta1, step)));

    // The length of the average of squares, as the length of a simple moving average, and the most it can become.
    const longest = 2 / (1 - beta2) - 1;
    const length = sub(longest, div(mul(mul(2, step), pow(beta2, step)), correction2));
    const rectification = (): Rate => {
      const numerator = mul(mul(sub(length, 4), sub(length, 2)), longest);
      return sqrt(div(numerator, mul((longest - 4) * (longest - 2), length)));
    };
    const scale = (): Tensor => {
      const root = squares.sqrt().add(eps);
      return div(sqrt(correction2), root) as Tensor;
    };
    if (typeof length !== 'number') {
      const update = torchFunctions.where(length.gt(5), scale().mul(rectification()), 1);
      x.add_(corrected.mul(lr).mul(update), { alpha: -1 });
    } else if (length > 5) {
      x.add_(corrected.mul(lr).mul(scale()).mul(rectification()), { alpha: -1 });
    } else {
      x.add_(corrected.mul(lr), { alpha: -1 });
    }
  }
}
