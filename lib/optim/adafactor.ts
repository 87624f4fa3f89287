/** `torch.optim.Adafactor`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { linalgFunctions } from '../operators';
import { RuntimeError, ValueError } from '../errors';
import type { Tensor } from '../tensor';
import { finfo } from '../type-info';
import { power, mul, sub, toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { checkBooleanOptions, checkLearningRate, checkNumberOptions, tupleOption } from './options';
import type { ImplementationOptions, MaximizeOptions } from './options';
import { Optimizer } from './optimizer';
import type { ParamGroup, Params } from './params';
import { descent, nextStep, requireDense, scalarTensor, zerosLike } from './steps';

/** The options of {@link Adafactor}. */
export interface AdafactorOptions extends MaximizeOptions, ImplementationOptions {
  /** The largest learning rate; 1e-2 by default. */
  lr?: Rate;
  /** The exponent of the decay rate of the averages of squares; -0.8 by default. */
  beta2Decay?: number;
  /** What bounds the squares (null for the smallest difference from 1 in the dtype) and the size of a step; `[null, 1e-3]`. */
  eps?: readonly [number | null, number];
  /** The largest root mean square of an update; 1 by default. */
  d?: number;
  /** The weight decay, which shrinks the parameters; 0 by default. */
  weightDecay?: number;
}

/** What {@link Adafactor} keeps for each parameter: row and column averages of a matrix, or all averages. */
export interface AdafactorState {
  step: Tensor;
  rowVar?: Tensor;
  colVar?: Tensor;
  variance?: Tensor;
}

type AdafactorPositional = [
  lr: Rate,
  beta2Decay: number,
  eps: readonly [number | null, number],
  d: number,
  weightDecay: number,
];

const POSITIONAL = ['lr', 'beta2Decay', 'eps', 'd', 'weightDecay'] as const;

/**
 * Steps scaled by averages of squared gradients, of which only rows and columns are kept: the memory for a matrix grows
 * with the sum of its sizes, not with their product; `torch.optim.Adafactor`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(20, 30);
 * const optimizer = new torch.optim.Adafactor(net.parameters(), { lr: 1e-2 });
 * net(torch.ones(4, 20)).square().mean().backward();
 * optimizer.step();
 * optimizer.state.get(net.weight)?.rowVar?.shape; // [30, 1]
 * ```
 */
export class Adafactor extends Optimizer<AdafactorOptions, AdafactorState> {
  constructor(params: Params<AdafactorOptions>, ...optional: Optional<AdafactorPositional, AdafactorOptions>) {
    const options = {
      lr: 1e-2,
      beta2Decay: -0.8,
      eps: [null, 1e-3] as const,
      d: 1,
      weightDecay: 0,
      foreach: null,
      maximize: false,
      ...readOptions<AdafactorOptions>('Adafactor', optional, POSITIONAL, ['foreach', 'maximize']),
    };
    const { lr, beta2Decay, d, weightDecay, foreach, maximize } = options;
    checkLearningRate('Adafactor', lr, 'Learning rate should be >= 0 but is');
    checkNumberOptions('Adafactor', { beta2Decay, d, weightDecay });
    const eps = tupleOption('Adafactor', 'eps', options.eps, 2);
    checkNumberOptions('Adafactor', { 'eps[0]': eps[0] ?? 0, 'eps[1]': eps[1] });
    if (!(beta2Decay <= 0)) throw new ValueError(`beta2Decay should be <= 0 but is: ${beta2Decay}`);
    if (!((eps[0] ?? 0) >= 0)) throw new ValueError(`epsilon1 should be >= 0 but is: ${eps[0]}`);
    if (!(eps[1] >= 0)) throw new ValueError(`epsilon2 should be >= 0 but is: ${eps[1]}`);
    if (!(d >= 1)) throw new ValueError(`Clipping threshold d should be >= 1 but is: ${d}`);
    if (!(weightDecay >= 0)) throw new ValueError(`weightDecay should be >= 0 but is: ${weightDecay}`);
    checkBooleanOptions('Adafactor', { maximize }, { foreach });
    super(params, { ...options, eps });
  }

  protected override stateOf(param: Tensor, grad: Tensor, group: ParamGroup<AdafactorOptions>): AdafactorState {
    if (param.isComplex()) throw new RuntimeError('Adafactor does not support complex parameters');
    requireDense('Adafactor', grad);
    return super.stateOf(param, grad, group);
  }

  protected override initialState(param: Tensor, grad: Tensor): AdafactorState {
    const step = scalarTensor(0, param, {});
    const { shape } = grad;
    if (shape.length < 2) return { step, variance: zerosLike(grad) };
    return {
      step,
      rowVar: grad.newZeros([...shape.slice(0, -1), 1]),
      colVar: grad.newZeros(shape.toSpliced(-2, 1, 1)),
    };
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    state: AdafactorState,
    group: ParamGroup<AdafactorOptions>,
  ): void {
    const { beta2Decay, weightDecay, d } = group;
    const grad = descent(gradient, group.maximize);
    const lr = toScalar(group.lr);
    const eps1 = group.eps[0] ?? finfo(param.dtype).eps;
    const eps2 = group.eps[1];
    const step = nextStep(state, false) as number;
    const weight = power(step, beta2Decay);
    const relative = Math.min(valueOf(lr), 1 / power(step, 0.5));
    const size = Math.max(eps2, param.norm(2).item() / power(param.numel(), 0.5)) * relative;
    if (weightDecay !== 0) param.mul_(sub(1, mul(lr, weightDecay)));
    const update = squares(grad, state, weight, eps1)
      .clamp_({ min: eps1 * eps1 })
      .rsqrt_();
    update.mul_(grad);
    const clipping = Math.max(1, update.norm(2).item() / (power(update.numel(), 0.5) * d));
    param.add_(update, { alpha: -size / clipping });
  }
}

/** The averages of the squared gradient; those of a matrix are the product of its row and column averages. */
function squares(grad: Tensor, { rowVar, colVar, variance }: AdafactorState, weight: number, eps: number): Tensor {
  if (rowVar === undefined || colVar === undefined) {
    variance!.lerp_(grad.mul(grad), weight);
    return variance!.clone();
  }
  const averageOver = (dim: number): Tensor =>
    linalgFunctions.vectorNorm(grad, { dim, keepdim: true }).square_().div_(grad.size(dim));
  rowVar.lerp_(averageOver(-1), weight);
  colVar.lerp_(averageOver(-2), weight);
  return rowVar.matmul(colVar).div_(rowVar.mean(-2, { keepdim: true }).clamp_({ min: eps }));
}
