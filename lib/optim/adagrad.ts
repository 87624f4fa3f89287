/** `torch.optim.Adagrad`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { Complex } from '../complex';
import { RuntimeError } from '../errors';
import { torchFunctions } from '../operators';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { div, neg, toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { checkBooleanOptions, checkLearningRate, checkNonNegative } from './options';
import type { DifferentiableOptions, FusedOptions, ImplementationOptions, MaximizeOptions } from './options';
import { Optimizer } from './optimizer';
import type { ParamGroup, ParamGroupInput, Params } from './params';
import { sparseLike, valuesAt } from './sparse';
import { checkFused, descent, forFusedKernel, realView, scalarTensor, withDecay, withGradients } from './steps';

/** The options of {@link Adagrad}. */
export interface AdagradOptions extends MaximizeOptions, ImplementationOptions, DifferentiableOptions, FusedOptions {
  /** The learning rate; 1e-2 by default. */
  lr?: Rate;
  /** How the learning rate decreases: it is divided by `1 + lrDecay * t` after t steps; 0 by default. */
  lrDecay?: number;
  /** The factor of the penalty on the squares of the parameters; 0 by default. */
  weightDecay?: number;
  /** The sum of squares before the first step; 0 by default. */
  initialAccumulatorValue?: number;
  /** What is added to the denominator; 1e-10 by default. */
  eps?: number;
}

/** What {@link Adagrad} keeps for each parameter. */
export interface AdagradState {
  step: Tensor;
  sum: Tensor;
}

type AdagradPositional = [
  lr: Rate,
  lrDecay: number,
  weightDecay: number,
  initialAccumulatorValue: number,
  eps: number,
  foreach: boolean | null,
];

const POSITIONAL = ['lr', 'lrDecay', 'weightDecay', 'initialAccumulatorValue', 'eps', 'foreach'] as const;

/**
 * Steps scaled by the root of the sum of all squared gradients; `torch.optim.Adagrad`. Takes sparse gradients.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range; RuntimeError for options that
 * exclude each other.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 1);
 * const optimizer = new torch.optim.Adagrad(net.parameters(), { lr: 0.1, lrDecay: 1e-3 });
 * net(torch.ones(4, 2)).square().mean().backward();
 * optimizer.step();
 * ```
 */
export class Adagrad extends Optimizer<AdagradOptions, AdagradState> {
  constructor(params: Params<AdagradOptions>, ...optional: Optional<AdagradPositional, AdagradOptions>) {
    const defaults = {
      lr: 1e-2,
      lrDecay: 0,
      eps: 1e-10,
      weightDecay: 0,
      initialAccumulatorValue: 0,
      foreach: null,
      maximize: false,
      differentiable: false,
      fused: null,
      ...readOptions<AdagradOptions>('Adagrad', optional, POSITIONAL, ['maximize', 'differentiable', 'fused']),
    };
    const { lr, lrDecay, weightDecay, initialAccumulatorValue, eps, foreach, maximize, differentiable, fused } =
      defaults;
    checkLearningRate('Adagrad', lr);
    checkNonNegative('Adagrad', { lrDecay, weightDecay, initialAccumulatorValue, eps });
    checkBooleanOptions('Adagrad', { maximize, differentiable }, { foreach, fused });
    checkFused(defaults);
    super(params, defaults);
  }

  /** Adds parameters; their sums of squares exist from now on, as in PyTorch. */
  override addParamGroup(input: ParamGroupInput<AdagradOptions>): void {
    super.addParamGroup(input);
    const group = this.paramGroups.at(-1)!;
    for (const param of group.params) this.stateOf(param, param, group);
  }

  protected override initialState(param: Tensor, _: Tensor, group: ParamGroup<AdagradOptions>): AdagradState {
    const { initialAccumulatorValue: value } = this.defaults;
    const sum = torchFunctions.fullLike(param, param.isComplex() ? new Complex(value, value) : value, {
      memoryFormat: 'preserve_format',
    });
    return { step: scalarTensor(0, param, group), sum };
  }

  protected override updateGroup(group: ParamGroup<AdagradOptions>): void {
    if (group.fused) scope(() => this.#updateFused(group));
    else super.updateGroup(group);
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    state: AdagradState,
    group: ParamGroup<AdagradOptions>,
  ): void {
    const { eps, weightDecay } = group;
    state.step.add_(1);
    let grad = descent(gradient, group.maximize);
    const isSparse = grad.layout !== 'strided';
    if (weightDecay !== 0 && isSparse) {
      throw new RuntimeError('weightDecay option is not compatible with sparse gradients');
    }
    grad = withDecay(grad, param, weightDecay);
    const rate = div(toScalar(group.lr), 1 + (state.step.item() - 1) * group.lrDecay);
    const size = valueOf(neg(rate));
    if (isSparse) {
      grad = grad.coalesce();
      const values = grad._values();
      state.sum.add_(sparseLike(grad, values.pow(2)));
      const deviations = valuesAt(state.sum, grad).sqrt_().add_(eps);
      param.add_(sparseLike(grad, values.div(deviations)), { alpha: size });
      return;
    }
    const [x, g, sum] = [param, grad, state.sum].map(realView);
    sum.addcmul_(g, g, { value: 1 });
    x.addcdiv_(g, sum.sqrt().add(eps), { value: size });
  }

  #updateFused(group: ParamGroup<AdagradOptions>): void {
    const { lr, lrDecay, weightDecay, eps, maximize } = group;
    for (const items of forFusedKernel(withGradients(group))) {
      if (items.some(({ grad }) => grad.layout !== 'strided')) {
        throw new RuntimeError('`fused` does not support sparse grad or complex param');
      }
      const states = items.map(({ param, grad }) => this.stateOf(param, grad, group));
      for (const { step } of states) step.add_(1);
      const options = { lrDecay, weightDecay, eps, maximize };
      const lists = [
        items.map(({ param }) => param),
        items.map(({ grad }) => grad),
        states.map(({ sum }) => sum),
        states.map(({ step }) => step),
      ] as const;
      if (typeof lr === 'number') torchFunctions._fusedAdagrad_(...lists, { ...options, lr });
      else torchFunctions._fusedAdagrad_(...lists, { ...options, lr });
    }
  }
}
