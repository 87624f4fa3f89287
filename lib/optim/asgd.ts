/** `torch.optim.ASGD`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { add, div, mul, pow, sub, toScalar, valueOf } from './arithmetic';
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

/** The options of {@link ASGD}. */
export interface ASGDOptions extends MaximizeOptions, ImplementationOptions, CapturableOptions, DifferentiableOptions {
  /** The learning rate; 1e-2 by default. */
  lr?: Rate;
  /** The decay of the parameters and of the learning rate; 1e-4 by default. */
  lambd?: number;
  /** The exponent of the decreasing learning rate; 0.75 by default. */
  alpha?: number;
  /** The step at which averaging starts; 1e6 by default. */
  t0?: number;
  /** The factor of the penalty on the squares of the parameters; 0 by default. */
  weightDecay?: number;
}

/** What {@link ASGD} keeps for each parameter; `ax` is the average. */
export interface ASGDState {
  step: Tensor;
  eta: Tensor;
  mu: Tensor;
  ax: Tensor;
}

type ASGDPositional = [
  lr: Rate,
  lambd: number,
  alpha: number,
  t0: number,
  weightDecay: number,
  foreach: boolean | null,
  maximize: boolean,
  differentiable: boolean,
  capturable: boolean,
];

const POSITIONAL = [
  ...(['lr', 'lambd', 'alpha', 't0', 'weightDecay'] as const),
  ...(['foreach', 'maximize', 'differentiable', 'capturable'] as const),
] as const;

/**
 * Gradient descent that keeps an average of the parameters (`state.get(param).ax`); `torch.optim.ASGD`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 1);
 * const optimizer = new torch.optim.ASGD(net.parameters(), { lr: 1e-2, t0: 100 });
 * net(torch.ones(4, 2)).square().mean().backward();
 * optimizer.step();
 * ```
 */
export class ASGD extends Optimizer<ASGDOptions, ASGDState> {
  constructor(params: Params<ASGDOptions>, ...optional: Optional<ASGDPositional, ASGDOptions>) {
    const defaults = {
      lr: 1e-2,
      lambd: 1e-4,
      alpha: 0.75,
      t0: 1e6,
      weightDecay: 0,
      foreach: null,
      maximize: false,
      differentiable: false,
      capturable: false,
      ...readOptions<ASGDOptions>('ASGD', optional, POSITIONAL),
    };
    const { lr, lambd, alpha, t0, weightDecay, foreach, maximize, differentiable, capturable } = defaults;
    checkLearningRate('ASGD', lr);
    checkNonNegative('ASGD', { weightDecay });
    checkNumberOptions('ASGD', { lambd, alpha, t0 });
    checkBooleanOptions('ASGD', { maximize, differentiable, capturable }, { foreach });
    super(params, defaults);
  }

  protected override get scalarStates(): readonly string[] {
    return ['step', 'eta', 'mu'];
  }

  protected override initialState(param: Tensor, _: Tensor, group: ParamGroup<ASGDOptions>): ASGDState {
    const scalar = (value: number): Tensor => scalarTensor(value, param, { capturable: true });
    return { step: scalar(0), eta: scalar(valueOf(toScalar(group.lr))), mu: scalar(1), ax: zerosLike(param) };
  }

  protected override update(param: Tensor, gradient: Tensor, state: ASGDState, group: ParamGroup<ASGDOptions>): void {
    const { lambd, alpha, t0, capturable } = group;
    const { eta, mu } = state;
    requireDense('ASGD', gradient);
    checkCapturable(capturable, param, mu, eta, state.step);
    const [x, average] = [param, state.ax].map(realView);
    const step = nextStep(state, capturable);
    const g = realView(withDecay(descent(gradient, group.maximize), param, group.weightDecay));
    const rate: Rate = capturable ? eta : eta.item();
    x.mul_(sub(1, mul(lambd, rate)));
    if (typeof rate === 'number') x.add_(g, { alpha: -rate });
    else x.addcmul_(g, rate, { value: -1 });
    if (capturable || mu.item() !== 1) average.add_(x.sub(average).mul_(mu));
    else average.copy_(x);
    // Rounded to the default dtype, as in PyTorch, also where a loaded state has another one.
    const rounded = (value: Rate): Tensor => (typeof value === 'number' ? scalarTensor(value, param, {}) : value);
    const lr = toScalar(group.lr);
    eta.copy_(rounded(div(lr, pow(add(1, mul(mul(lambd, lr), step)), alpha))));
    if (typeof step === 'number') mu.copy_(rounded(1 / Math.max(1, step - t0)));
    else mu.copy_(torchFunctions.maximum(step.sub(t0), torchFunctions.onesLike(step)).reciprocal());
  }
}
