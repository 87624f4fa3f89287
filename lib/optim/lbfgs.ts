/** `torch.optim.LBFGS`. */

import { checkFunction, readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { enableGrad, noGrad } from '../autograd/modes';
import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { keepBeyondScopes } from '../scope';
import type { Tensor } from '../tensor';
import { div, isAtMost, isLess, mul, smallest, sub, toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { strongWolfe } from './line-search';
import { checkLearningRate, checkNumberOptions } from './options';
import { Optimizer } from './optimizer';
import type { Params } from './params';
import { realView } from './steps';

/** The options of {@link LBFGS}. */
export interface LBFGSOptions {
  /** The size of the first step that is tried; 1 by default. */
  lr?: Rate;
  /** The most iterations of one step; 20 by default. */
  maxIter?: number;
  /** The most evaluations of the function in one step; null, by default, for `maxIter * 1.25`. */
  maxEval?: number | null;
  /** A step ends when no element of the gradient is larger; 1e-7 by default. */
  toleranceGrad?: number;
  /** A step ends when neither a parameter nor the loss changes by more; 1e-9 by default. */
  toleranceChange?: number;
  /** How many updates the approximation of the Hessian takes into account; 100 by default. */
  historySize?: number;
  /** The line search; null, by default, for steps of the size `lr`. */
  lineSearchFn?: 'strong_wolfe' | null;
}

/** What {@link LBFGS} keeps, as the state of its first parameter. */
export interface LBFGSState {
  funcEvals: number;
  nIter: number;
  al?: (Tensor | null)[];
  d?: Tensor;
  t?: Rate;
  oldDirs?: Tensor[];
  oldStps?: Tensor[];
  ro?: Tensor[];
  HDiag?: Rate;
  prevFlatGrad?: Tensor;
  prevLoss?: number;
}

type LBFGSPositional = [
  lr: Rate,
  maxIter: number,
  maxEval: number | null,
  toleranceGrad: number,
  toleranceChange: number,
  historySize: number,
  lineSearchFn: 'strong_wolfe' | null,
];

const POSITIONAL = [
  ...(['lr', 'maxIter', 'maxEval', 'toleranceGrad', 'toleranceChange'] as const),
  ...(['historySize', 'lineSearchFn'] as const),
] as const;

/**
 * The quasi-Newton method of limited memory; `torch.optim.LBFGS`. Needs a closure, which it calls several times in each
 * step, takes one group of parameters, and keeps `historySize + 1` copies of them.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range, or several groups; RuntimeError
 * for another line search.
 * @example
 * ```ts
 * const x = torch.tensor([-1.2, 1], { dtype: 'float64', requiresGrad: true });
 * const optimizer = new torch.optim.LBFGS([x], { maxIter: 100, lineSearchFn: 'strong_wolfe' });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const [a, b] = [x.index(0), x.index(1)];
 *   const rosenbrock = a.sub(1).square().add(b.sub(a.square()).square().mul(100));
 *   rosenbrock.backward();
 *   return rosenbrock;
 * });
 * x.detach().sub(1).abs().max().item() < 1e-4; // true
 * ```
 */
export class LBFGS extends Optimizer<LBFGSOptions, LBFGSState> {
  constructor(params: Params<LBFGSOptions>, ...optional: Optional<LBFGSPositional, LBFGSOptions>) {
    const defaults = {
      lr: 1,
      maxIter: 20,
      maxEval: null,
      toleranceGrad: 1e-7,
      toleranceChange: 1e-9,
      historySize: 100,
      lineSearchFn: null,
      ...readOptions<LBFGSOptions>('LBFGS', optional, POSITIONAL),
    };
    const { lr, maxIter, toleranceGrad, toleranceChange, historySize } = defaults;
    const maxEval = defaults.maxEval ?? Math.floor((maxIter * 5) / 4);
    checkLearningRate('LBFGS', lr);
    checkNumberOptions('LBFGS', { maxIter, maxEval, toleranceGrad, toleranceChange, historySize });
    super(params, { ...defaults, maxEval });
    if (this.paramGroups.length !== 1) {
      throw new ValueError("LBFGS doesn't support per-parameter options (parameter groups)");
    }
  }

  get #params(): Tensor[] {
    return this.paramGroups[0].params;
  }

  protected override get scalarStates(): readonly string[] {
    return [];
  }

  protected override run(closure?: () => unknown): unknown {
    checkFunction('step', closure, 'closure');
    if (this.#params.length === 0) return enableGrad(closure);
    return noGrad(() => this.#iterate(() => enableGrad(closure)));
  }

  #iterate(closure: () => unknown): unknown {
    const group = this.paramGroups[0];
    const { maxIter, toleranceGrad, toleranceChange, lineSearchFn } = group;
    const maxEval = group.maxEval!;
    if (lineSearchFn !== null && lineSearchFn !== 'strong_wolfe') {
      throw new RuntimeError("only 'strong_wolfe' is supported");
    }
    const lr = toScalar(group.lr);
    const evaluate = (): { result: unknown; loss: number; grad: Tensor } => {
      const result = closure();
      return { result, loss: lossOf(result), grad: this.#flatGradient() };
    };
    const isSmall = (tensor: Tensor, tolerance: number): boolean => isAtMost(tensor.abs().max(), tolerance);

    const state = this.state.get(this.#params[0]) ?? { funcEvals: 0, nIter: 0 };
    this.state.set(this.#params[0], state);
    const first = evaluate();
    let { loss, grad } = first;
    let evaluations = 1;
    state.funcEvals += 1;
    if (isSmall(grad, toleranceGrad)) return first.result;

    for (let iteration = 1; iteration <= maxIter; iteration++) {
      state.nIter += 1;
      const direction = this.#nextDirection(state, grad, group.historySize);
      if (state.prevFlatGrad === undefined) state.prevFlatGrad = grad.clone();
      else state.prevFlatGrad.copy_(grad);
      state.prevLoss = loss;
      state.t = state.nIter === 1 ? mul(smallest(1, div(1, grad.abs().sum())), lr) : lr;
      const slope = grad.dot(direction);
      if (isLess(-toleranceChange, slope)) break;

      let made = 0;
      if (lineSearchFn !== null) {
        const start = this.#params.map((param) => param.clone());
        const found = strongWolfe(
          (step) => {
            this.#move(step, direction);
            const { loss, grad } = evaluate();
            this.#params.forEach((param, i) => param.copy_(start[i]));
            return { loss, grad };
          },
          state.t,
          direction,
          { loss, grad, slope },
          toleranceChange,
          maxEval - evaluations,
        );
        ({ loss, grad, step: state.t, evaluations: made } = found);
        this.#move(state.t, direction);
      } else {
        this.#move(state.t, direction);
        if (iteration !== maxIter) {
          ({ loss, grad } = evaluate());
          made = 1;
        }
      }
      evaluations += made;
      state.funcEvals += made;
      if (evaluations >= maxEval || isSmall(grad, toleranceGrad)) break;
      if (isSmall(direction.mul(state.t), toleranceChange)) break;
      if (Math.abs(loss - state.prevLoss) < toleranceChange) break;
    }
    keepBeyondScopes(Object.values(state).flat());
    return first.result;
  }

  /** The direction of the next step, from the gradient and the last updates; keeps it in the state. */
  #nextDirection(state: LBFGSState, grad: Tensor, historySize: number): Tensor {
    if (state.nIter === 1) {
      Object.assign(state, { d: grad.neg(), oldDirs: [], oldStps: [], ro: [], HDiag: 1 });
      return state.d!;
    }
    const [differences, steps, inverses] = [state.oldDirs!, state.oldStps!, state.ro!];
    const change = grad.sub(state.prevFlatGrad!);
    const step = state.d!.mul(state.t!);
    const curvature = change.dot(step);
    if (isLess(1e-10, curvature)) {
      for (const list of [differences, steps, inverses]) if (list.length === historySize) list.shift();
      differences.push(change);
      steps.push(step);
      inverses.push(div(1, curvature) as Tensor);
      state.HDiag = div(curvature, change.dot(change));
    }
    // The two loops of the recursion: the product of the approximate inverse Hessian with the gradient.
    const factors = (state.al ??= Array.from({ length: historySize }, () => null));
    const direction = grad.neg();
    for (let i = differences.length - 1; i >= 0; i--) {
      const factor = steps[i].dot(direction).mul(inverses[i]);
      factors[i] = factor;
      direction.add_(differences[i], { alpha: -factor.item() });
    }
    state.d = direction.mul(state.HDiag!);
    for (let i = 0; i < differences.length; i++) {
      const factor = differences[i].dot(state.d).mul(inverses[i]);
      state.d.add_(steps[i], { alpha: valueOf(sub(factors[i]!, factor)) });
    }
    return state.d;
  }

  /** Adds a step along a direction to the parameters. */
  #move(step: Rate, direction: Tensor): void {
    let offset = 0;
    for (const param of this.#params) {
      const view = realView(param);
      const count = view.numel();
      view.add_(direction.narrow(0, offset, count).viewAs(view), { alpha: valueOf(step) });
      offset += count;
    }
  }

  /** The gradients of all parameters in one vector. A missing gradient counts as zeros. */
  #flatGradient(): Tensor {
    const parts = this.#params.map((param) => {
      const { grad } = param;
      if (grad === null) return realView(torchFunctions.zerosLike(param)).reshape(-1);
      return realView(grad.layout === 'strided' ? grad : grad.toDense()).reshape(-1);
    });
    return torchFunctions.cat(parts);
  }
}

/** The loss as a number. */
function lossOf(result: unknown): number {
  if (native.isTensor(result)) return Number(result.item());
  if (typeof result === 'number') return result;
  throw new TypeError('step(): the closure of LBFGS must return the loss, a Tensor of one element or a number');
}
