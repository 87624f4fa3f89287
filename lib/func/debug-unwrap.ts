/** `torch.func.debug_unwrap`. */

import { checkOptions } from '../arguments';
import { native } from '../native';
import type { Tensor } from '../tensor';

/** The options of {@link debugUnwrap}. */
export interface DebugUnwrapOptions {
  /** Whether to unwrap all levels, down to the innermost tensor; true by default. */
  recurse?: boolean;
}

/**
 * The tensor inside the wrapper of a transform, for debugging; the tensor itself if it is not wrapped;
 * `torch.func.debug_unwrap`.
 *
 * The transform does not see what is computed from it: do not use it in the result.
 *
 * @example
 * ```ts
 * torch.vmap((x: torch.Tensor) => {
 *   torch.func.debugUnwrap(x).shape; // [5, 3]: the whole batch
 *   return x.sin();
 * })(torch.ones(5, 3));
 * ```
 */
export function debugUnwrap(tensor: Tensor, options: DebugUnwrapOptions = {}): Tensor {
  checkOptions('debugUnwrap', options, ['recurse']);
  if (!native.isTensor(tensor)) return tensor;
  const { recurse = true } = options;
  let current = tensor;
  for (let info = native.wrapperInfo(current); info !== null; info = native.wrapperInfo(current)) {
    current = info.value;
    if (!recurse) break;
  }
  return current;
}
