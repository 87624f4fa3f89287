/** `torch.func.describeLevels`: which transforms are active, for debugging. */

import { native } from '../native';
import type { Randomness } from './vmap';

/** One active transform, as {@link describeLevels} returns it. */
export type LevelDescription =
  | { kind: 'grad' | 'jvp' | 'functionalize'; level: number }
  | { kind: 'vmap'; level: number; batchSize: number; randomness: Randomness };

/**
 * The levels of the interpreter stack, outermost transform first: the kind of each, its number and, for `vmap`, the
 * batch size and the randomness. Empty outside of transforms. PyTorch has no public counterpart; it is the list of
 * `torch._C._functorch.get_interpreter_stack()`.
 *
 * `vjp` and what is built on it push a level of kind `grad`. A transform built on others pushes the levels of each.
 * The environment variable `TORCH_FUNC_TRACE=1` prints each operator with the level that it runs at.
 *
 * @example
 * ```ts
 * const f = torch.func.grad((x: torch.Tensor) => {
 *   torch.func.describeLevels(); // [{ kind: 'vmap', level: 1, batchSize: 5, randomness: 'error' }, { kind: 'grad', level: 2 }]
 *   return x.sin().sum();
 * });
 * torch.vmap(f)(torch.ones(5, 3));
 * torch.func.describeLevels(); // []
 * ```
 */
export function describeLevels(): LevelDescription[] {
  return native.levels().map((info): LevelDescription => {
    const { kind, level } = info;
    return kind === 'vmap' ? { kind, level, batchSize: info.batchSize, randomness: info.randomness } : { kind, level };
  });
}
