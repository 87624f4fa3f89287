/** `torch.optim.Rprop`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { Complex } from '../complex';
import { ValueError } from '../errors';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { checkBooleanOptions, checkLearningRate, tupleOption } from './options';
import type { CapturableOptions, DifferentiableOptions, ImplementationOptions, MaximizeOptions } from './options';
import { Optimizer } from './optimizer';
import type { ParamGroup, Params } from './params';
import { checkCapturable, descent, nextStep, realView, requireDense, scalarTensor, zerosLike } from './steps';

/** The options of {@link Rprop}. */
export interface RpropOptions extends MaximizeOptions, ImplementationOptions, CapturableOptions, DifferentiableOptions {
  /** The size of the first step of every element; 1e-2 by default. */
  lr?: Rate;
  /** The factors by which a step shrinks and grows; `[0.5, 1.2]` by default. */
  etas?: readonly [number, number];
  /** The smallest and the largest step; `[1e-6, 50]` by default. */
  stepSizes?: readonly [number, number];
}

/** What {@link Rprop} keeps for each parameter. */
export interface RpropState {
  step: Tensor;
  prev: Tensor;
  stepSize: Tensor;
}

/**
 * Steps whose sizes follow the signs of the gradients only; `torch.optim.Rprop`. For full batches.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 1);
 * const optimizer = new torch.optim.Rprop(net.parameters(), { lr: 1e-3, etas: [0.6, 1.1] });
 * net(torch.ones(4, 2)).square().mean().backward();
 * optimizer.step();
 * ```
 */
export class Rprop extends Optimizer<RpropOptions, RpropState> {
  constructor(
    params: Params<RpropOptions>,
    ...optional: Optional<
      [lr: Rate, etas: readonly [number, number], stepSizes: readonly [number, number]],
      RpropOptions
    >
  ) {
    const options = {
      lr: 1e-2,
      etas: [0.5, 1.2] as const,
      stepSizes: [1e-6, 50] as const,
      foreach: null,
      maximize: false,
      differentiable: false,
      capturable: false,
      ...readOptions<RpropOptions>(
        'Rprop',
        optional,
        ['lr', 'etas', 'stepSizes'],
        ['capturable', 'foreach', 'maximize', 'differentiable'],
      ),
    };
    const { lr, foreach, maximize, differentiable, capturable } = options;
    checkLearningRate('Rprop', lr);
    const etas = tupleOption('Rprop', 'etas', options.etas, 2);
    const stepSizes = tupleOption('Rprop', 'stepSizes', options.stepSizes, 2);
    if (!(etas[0] > 0 && etas[0] < 1 && etas[1] > 1)) {
      throw new ValueError(`Invalid eta values: ${etas[0]}, ${etas[1]}`);
    }
    checkBooleanOptions('Rprop', { maximize, differentiable, capturable }, { foreach });
    super(params, { ...options, etas, stepSizes });
  }

  protected override initialState(param: Tensor, grad: Tensor, group: ParamGroup<RpropOptions>): RpropState {
    const size = valueOf(toScalar(group.lr));
    const stepSize = torchFunctions.fullLike(grad, param.isComplex() ? new Complex(size, size) : size);
    return { step: scalarTensor(0, param, group), prev: zerosLike(param), stepSize };
  }

  protected override stateOf(param: Tensor, grad: Tensor, group: ParamGroup<RpropOptions>): RpropState {
    requireDense('Rprop', grad);
    return super.stateOf(param, grad, group);
  }

  protected override update(param: Tensor, gradient: Tensor, state: RpropState, group: ParamGroup<RpropOptions>): void {
    const [shrink, grow] = group.etas;
    const [smallest, largest] = group.stepSizes;
    checkCapturable(group.capturable, param, state.step);
    nextStep(state, true);
    const [x, g, previous, sizes] = [param, descent(gradient, group.maximize), state.prev, state.stepSize].map(
      realView,
    );
    const agreement = g.mul(group.differentiable ? previous.clone() : previous);
    const factors = torchFunctions
      .onesLike(agreement)
      .maskedFill_(agreement.gt(0), grow)
      .maskedFill_(agreement.lt(0), shrink);
    sizes.mul_(factors).clamp_(smallest, largest);
    // Where the sign has changed, this step is left out.
    const used = g.maskedFill(factors.eq(shrink), 0);
    x.addcmul_(used.sign(), sizes, { value: -1 });
    previous.copy_(used);
  }
}
