/** Initialisation with orthogonal matrices, sparse matrices and the truncated normal distribution. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { tensor as tensorFrom } from '../../creation';
import { ValueError } from '../../errors';
import type { Generator } from '../../generator';
import { linalgFunctions, specialFunctions, torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { emitLibtorchWarning } from '../../warnings';
import { filled } from './simple';
import type { GeneratorOptions, NormalOptions } from './simple';

/**
 * Fills a weight, flattened to a matrix, with an orthogonal matrix times `gain`; `torch.nn.init.orthogonal_`.
 *
 * @throws ValueError for fewer than two dimensions.
 * @example
 * ```ts
 * const w = torch.nn.init.orthogonal_(torch.empty(2, 3));
 * w.mm(w.t()); // [[1, 0], [0, 1]]
 * ```
 */
export function orthogonal_(
  tensor: Tensor,
  ...optional: Optional<[gain: number, generator: Generator | null], { gain?: number } & GeneratorOptions>
): Tensor {
  const { gain = 1, generator = null } = readOptions<{ gain: number; generator: Generator | null }>(
    'orthogonal_',
    optional,
    ['gain', 'generator'],
  );
  checkTensors('orthogonal_', { tensor });
  if (tensor.dim() < 2) throw new ValueError('Only tensors with 2 or more dimensions are supported');
  if (tensor.numel() === 0 || tensor.isMeta) return tensor;
  const rows = tensor.shape[0];
  const columns = tensor.numel() / rows;
  return filled('orthogonal_', tensor, () => {
    const random = tensor.newEmpty([rows, columns]).normal_(0, 1, { generator });
    const [q, r] = linalgFunctions.qr(rows < columns ? random.t() : random);
    const signed = q.mul(r.diag(0).sign());
    const result = rows < columns ? signed.t() : signed;
    tensor.viewAs(result).copy_(result);
    tensor.mul_(gain);
  });
}

/**
 * Fills a matrix from a normal distribution, with a fraction `sparsity` of zeros in each column;
 * `torch.nn.init.sparse_`.
 *
 * @throws ValueError unless the tensor has two dimensions.
 */
export function sparse_(
  tensor: Tensor,
  sparsity: number,
  ...optional: Optional<[std: number, generator: Generator | null], { std?: number } & GeneratorOptions>
): Tensor {
  const { std = 0.01, generator = null } = readOptions<{ std: number; generator: Generator | null }>(
    'sparse_',
    optional,
    ['std', 'generator'],
    [],
    2,
  );
  checkTensors('sparse_', { tensor });
  checkNumbers('sparse_', { sparsity });
  if (tensor.dim() !== 2) throw new ValueError('Only tensors with 2 dimensions are supported');
  if (tensor.isMeta) return tensor;
  const [rows, columns] = tensor.shape;
  const zeros = Math.ceil(sparsity * rows);
  return filled('sparse_', tensor, () => {
    tensor.normal_(0, std, { generator });
    for (let column = 0; column < columns; column++) {
      const chosen = torchFunctions.randperm(rows).narrow(0, 0, zeros);
      tensor.indexPut_([chosen, column], 0);
    }
  });
}

/** The options of {@link truncNormal_}. */
export interface TruncNormalOptions extends NormalOptions {
  /** The smallest value; -2 by default. */
  a?: number;
  /** The largest value; 2 by default. */
  b?: number;
}

// The cumulative distribution function of the standard normal distribution.
function normalCdf(x: number): number {
  return specialFunctions.ndtr(tensorFrom(x, { dtype: 'float64' })).item();
}

// Most values are inside the bounds: redraw the others.
function redraw(tensor: Tensor, mean: number, std: number, a: number, b: number, generator: Generator | null): void {
  const [low, high] = [a, b].map((bound) => tensor.newTensor(bound, { device: 'cpu' }).item());
  let result = tensor.normal_(mean, std, { generator });
  for (;;) {
    const outside = result.lt(low).logicalOr(result.gt(high));
    if (!outside.any().item<boolean>()) break;
    const again = torchFunctions.emptyLike(result).normal_(mean, std, { generator });
    result = torchFunctions.where(outside, again, result);
  }
  tensor.copy_(result);
}

// Few values would be inside the bounds: rejection sampling from a uniform distribution.
function reject(tensor: Tensor, mean: number, std: number, a: number, b: number, generator: Generator | null): void {
  const mode = Math.max(a, Math.min(mean, b));
  const logPeak = -0.5 * ((mode - mean) / std) ** 2;
  const candidates = torchFunctions.emptyLike(tensor);
  const draws = torchFunctions.emptyLike(tensor);
  const isRefused = (): Tensor => {
    candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(logPeak);
    return draws.uniform_({ generator }).log_().gt(candidates);
  };
  tensor.uniform_(a, b, { generator });
  candidates.copy_(tensor);
  let pending = isRefused();
  let result = tensor;
  while (pending.any().item<boolean>()) {
    candidates.uniform_(a, b, { generator });
    result = torchFunctions.where(pending, candidates, result);
    pending = torchFunctions.where(pending, isRefused(), pending);
  }
  if (result !== tensor) tensor.copy_(result);
}

/**
 * Fills a tensor from a normal distribution truncated to `[a, b]`;
 * `torch.nn.init.trunc_normal_`.
 *
 * @example
 * ```ts
 * torch.nn.init.truncNormal_(torch.empty(100), { std: 0.02, a: -0.04, b: 0.04 }).abs().le(0.04).all().item<boolean>(); // true
 * ```
 */
export function truncNormal_(
  tensor: Tensor,
  ...optional: Optional<
    [mean: number, std: number, a: number, b: number, generator: Generator | null],
    TruncNormalOptions
  >
): Tensor {
  const names = ['mean', 'std', 'a', 'b', 'generator'] as const;
  const {
    mean = 0,
    std = 1,
    a = -2,
    b = 2,
    generator = null,
  } = readOptions<TruncNormalOptions>('truncNormal_', optional, names);
  checkTensors('truncNormal_', { tensor });
  checkNumbers('truncNormal_', { mean, std, a, b });
  if (tensor.isMeta) return tensor;
  if (mean < a - 2 * std || mean > b + 2 * std) {
    emitLibtorchWarning(
      'UserWarning',
      'mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.',
    );
  }
  const inside = normalCdf((b - mean) / std) - normalCdf((a - mean) / std);
  return filled('truncNormal_', tensor, () => (inside > 0.3 ? redraw : reject)(tensor, mean, std, a, b, generator));
}
