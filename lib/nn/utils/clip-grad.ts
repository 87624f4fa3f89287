/** Bounds on the gradients of parameters. */

import { checkBooleans, checkNumbers, readOptions, valuesOfIterable } from '../../arguments';
import type { Optional } from '../../arguments';
import { noGrad } from '../../autograd/modes';
import { describeType } from '../../describe';
import { RuntimeError } from '../../errors';
import { native } from '../../native';
import { linalgFunctions, torchFunctions } from '../../operators';
import { scope } from '../../scope';
import type { Tensor } from '../../tensor';
import { checkTensor } from '../../tensor-arguments';

/** A tensor, or several. */
export type Tensors = Tensor | Iterable<Tensor>;

/** The options of {@link getTotalNorm} and {@link clipGradNorm_}. */
export interface NormOptions {
  /** The order of the norm, `Infinity` for the largest absolute value; 2 by default. */
  normType?: number;
  /** Whether a norm that is NaN or infinite is an error; false by default. */
  errorIfNonfinite?: boolean;
  /** Accepted as in PyTorch and without effect: both ways give the same numbers. */
  foreach?: boolean | null;
}

/** @throws TypeError for anything else than tensors. */
export function tensorsOf(api: string, name: string, given: Tensors): Tensor[] {
  const value: unknown = given;
  const isIterable = typeof value === 'object' && value !== null && Symbol.iterator in value;
  if (!native.isTensor(value) && !isIterable) {
    throw new TypeError(
      `${api}(): argument '${name}' must be a Tensor or an iterable of Tensors, not ${describeType(value)}`,
    );
  }
  const tensors: unknown[] = native.isTensor(value) ? [value] : valuesOfIterable(value as Iterable<unknown>);
  tensors.forEach((tensor, i) => checkTensor(api, `${name}[${i}]`, tensor));
  return tensors as Tensor[];
}

const gradientsOf = (parameters: readonly Tensor[]): Tensor[] =>
  parameters.map((parameter) => parameter.grad).filter((grad) => grad !== null);

/**
 * The norm of several tensors as if they were one vector; `torch.nn.utils.get_total_norm`. A 0-d tensor on the device of
 * the first, without a graph; 0 for no tensors.
 *
 * @throws RuntimeError for a norm that is NaN or infinite, with `errorIfNonfinite`; TypeError for arguments of the wrong
 * type.
 * @example
 * ```ts
 * torch.nn.utils.getTotalNorm([torch.tensor([3, 0]), torch.tensor([4])]); // 5
 * ```
 */
export function getTotalNorm(
  tensors: Tensors,
  ...optional: Optional<[normType: number, errorIfNonfinite: boolean, foreach: boolean | null], NormOptions>
): Tensor {
  const names = ['normType', 'errorIfNonfinite', 'foreach'] as const;
  const options = readOptions<NormOptions>('getTotalNorm', optional, names);
  return totalNorm('getTotalNorm', tensorsOf('getTotalNorm', 'tensors', tensors), options);
}

function totalNorm(api: string, tensors: readonly Tensor[], options: NormOptions): Tensor {
  const { normType = 2, errorIfNonfinite = false } = options;
  checkNumbers(api, { normType });
  checkBooleans(api, { errorIfNonfinite });
  if (tensors.length === 0) return torchFunctions.zeros([]);
  const norm = noGrad(() =>
    scope(() => {
      const { device } = tensors[0];
      const norms = tensors.map((tensor) => linalgFunctions.vectorNorm(tensor, normType).to(device));
      return linalgFunctions.vectorNorm(torchFunctions.stack(norms), normType);
    }),
  );
  if (errorIfNonfinite && !Number.isFinite(norm.item())) {
    throw new RuntimeError(
      `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set \`errorIfNonfinite: false\``,
    );
  }
  return norm;
}

/**
 * Scales the gradients of parameters in place so that their norm becomes at most `maxNorm`, if `totalNorm` is what it was;
 * `torch.nn.utils.clip_grads_with_norm_`.
 *
 * @throws TypeError for arguments of the wrong type.
 */
export function clipGradsWithNorm_(
  parameters: Tensors,
  maxNorm: number,
  totalNorm: Tensor,
  ...optional: Optional<[foreach: boolean | null], { foreach?: boolean | null }>
): void {
  readOptions<{ foreach?: boolean | null }>('clipGradsWithNorm_', optional, ['foreach'], [], 3);
  checkNumbers('clipGradsWithNorm_', { maxNorm });
  checkTensor('clipGradsWithNorm_', 'totalNorm', totalNorm);
  scale(gradientsOf(tensorsOf('clipGradsWithNorm_', 'parameters', parameters)), maxNorm, totalNorm);
}

function scale(gradients: readonly Tensor[], maxNorm: number, norm: Tensor): void {
  noGrad(() => {
    scope(() => {
      const factor = norm.add(1e-6).reciprocal().mul(maxNorm).clamp({ max: 1 });
      for (const grad of gradients) grad.mul_(factor.to(grad.device));
    });
  });
}

/**
 * Scales the gradients of parameters in place so that the norm of all of them is at most `maxNorm`;
 * `torch.nn.utils.clip_grad_norm_`. Returns the norm that they had.
 *
 * @param parameters - The parameters; those without a gradient do not count.
 * @param maxNorm - The largest norm.
 * @throws RuntimeError for a norm that is NaN or infinite, with `errorIfNonfinite`; TypeError for arguments of the wrong
 * type.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(3, 1);
 * net(torch.ones(8, 3).mul(100)).sum().backward();
 * torch.nn.utils.clipGradNorm_(net.parameters(), 1);
 * torch.nn.utils.getTotalNorm(net.parameters().map((p) => p.grad!)).item() <= 1; // true
 * ```
 */
export function clipGradNorm_(
  parameters: Tensors,
  maxNorm: number,
  ...optional: Optional<[normType: number, errorIfNonfinite: boolean, foreach: boolean | null], NormOptions>
): Tensor {
  const names = ['normType', 'errorIfNonfinite', 'foreach'] as const;
  const options = readOptions<NormOptions>('clipGradNorm_', optional, names, [], 2);
  checkNumbers('clipGradNorm_', { maxNorm });
  const gradients = gradientsOf(tensorsOf('clipGradNorm_', 'parameters', parameters));
  const norm = totalNorm('clipGradNorm_', gradients, options);
  scale(gradients, maxNorm, norm);
  return norm;
}

/**
 * Limits the elements of the gradients of parameters in place to `[-clipValue, clipValue]`;
 * `torch.nn.utils.clip_grad_value_`.
 *
 * @throws TypeError for arguments of the wrong type.
 * @example
 * ```ts
 * const w = torch.tensor([1, -2, 3], { requiresGrad: true });
 * w.square().sum().backward();
 * torch.nn.utils.clipGradValue_(w, 3);
 * w.grad; // [2, -3, 3]
 * ```
 */
export function clipGradValue_(
  parameters: Tensors,
  clipValue: number,
  ...optional: Optional<[foreach: boolean | null], { foreach?: boolean | null }>
): void {
  readOptions<{ foreach?: boolean | null }>('clipGradValue_', optional, ['foreach'], [], 2);
  checkNumbers('clipGradValue_', { clipValue });
  const gradients = gradientsOf(tensorsOf('clipGradValue_', 'parameters', parameters));
  noGrad(() => gradients.forEach((grad) => grad.clamp_(-clipValue, clipValue)));
}
