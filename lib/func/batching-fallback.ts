/** How `vmap` handles an operator without a batching rule. */

import { textOf } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';

/** See {@link setBatchingFallback}. */
export type BatchingFallback = 'warn' | 'error' | 'silent';

/**
 * Sets how `vmap` handles an operator for which libtorch has no batching rule. Such an operator is called once per
 * sample, in a loop, which can cost more than `vmap` gains elsewhere.
 *
 * - `'warn'` (the default): runs the loop. The first use of each operator emits a warning with its name through
 *   `process.emitWarning`.
 * - `'error'`: throws a RuntimeError with the name of the operator. For tests and for programs that depend on speed.
 * - `'silent'`: runs the loop.
 *
 * The setting applies to the whole process, worker threads included. In PyTorch it is private:
 * `torch._C._functorch._set_vmap_fallback_enabled` and `_set_vmap_fallback_warning_enabled`.
 *
 * @throws ValueError for any other mode.
 * @example
 * ```ts
 * torch.func.setBatchingFallback('error');
 * const first = (x: torch.Tensor) => x.take(torch.tensor([0n])); // take has no batching rule
 * let message = '';
 * try {
 *   torch.vmap(first)(torch.ones(2, 3));
 * } catch (error) {
 *   message = (error as Error).message.split('\n')[0];
 * }
 * message; // 'aten::take hit the vmap fallback which is currently disabled'
 * torch.func.setBatchingFallback('warn');
 * ```
 */
export function setBatchingFallback(mode: BatchingFallback): void {
  if (mode !== 'warn' && mode !== 'error' && mode !== 'silent') {
    throw new ValueError(`setBatchingFallback: expected 'warn', 'error' or 'silent', but got ${textOf(mode)}`);
  }
  native.setVmapFallbackEnabled(mode !== 'error');
  native.setVmapFallbackWarningEnabled(mode === 'warn');
}

/**
 * How `vmap` handles an operator without a batching rule; see {@link setBatchingFallback}.
 *
 * @example
 * ```ts
 * torch.func.getBatchingFallback(); // 'warn'
 * ```
 */
export function getBatchingFallback(): BatchingFallback {
  if (!native.isVmapFallbackEnabled()) return 'error';
  return native.isVmapFallbackWarningEnabled() ? 'warn' : 'silent';
}
