/** What `vmap` does with an operator that has no batching rule. */

import { textOf } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';

/** See {@link setBatchingFallback}. */
export type BatchingFallback = 'warn' | 'error' | 'silent';

/**
 * Sets what `vmap` does with an operator for which libtorch has no batching rule. Such an operator can
 * only be called once per sample, in a loop, which may cost more than `vmap` gains elsewhere.
 *
 * - `'warn'` (the default): the loop runs, and the first time for each operator a warning that names it
 *   is emitted through `process.emitWarning`.
 * - `'error'`: a RuntimeError that names the operator. For tests, and for programs whose speed depends
 *   on it.
 * - `'silent'`: the loop runs.
 *
 * The setting is libtorch's, and holds for the whole process, worker threads included. In PyTorch it is
 * private: `torch._C._functorch._set_vmap_fallback_enabled` and `_set_vmap_fallback_warning_enabled`.
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
 * What `vmap` does with an operator that has no batching rule; see {@link setBatchingFallback}.
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
