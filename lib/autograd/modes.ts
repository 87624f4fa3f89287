/** Grad modes: whether autograd records. */

import { native } from '../native';

/** A mode that was entered; leaving restores what was before. For `using`. */
export interface ModeGuard {
  [Symbol.dispose](): void;
}

function withGradMode(enabled: boolean, body?: () => unknown): unknown {
  const previous = native.gradMode();
  native.setGradMode(enabled);
  if (body === undefined) {
    return { [Symbol.dispose]: () => native.setGradMode(previous) } satisfies ModeGuard;
  }
  try {
    const result = body();
    if (typeof (result as { then?: unknown } | null)?.then === 'function') {
      throw new TypeError('the body of a grad mode must be synchronous, but it returned a Promise');
    }
    return result;
  } finally {
    native.setGradMode(previous);
  }
}

/**
 * Runs `body` without recording for autograd, or does so until the end of the block with `using`;
 * `torch.no_grad`.
 *
 * @throws TypeError if `body` returns a Promise: other code would run in the mode meanwhile.
 * @example
 * ```ts
 * const w = torch.ones(3, { requiresGrad: true });
 * const y = torch.noGrad(() => w.mul(2));
 * y.requiresGrad; // false
 * using _ = torch.noGrad(); // until the end of the block
 * ```
 */
export function noGrad(): ModeGuard;
export function noGrad<T>(body: () => T): T;
export function noGrad(body?: () => unknown): unknown {
  return withGradMode(false, body);
}

/** Runs `body` recording for autograd, or until the end of the block with `using`; `torch.enable_grad`. */
export function enableGrad(): ModeGuard;
export function enableGrad<T>(body: () => T): T;
export function enableGrad(body?: () => unknown): unknown {
  return withGradMode(true, body);
}

/** Whether autograd records at the moment; `torch.is_grad_enabled`. */
export function isGradEnabled(): boolean {
  return native.gradMode();
}
