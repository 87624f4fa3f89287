/** `torch.optim.Adam` and `AdamW`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { ValueError } from '../errors';
import { torchFunctions } from '../operators';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { div, mul, neg, pow, sqrt, sub, toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { checkBetas, checkBooleanOptions, checkLearningRate, checkNonNegative } from './options';
import type {
  CapturableOptions,
  DifferentiableOptions,
  FusedOptions,
  ImplementationOptions,
  MaximizeOptions,
} from './options';
import { Optimizer } from './optimizer';
import type { ParamGroup, Params } from './params';
import {
  checkCapturable,
  checkFused,
  descent,
  forFusedKernel,
  realView,
  requireDense,
  scalarTensor,
  withGradients,
  zerosLike,
} from './steps';

/** The options of {@link AdamW}. */
export interface AdamWOptions
  extends MaximizeOptions, ImplementationOptions, CapturableOptions, DifferentiableOptions, FusedOptions {
  /** The learning rate; 1e-3 by default. */
  lr?: Rate;
  /** The decay rates of the averages of the gradient and its square; `[0.9, 0.999]` by default. */
  betas?: readonly [Rate, Rate];
  /** What is added to the denominator; 1e-8 by default. */
  eps?: number;
  /** The weight decay; 0 by default in Adam, 0.01 in AdamW. */
  weightDecay?: number;
  /** Whether the denominator never decreases (AMSGrad); false by default. */
  amsgrad?: boolean;
}

/** The options of {@link Adam}. */
export interface AdamOptions extends AdamWOptions {
  /** Whether the weight decay shrinks the parameters instead of changing the gradients; false by default, as AdamW true. */
  decoupledWeightDecay?: boolean;
}

/** What {@link Adam} keeps for each parameter. */
export interface AdamState {
  step: Tensor;
  expAvg: Tensor;
  expAvgSq: Tensor;
  maxExpAvgSq?: Tensor;
}

type AdamPositional = [lr: Rate, betas: readonly [Rate, Rate], eps: number, weightDecay: number, amsgrad: boolean];

const POSITIONAL = ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad'] as const;
const NAMED = ['foreach', 'maximize', 'capturable', 'differentiable', 'fused'] as const;

/** The complete options, checked. */
function complete(api: string, given: AdamOptions): Required<AdamOptions> {
  const options = {
    lr: 1e-3,
    betas: [0.9, 0.999] as const,
    eps: 1e-8,
    weightDecay: 0,
    amsgrad: false,
    maximize: false,
    foreach: null,
    capturable: false,
    differentiable: false,
    fused: null,
    decoupledWeightDecay: false,
    ...given,
  };
  const { lr, eps, weightDecay, amsgrad, maximize, foreach, capturable, differentiable, fused } = options;
  const { decoupledWeightDecay } = options;
  checkBooleanOptions(api, { amsgrad, maximize, capturable, differentiable, decoupledWeightDecay }, { foreach, fused });
  checkLearningRate(api, lr);
  checkNonNegative(api, { eps, weightDecay });
  const betas = checkBetas(api, options.betas);
  if ((typeof betas[0] === 'number') !== (typeof betas[1] === 'number')) {
    throw new ValueError('betas must be either both numbers or both Tensors');
  }
  for (const [name, rate] of Object.entries({ lr, 'betas[0]': betas[0] })) {
    if (typeof rate === 'number' || !foreach || capturable) continue;
    throw new ValueError(`${name} as a Tensor is not supported for capturable=false and foreach=true`);
  }
  checkFused(options);
  return { ...options, betas };
}

/**
 * Adam: steps along an average of the gradients, scaled by an average of their squares; `torch.optim.Adam`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range; RuntimeError for options that
 * exclude each other.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 1);
 * const optimizer = new torch.optim.Adam(net.parameters(), { lr: 1e-2, betas: [0.9, 0.99] });
 * net(torch.ones(4, 2)).square().mean().backward();
 * optimizer.step();
 * optimizer.state.get(net.weight)?.step; // 1
 * ```
 */
export class Adam extends Optimizer<AdamOptions, AdamState> {
  constructor(params: Params<AdamOptions>, ...optional: Optional<AdamPositional, AdamOptions>) {
    super(
      params,
      complete('Adam', readOptions<AdamOptions>('Adam', optional, POSITIONAL, [...NAMED, 'decoupledWeightDecay'])),
    );
  }

  protected override initialState(param: Tensor, _: Tensor, group: ParamGroup<AdamOptions>): AdamState {
    return {
      step: scalarTensor(0, param, group),
      expAvg: zerosLike(param),
      expAvgSq: zerosLike(param),
      ...(group.amsgrad ? { maxExpAvgSq: zerosLike(param) } : {}),
    };
  }

  protected override updateGroup(group: ParamGroup<AdamOptions>): void {
    if (group.fused) scope(() => this.#updateFused(group));
    else super.updateGroup(group);
  }

  protected override stateOf(param: Tensor, grad: Tensor, group: ParamGroup<AdamOptions>): AdamState {
    requireDense(this.constructor.name, grad, ', please consider SparseAdam instead');
    return super.stateOf(param, grad, group);
  }

  protected override update(param: Tensor, gradient: Tensor, state: AdamState, group: ParamGroup<AdamOptions>): void {
    const { amsgrad, capturable, differentiable, eps, weightDecay } = group;
    const lr = toScalar(group.lr);
    const [beta1, beta2] = [toScalar(group.betas[0]), toScalar(group.betas[1])];
    checkCapturable(capturable, param, state.step);
    state.step.add_(1);
    let grad = descent(gradient, group.maximize);
    if (weightDecay !== 0) {
      if (group.decoupledWeightDecay) param.mul_(sub(1, mul(lr, weightDecay)));
      else grad = grad.add(param, { alpha: weightDecay });
    }
    const [x, g, average, squares] = [param, grad, state.expAvg, state.expAvgSq].map(realView);
    updateAverages(average, squares, g, beta1, beta2, differentiable);

    // Tensors stay tensors where nothing may be read from the device, or autograd records.
    const step = capturable || differentiable ? state.step.clone() : state.step.item();
    const correction1 = sub(1, pow(beta1, step));
    const correction2 = sqrt(sub(1, pow(beta2, step)));
    const stepSize = div(lr, correction1);
    let bound = squares;
    if (amsgrad) {
      bound = realView(state.maxExpAvgSq!);
      bound.copy_(torchFunctions.maximum(differentiable ? bound.clone() : bound, squares));
    }
    if (typeof step === 'number') {
      const denominator = bound.sqrt().div(correction2).add_(eps);
      x.addcdiv_(average, denominator, { value: -valueOf(stepSize) });
    } else {
      const negative = neg(stepSize);
      const denominator = bound.sqrt().div(mul(correction2, negative)).add_(div(eps, negative));
      x.addcdiv_(differentiable ? average.clone() : average, denominator);
    }
  }

  #updateFused(group: ParamGroup<AdamOptions>): void {
    const { amsgrad, eps, weightDecay, maximize, lr } = group;
    for (const items of forFusedKernel(withGradients(group))) {
      const states = items.map(({ param, grad }) => this.stateOf(param, grad, group));
      for (const { step } of states) step.add_(1);
      const [beta1, beta2] = group.betas.map(valueOf);
      const options = { beta1, beta2, eps, weightDecay, amsgrad, maximize };
      const kernel = group.decoupledWeightDecay ? torchFunctions._fusedAdamw_ : torchFunctions._fusedAdam_;
      const lists = [
        items.map(({ param }) => param),
        items.map(({ grad }) => grad),
        states.map(({ expAvg }) => expAvg),
        states.map(({ expAvgSq }) => expAvgSq),
        amsgrad ? states.map(({ maxExpAvgSq }) => maxExpAvgSq!) : [],
        states.map(({ step }) => step),
      ] as const;
      if (typeof lr === 'number') kernel(...lists, { ...options, lr });
      else kernel(...lists, { ...options, lr });
    }
  }
}

function updateAverages(
  average: Tensor,
  squares: Tensor,
  grad: Tensor,
  beta1: Rate,
  beta2: Rate,
  differentiable: boolean,
): void {
  if (typeof beta1 === 'number') average.lerp_(grad, 1 - beta1);
  else average.lerp_(grad, torchFunctions.rsub(beta1.to(average.device, average.dtype), 1));
  if (differentiable && typeof beta2 !== 'number' && beta2.requiresGrad) {
    squares.lerp_(grad.square(), torchFunctions.rsub(beta2, 1));
  } else {
    squares.mul_(beta2).addcmul_(grad, grad, { value: valueOf(sub(1, beta2)) });
  }
}

/**
 * Adam whose weight decay shrinks the parameters and does not enter the averages; `torch.optim.AdamW`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range; RuntimeError for options that
 * exclude each other.
 * @example
 * ```ts
 * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 8), new torch.nn.Tanh(), new torch.nn.Linear(8, 1));
 * const optimizer = new torch.optim.AdamW(net.parameters(), { lr: 1e-2, weightDecay: 0.1 });
 * const [x, y] = [torch.rand(16, 2), torch.rand(16, 1)];
 * for (let i = 0; i < 3; i++) {
 *   optimizer.zeroGrad();
 *   net(x).sub(y).square().mean().backward();
 *   optimizer.step();
 * }
 * ```
 */
export class AdamW extends Adam {
  constructor(params: Params<AdamWOptions>, ...optional: Optional<AdamPositional, AdamWOptions>) {
    const options = readOptions<AdamWOptions>('AdamW', optional, POSITIONAL, NAMED);
    super(params, complete('AdamW', { weightDecay: 1e-2, ...options, decoupledWeightDecay: true }));
  }

  protected override optionsOfOldFiles(): Partial<AdamOptions> {
    return { ...super.optionsOfOldFiles(), decoupledWeightDecay: true };
  }
}
