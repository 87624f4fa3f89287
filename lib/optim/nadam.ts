/** `torch.optim.NAdam`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import type { Tensor } from '../tensor';
import { add, div, mul, neg, pow, sub, toScalar, valueOf } from './arithmetic';
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

/** The options of {@link NAdam}. */
export interface NAdamOptions extends MaximizeOptions, ImplementationOptions, CapturableOptions, DifferentiableOptions {
  /** The learning rate; 2e-3 by default. */
  lr?: Rate;
  /** The decay rates of the averages of the gradient and its square; `[0.9, 0.999]` by default. */
  betas?: Betas;
  /** What is added to the denominator; 1e-8 by default. */
  eps?: number;
  /** The weight decay; 0 by default. */
  weightDecay?: number;
  /** How fast the momentum approaches `betas[0]`; 4e-3 by default. */
  momentumDecay?: number;
  /** Whether the weight decay shrinks the parameters instead of changing the gradients; false by default. */
  decoupledWeightDecay?: boolean;
}

/** What {@link NAdam} keeps for each parameter. */
export interface NAdamState {
  step: Tensor;
  muProduct: Tensor;
  expAvg: Tensor;
  expAvgSq: Tensor;
}

type NAdamPositional = [
  lr: Rate,
  betas: Betas,
  eps: number,
  weightDecay: number,
  momentumDecay: number,
  decoupledWeightDecay: boolean,
];

const POSITIONAL = ['lr', 'betas', 'eps', 'weightDecay', 'momentumDecay', 'decoupledWeightDecay'] as const;

/**
 * Adam with Nesterov's momentum; `torch.optim.NAdam`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 1);
 * const optimizer = new torch.optim.NAdam(net.parameters(), { lr: 1e-2, momentumDecay: 1e-3 });
 * net(torch.ones(4, 2)).square().mean().backward();
 * optimizer.step();
 * ```
 */
export class NAdam extends Optimizer<NAdamOptions, NAdamState> {
  constructor(params: Params<NAdamOptions>, ...optional: Optional<NAdamPositional, NAdamOptions>) {
    const defaults = {
      lr: 2e-3,
      betas: [0.9, 0.999] as const,
      eps: 1e-8,
      weightDecay: 0,
      momentumDecay: 4e-3,
      decoupledWeightDecay: false,
      maximize: false,
      foreach: null,
      capturable: false,
      differentiable: false,
      ...readOptions<NAdamOptions>('NAdam', optional, POSITIONAL, [
        'foreach',
        'maximize',
        'capturable',
        'differentiable',
      ]),
    };
    const { lr, eps, weightDecay, momentumDecay, decoupledWeightDecay } = defaults;
    const { maximize, foreach, capturable, differentiable } = defaults;
    checkLearningRate('NAdam', lr);
    checkNonNegative('NAdam', { eps, weightDecay, momentumDecay });
    checkBooleanOptions('NAdam', { decoupledWeightDecay, maximize, capturable, differentiable }, { foreach });
    super(params, { ...defaults, betas: checkBetas('NAdam', defaults.betas) });
  }

  protected override get scalarStates(): readonly string[] {
    return ['step', 'muProduct'];
  }

  protected override initialState(param: Tensor, _: Tensor, group: ParamGroup<NAdamOptions>): NAdamState {
    return {
      step: scalarTensor(0, param, group),
      muProduct: scalarTensor(1, param, group),
      expAvg: zerosLike(param),
      expAvgSq: zerosLike(param),
    };
  }

  protected override update(param: Tensor, gradient: Tensor, state: NAdamState, group: ParamGroup<NAdamOptions>): void {
    const { eps, weightDecay, momentumDecay, capturable, differentiable } = group;
    const { muProduct } = state;
    const [beta1, beta2] = group.betas;
    const lr = toScalar(group.lr);
    requireDense('NAdam', gradient);
    checkCapturable(capturable, param, state.step, muProduct);
    const step = nextStep(state, capturable);
    const [x, average, squares] = [param, state.expAvg, state.expAvgSq].map(realView);
    let g = realView(descent(gradient, group.maximize));
    if (weightDecay !== 0) {
      if (group.decoupledWeightDecay) x.mul_(sub(1, mul(lr, weightDecay)));
      else g = g.add(x, { alpha: weightDecay });
    }
    /** The momentum at a step. */
    const momentumAt = (at: Rate): Rate => mul(beta1, sub(1, mul(0.5, pow(0.96, mul(at, momentumDecay)))));
    const mu = momentumAt(step);
    const next = momentumAt(add(step, 1));
    muProduct.mul_(mu);
    average.lerp_(g, 1 - beta1);
    squares.mul_(beta2).addcmul_(g, g, { value: 1 - beta2 });
    const denominator = squares
      .div(sub(1, pow(beta2, step)))
      .sqrt()
      .add(eps);
    const product: Rate = differentiable || capturable ? muProduct : muProduct.item();
    const ofGradient = div(mul(neg(lr), sub(1, mu)), sub(1, product));
    const ofAverage = div(mul(neg(lr), next), sub(1, mul(product, next)));
    if (typeof product === 'number') {
      x.addcdiv_(g, denominator, { value: valueOf(ofGradient) });
      x.addcdiv_(average, denominator, { value: valueOf(ofAverage) });
    } else {
      x.addcdiv_(g.mul(ofGradient), denominator);
      x.addcdiv_(average.mul(ofAverage), denominator);
    }
  }
}
