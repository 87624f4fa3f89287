/** `torch.optim.Muon`. */

import { readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { RuntimeError, ValueError } from '../errors';
import { torchFunctions } from '../operators';
import { sizeText } from '../shapes';
import type { Tensor } from '../tensor';
import { mul, neg, sub, toScalar, valueOf } from './arithmetic';
import type { Rate } from './arithmetic';
import { checkBooleanOptions, checkLearningRate, checkNumberOptions, tupleOption } from './options';
import { Optimizer } from './optimizer';
import type { ParamGroup, Params } from './params';
import { requireDense, zerosLike } from './steps';

/** The options of {@link Muon}. */
export interface MuonOptions {
  /** The learning rate; 1e-3 by default. */
  lr?: Rate;
  /** The weight decay, which shrinks the parameters; 0.1 by default. */
  weightDecay?: number;
  /** The decay rate of the average of the gradient; 0.95 by default. */
  momentum?: number;
  /** Whether to use Nesterov's momentum; true by default. */
  nesterov?: boolean;
  /** The coefficients of the Newton-Schulz iteration; `[3.4445, -4.775, 2.0315]` by default. */
  nsCoefficients?: readonly [number, number, number];
  /** The smallest norm that a gradient is divided by; 1e-7 by default. */
  eps?: number;
  /** The number of Newton-Schulz iterations, less than 100; 5 by default. */
  nsSteps?: number;
  /** How the learning rate depends on the shape of a matrix; null, by default, is `'original'`. */
  adjustLrFn?: 'original' | 'match_rms_adamw' | null;
}

/** What {@link Muon} keeps for each parameter. */
export interface MuonState {
  momentumBuffer: Tensor;
}

type MuonPositional = [
  lr: Rate,
  weightDecay: number,
  momentum: number,
  nesterov: boolean,
  nsCoefficients: readonly [number, number, number],
  eps: number,
  nsSteps: number,
  adjustLrFn: MuonOptions['adjustLrFn'],
];

const POSITIONAL = [
  ...(['lr', 'weightDecay', 'momentum', 'nesterov'] as const),
  ...(['nsCoefficients', 'eps', 'nsSteps', 'adjustLrFn'] as const),
] as const;

const ADJUSTMENTS: Readonly<Record<string, (rows: number, columns: number) => number>> = {
  original: (rows, columns) => Math.sqrt(Math.max(1, rows / columns)),
  match_rms_adamw: (rows, columns) => 0.2 * Math.sqrt(Math.max(rows, columns)),
};

/**
 * Momentum whose updates are made orthogonal, for the matrices of hidden layers; `torch.optim.Muon`. Optimise other
 * parameters, such as biases and embeddings, with AdamW.
 *
 * @throws TypeError for options of the wrong type; ValueError for values out of range, and for parameters that are not
 * matrices.
 * @example
 * ```ts
 * const net = new torch.nn.Sequential(new torch.nn.Linear(4, 8), new torch.nn.ReLU(), new torch.nn.Linear(8, 1));
 * const isMatrix = (p: torch.Tensor) => p.dim() === 2;
 * const optimizers = [
 *   new torch.optim.Muon(net.parameters().filter(isMatrix), { lr: 0.02 }),
 *   new torch.optim.AdamW(net.parameters().filter((p) => !isMatrix(p)), { lr: 1e-3 }),
 * ];
 * net(torch.ones(5, 4)).square().mean().backward();
 * for (const optimizer of optimizers) optimizer.step();
 * ```
 */
export class Muon extends Optimizer<MuonOptions, MuonState> {
  constructor(params: Params<MuonOptions>, ...optional: Optional<MuonPositional, MuonOptions>) {
    const options = {
      lr: 1e-3,
      weightDecay: 0.1,
      momentum: 0.95,
      nesterov: true,
      nsCoefficients: [3.4445, -4.775, 2.0315] as const,
      eps: 1e-7,
      nsSteps: 5,
      adjustLrFn: null,
      ...readOptions<MuonOptions>('Muon', optional, POSITIONAL),
    };
    const { lr, weightDecay, momentum, nesterov, eps, nsSteps, adjustLrFn } = options;
    checkLearningRate('Muon', lr, 'Learning rate should be >= 0 but is');
    checkNumberOptions('Muon', { weightDecay, momentum, eps, nsSteps });
    if (!(momentum >= 0)) throw new ValueError(`momentum should be >= 0 but is: ${momentum}`);
    if (!(weightDecay >= 0)) throw new ValueError(`weight decay should be >= 0 but is: ${weightDecay}`);
    if (adjustLrFn !== null && !Object.hasOwn(ADJUSTMENTS, adjustLrFn)) {
      throw new ValueError(`Adjust learning rate function ${String(adjustLrFn)} is not supported`);
    }
    checkBooleanOptions('Muon', { nesterov });
    super(params, { ...options, nsCoefficients: tupleOption('Muon', 'nsCoefficients', options.nsCoefficients, 3) });
    for (const param of this.paramGroups.flatMap((group) => group.params)) {
      if (param.dim() === 2) continue;
      throw new ValueError(
        `Muon only supports 2D parameters whereas we found a parameter with size: ${sizeText(param.shape)}`,
      );
    }
  }

  protected override stateOf(param: Tensor, grad: Tensor, group: ParamGroup<MuonOptions>): MuonState {
    if (param.isComplex()) throw new RuntimeError('Muon does not support complex parameters');
    requireDense('Muon', grad);
    return super.stateOf(param, grad, group);
  }

  protected override initialState(_: Tensor, grad: Tensor): MuonState {
    return { momentumBuffer: zerosLike(grad) };
  }

  protected override update(param: Tensor, grad: Tensor, state: MuonState, group: ParamGroup<MuonOptions>): void {
    const { momentum, weightDecay } = group;
    const lr = toScalar(group.lr);
    const buffer = state.momentumBuffer.lerp_(grad, 1 - momentum);
    const update = orthogonal(group.nesterov ? grad.lerp(buffer, momentum) : buffer, group);
    const [rows, columns] = param.shape;
    const rate = mul(lr, ADJUSTMENTS[group.adjustLrFn ?? 'original'](rows, columns));
    param.mul_(sub(1, mul(lr, weightDecay)));
    param.add_(update, { alpha: valueOf(neg(rate)) });
  }
}

/** An approximation of the orthogonal matrix next to a matrix, by Newton-Schulz iterations in bfloat16. */
function orthogonal(matrix: Tensor, { nsCoefficients, nsSteps, eps }: ParamGroup<MuonOptions>): Tensor {
  if (nsSteps >= 100) throw new ValueError('Number of steps must be less than 100 for computational efficiency');
  const [a, b, c] = nsCoefficients;
  const isTall = matrix.size(0) > matrix.size(1);
  // A copy, also of a matrix in bfloat16: the division is in place.
  let x = matrix.to('bfloat16', { copy: true });
  if (isTall) x = x.t();
  x.div_(x.norm().clamp({ min: eps }));
  for (let i = 0; i < nsSteps; i++) {
    const gram = x.matmul(x.t());
    const polynomial = torchFunctions.addmm(gram, gram, gram, { beta: b, alpha: c });
    x = torchFunctions.addmm(x, polynomial, x, { beta: a });
  }
  return isTall ? x.t() : x;
}
