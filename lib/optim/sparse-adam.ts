/** `torch.optim.SparseAdam`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { RuntimeError, ValueError } from '../errors';
import type { Tensor } from '../tensor';
import { power, toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { checkBetas, checkBooleanOptions, checkNumberOptions, checkRateOption } from './options';
import type { Betas, MaximizeOptions } from './options';
import { Optimizer } from './optimizer';
import type { ParamGroup, Params } from './params';
import { sparseLike, valuesAt } from './sparse';
import { descent, zerosLike } from './steps';

/** The options of {@link SparseAdam}. */
export interface SparseAdamOptions extends MaximizeOptions {
  /** The learning rate; 1e-3 by default. */
  lr?: Rate;
  /** The decay rates of the averages of the gradient and its square; `[0.9, 0.999]` by default. */
  betas?: Betas;
  /** What is added to the denominator; 1e-8 by default. */
  eps?: number;
}

/** What {@link SparseAdam} keeps for each parameter. */
export interface SparseAdamState {
  step: number;
  expAvg: Tensor;
  expAvgSq: Tensor;
}

/**
 * Adam for sparse gradients: only the elements with a gradient, and their averages, change; `torch.optim.SparseAdam`.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range, and for sparse or complex
 * parameters.
 * @example
 * ```ts
 * const embedding = new torch.nn.Embedding(1000, 8, { sparse: true });
 * const optimizer = new torch.optim.SparseAdam(embedding.parameters(), { lr: 1e-2 });
 * embedding(torch.tensor([3, 17], { dtype: 'int64' })).square().sum().backward();
 * optimizer.step(); // changes two rows
 * ```
 */
export class SparseAdam extends Optimizer<SparseAdamOptions, SparseAdamState> {
  constructor(
    params: Params<SparseAdamOptions>,
    ...optional: Optional<[lr: Rate, betas: Betas, eps: number, maximize: boolean], SparseAdamOptions>
  ) {
    const options = {
      lr: 1e-3,
      betas: [0.9, 0.999] as const,
      eps: 1e-8,
      maximize: false,
      ...readOptions<SparseAdamOptions>('SparseAdam', optional, ['lr', 'betas', 'eps', 'maximize']),
    };
    const { lr, eps, maximize } = options;
    checkRateOption('SparseAdam', 'lr', lr);
    checkNumberOptions('SparseAdam', { eps });
    if (!(valueOf(lr) > 0)) throw new ValueError(`Invalid learning rate: ${valueOf(lr)}`);
    if (!(eps > 0)) throw new ValueError(`Invalid epsilon value: ${eps}`);
    checkBooleanOptions('SparseAdam', { maximize });
    super(params, { ...options, betas: checkBetas('SparseAdam', options.betas) });
    this.#refuse('Sparse', (param) => param.layout !== 'strided', 'requires dense parameter tensors');
    this.#refuse('Complex', (param) => param.isComplex(), 'does not support complex parameters');
  }

  #refuse(kind: string, isWrong: (param: Tensor) => boolean, reason: string): void {
    const places = this.paramGroups.flatMap((group, i) =>
      group.params.flatMap((param, k) => (isWrong(param) ? [`[${i}, ${k}]`] : [])),
    );
    if (places.length === 0) return;
    throw new ValueError(`${kind} params at indices [${places.join(', ')}]: SparseAdam ${reason}`);
  }

  protected override get scalarStates(): readonly string[] {
    return [];
  }

  protected override stateOf(param: Tensor, grad: Tensor, group: ParamGroup<SparseAdamOptions>): SparseAdamState {
    if (grad.layout === 'strided') {
      throw new RuntimeError('SparseAdam does not support dense gradients, please consider Adam instead');
    }
    return super.stateOf(param, grad, group);
  }

  protected override initialState(param: Tensor): SparseAdamState {
    return { step: 0, expAvg: zerosLike(param), expAvgSq: zerosLike(param) };
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    state: SparseAdamState,
    group: ParamGroup<SparseAdamOptions>,
  ): void {
    const [beta1, beta2] = group.betas;
    state.step += 1;
    const grad = descent(gradient, group.maximize).coalesce();
    const values = grad._values();
    if (values.numel() === 0) return;
    const average = valuesAt(state.expAvg, grad);
    const averageChange = values.sub(average).mul_(1 - beta1);
    state.expAvg.add_(sparseLike(grad, averageChange));
    const squares = valuesAt(state.expAvgSq, grad);
    const squaresChange = values
      .pow(2)
      .sub_(squares)
      .mul_(1 - beta2);
    state.expAvgSq.add_(sparseLike(grad, squaresChange));

    const numerator = averageChange.add(average);
    const denominator = squaresChange.add(squares).sqrt_().add_(group.eps);
    const correction1 = 1 - power(beta1, state.step);
    const correction2 = 1 - power(beta2, state.step);
    const size = (valueOf(toScalar(group.lr)) * Math.sqrt(correction2)) / correction1;
    param.add_(sparseLike(grad, numerator.div_(denominator).mul_(-size)));
  }
}
