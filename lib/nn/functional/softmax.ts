/** Softmax, softmin, log-softmax and Gumbel softmax. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Dtype } from '../../dtype';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import { emitLibtorchWarning } from '../../warnings';

/** The options of {@link softmax}, {@link softmin} and {@link logSoftmax}. */
export interface SoftmaxOptions {
  /** The dimension whose elements sum to 1. If omitted, a dimension is guessed with a warning, as in PyTorch. */
  dim?: number | null;
  /** The dtype to convert the input to first, which avoids overflow; by default the input's dtype. */
  dtype?: Dtype | null;
}

type Softmax = Optional<[dim: number | null, dtype: Dtype | null], SoftmaxOptions>;

function readSoftmax(
  func: string,
  pythonName: string,
  input: Tensor,
  given: Softmax,
): { dim: number; dtype?: Dtype | null } {
  const { dim, dtype } = readOptions<SoftmaxOptions>(func, given, ['dim', 'dtype']);
  checkTensors(func, { input });
  if (dim != null) return { dim, dtype };
  emitLibtorchWarning(
    'UserWarning',
    `Implicit dimension choice for ${pythonName} has been deprecated. Change the call to include dim=X as an argument.`,
  );
  const rank = input.dim();
  return { dim: rank === 0 || rank === 1 || rank === 3 ? 0 : 1, dtype };
}

/**
 * `exp(x) / sum(exp(x))` along `dim`; `torch.nn.functional.softmax`. Floating-point of any shape, or
 * any dtype with the option `dtype`. Python's `_stacklevel` does not exist here.
 *
 * @throws IndexError if `dim` is out of range.
 * @example
 * ```ts
 * const logits = torch.zeros(1, 2);
 * torch.nn.functional.softmax(logits, 1); // [[0.5, 0.5]]
 * torch.nn.functional.softmax(logits, { dim: 1, dtype: 'float64' });
 * ```
 */
export function softmax(input: Tensor, ...optional: Softmax): Tensor {
  const { dim, dtype } = readSoftmax('softmax', 'softmax', input, optional);
  return dtype == null ? input.softmax(dim) : input.softmax(dim, { dtype });
}

/** `softmax(-x)` along `dim`; `torch.nn.functional.softmin`. Arguments and errors as for {@link softmax}. */
export function softmin(input: Tensor, ...optional: Softmax): Tensor {
  const { dim, dtype } = readSoftmax('softmin', 'softmin', input, optional);
  return dtype == null ? input.neg().softmax(dim) : input.neg().softmax(dim, { dtype });
}

/**
 * The logarithm of {@link softmax}, computed in a numerically stable way; `torch.nn.functional.log_softmax`.
 * Arguments and errors as for {@link softmax}.
 */
export function logSoftmax(input: Tensor, ...optional: Softmax): Tensor {
  const { dim, dtype } = readSoftmax('logSoftmax', 'log_softmax', input, optional);
  return dtype == null ? input.logSoftmax(dim) : input.logSoftmax(dim, { dtype });
}

/** The options of {@link gumbelSoftmax}. */
export interface GumbelSoftmaxOptions {
  /** The temperature; 1 by default. */
  tau?: number;
  /** Whether samples are one-hot, with the gradient of the soft samples; false by default. */
  hard?: boolean;
  /** Deprecated; has no effect. */
  eps?: number;
  /** The dimension whose elements sum to 1; the last by default. */
  dim?: number;
}

/**
 * Samples of the Gumbel-Softmax distribution, differentiable in `logits`;
 * `torch.nn.functional.gumbel_softmax`. Unnormalised log probabilities of any shape, floating-point; the
 * result has their shape. Uses the default generator, so `vmap` requires the option `randomness`.
 * @example
 * ```ts
 * torch.nn.functional.gumbelSoftmax(torch.randn(2, 4), { tau: 0.5, hard: true }).sum(-1).toArray(); // [1, 1]
 * ```
 */
export function gumbelSoftmax(
  logits: Tensor,
  ...optional: Optional<[tau: number, hard: boolean, eps: number, dim: number], GumbelSoftmaxOptions>
): Tensor {
  const {
    tau = 1,
    hard = false,
    eps = 1e-10,
    dim = -1,
  } = readOptions<GumbelSoftmaxOptions>('gumbelSoftmax', optional, ['tau', 'hard', 'eps', 'dim']);
  checkTensors('gumbelSoftmax', { logits });
  checkNumbers('gumbelSoftmax', { tau });
  if (eps !== 1e-10) emitLibtorchWarning('UserWarning', '`eps` parameter is deprecated and has no effect.');
  const noise = torchFunctions.emptyLike(logits, { memoryFormat: 'contiguous_format' }).exponential_().log().neg();
  const soft = logits.add(noise).div(tau).softmax(dim);
  if (!hard) return soft;
  const [, index] = soft.max(dim, true);
  const oneHot = torchFunctions.zerosLike(logits, { memoryFormat: 'contiguous_format' }).scatter_(dim, index, 1);
  // Straight-through estimator: the value of the one-hot sample, the gradient of the soft sample.
  return oneHot.sub(soft.detach()).add(soft);
}
