/** `torch.optim.SGD`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { RuntimeError, ValueError } from '../errors';
import { torchFunctions } from '../operators';
import { keepBeyondScopes, scope } from '../scope';
import type { Tensor } from '../tensor';
import type { Rate } from './arithmetic';
import { toScalar, valueOf } from './arithmetic';
import { checkBooleanOptions, checkLearningRate, checkNonNegative, checkNumberOptions } from './options';
import type { DifferentiableOptions, FusedOptions, ImplementationOptions, MaximizeOptions } from './options';
import { Optimizer } from './optimizer';
import type { ParamGroup, Params } from './params';
import { checkFused, descent, forFusedKernel, withDecay, withGradients } from './steps';

/** The options of {@link SGD}. */
export interface SGDOptions extends MaximizeOptions, ImplementationOptions, DifferentiableOptions, FusedOptions {
  /** The learning rate; 1e-3 by default. */
  lr?: Rate;
  /** How much of the last update the next one contains; 0 by default. */
  momentum?: number;
  /** How much of the gradient the momentum leaves out; 0 by default. */
  dampening?: number;
  /** The factor of the penalty on the squares of the parameters; 0 by default. */
  weightDecay?: number;
  /** Whether to use Nesterov's momentum; false by default. */
  nesterov?: boolean;
}

/** What {@link SGD} keeps for each parameter: the last update, if there is momentum. */
export interface SGDState {
  momentumBuffer?: Tensor | null;
}

const POSITIONAL = ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov'] as const;
const NAMED = ['maximize', 'foreach', 'differentiable', 'fused'] as const;

/**
 * Gradient descent, with momentum if you like; `torch.optim.SGD`. Takes sparse gradients.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range; RuntimeError for options that
 * exclude each other.
 * @example
 * ```ts
 * const w = torch.tensor([3, -2], { requiresGrad: true });
 * const optimizer = new torch.optim.SGD([w], { lr: 0.1, momentum: 0.9 });
 * for (let i = 0; i < 100; i++) {
 *   optimizer.zeroGrad();
 *   w.square().sum().backward();
 *   optimizer.step();
 * }
 * w.abs().max().item() < 0.05; // true
 * ```
 */
export class SGD extends Optimizer<SGDOptions, SGDState> {
  constructor(
    params: Params<SGDOptions>,
    ...optional: Optional<
      [lr: Rate, momentum: number, dampening: number, weightDecay: number, nesterov: boolean],
      SGDOptions
    >
  ) {
    const defaults = {
      lr: 1e-3,
      momentum: 0,
      dampening: 0,
      weightDecay: 0,
      nesterov: false,
      maximize: false,
      foreach: null,
      differentiable: false,
      fused: null,
      ...readOptions<SGDOptions>('SGD', optional, POSITIONAL, NAMED),
    };
    const { lr, momentum, dampening, weightDecay, nesterov, maximize, foreach, differentiable, fused } = defaults;
    checkLearningRate('SGD', lr);
    checkNonNegative('SGD', { momentum, weightDecay });
    checkNumberOptions('SGD', { dampening });
    checkBooleanOptions('SGD', { nesterov, maximize, differentiable }, { foreach, fused });
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ValueError('Nesterov momentum requires a momentum and zero dampening');
    }
    checkFused(defaults);
    super(params, defaults);
  }

  protected override updateGroup(group: ParamGroup<SGDOptions>): void {
    if (group.fused) scope(() => this.#updateFused(group));
    else super.updateGroup(group);
  }

  protected override update(param: Tensor, gradient: Tensor, state: SGDState, group: ParamGroup<SGDOptions>): void {
    const { momentum, dampening, nesterov } = group;
    let grad = withDecay(descent(gradient, group.maximize), param, group.weightDecay);
    if (momentum !== 0) {
      let buffer = state.momentumBuffer;
      if (buffer == null) {
        buffer = grad.detach().clone();
        this.#keepBuffer(param, state, buffer);
      } else {
        buffer.mul_(momentum).add_(grad, { alpha: 1 - dampening });
      }
      grad = nesterov ? grad.add(buffer, { alpha: momentum }) : buffer;
    }
    const lr = toScalar(group.lr);
    if (typeof lr !== 'number' && lr.requiresGrad) param.addcmul_(grad, lr, { value: -1 });
    else param.add_(grad, { alpha: -valueOf(lr) });
  }

  #keepBuffer(param: Tensor, state: SGDState, buffer: Tensor): void {
    keepBeyondScopes([buffer]);
    state.momentumBuffer = buffer;
    this.state.set(param, state);
  }

  #updateFused(group: ParamGroup<SGDOptions>): void {
    const { momentum, dampening, weightDecay, nesterov, maximize } = group;
    for (const items of forFusedKernel(withGradients(group))) {
      if (items.some(({ grad }) => grad.layout !== 'strided')) {
        throw new RuntimeError('`fused: true` does not support sparse gradients');
      }
      const states = items.map(({ param }) => this.state.get(param) ?? {});
      const isFirstStep = momentum !== 0 && states.every(({ momentumBuffer }) => momentumBuffer == null);
      const buffers =
        momentum === 0
          ? []
          : items.map(({ param, grad }, i) => {
              const known = states[i].momentumBuffer;
              if (known != null) return known;
              // The kernel fills them at the first step. A parameter that joins later starts from zero.
              const buffer = isFirstStep ? torchFunctions.emptyLike(grad) : torchFunctions.zerosLike(grad);
              this.#keepBuffer(param, states[i], buffer);
              return buffer;
            });
      const params = items.map(({ param }) => param);
      const options = { momentum, dampening, weightDecay, nesterov, maximize, isFirstStep };
      const grads = items.map(({ grad }) => grad);
      const { lr } = group;
      if (typeof lr === 'number') torchFunctions._fusedSgd_(params, grads, buffers, { ...options, lr });
      else torchFunctions._fusedSgd_(params, grads, buffers, { ...options, lr });
    }
  }
}
