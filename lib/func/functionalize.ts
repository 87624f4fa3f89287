/** `torch.func.functionalize`. */

import { checkFunction, checkOptions } from '../arguments';
import { textOf, named } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import * as pytree from '../pytree';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { Returned } from './types';

/** The options of {@link functionalize}. */
export interface FunctionalizeOptions {
  /** What to remove: only mutations (default), or also views, which are replaced by copies. */
  remove?: 'mutations' | 'mutations_and_views';
}

// The level of the innermost active functionalize of this thread; 0 for none.
let innermost = 0;

const INVALID = (
  remove: unknown,
): string => `functionalize(f, remove='mutations'): received invalid argument for remove=${textOf(remove)}. Valid options are:
     remove='mutations': all inplace and out= operators will be removed from the program, and replaced with their out-of-place equivalents.
     remove='mutations_and_views': In addition to the above, all aliasing operators {view} will be replaced with their non-aliasing counterparts, {view}_copy.
`;

/**
 * A function with the results of `func`, whose operators run without mutations (and views); `torch.func.functionalize`.
 * When `func` returns, its writes to the arguments are copied back, so that the caller sees the same values.
 *
 * @throws RuntimeError for another value of `remove`.
 * @example
 * ```ts
 * const f = torch.func.functionalize((x: torch.Tensor) => x.add(1).mul_(2));
 * f(torch.tensor([1, 2])); // [4, 6]
 * ```
 */
export function functionalize<A extends unknown[], R extends Returned>(
  func: (...args: A) => R,
  options: FunctionalizeOptions = {},
): (...args: A) => R {
  checkFunction('functionalize', func);
  checkOptions('functionalize', options, ['remove']);
  const { remove = 'mutations' } = options;
  if (remove !== 'mutations' && remove !== 'mutations_and_views') throw new RuntimeError(INVALID(remove));
  const reapplyViews = remove === 'mutations';
  const transformed = (...args: A): unknown => {
    // Directly inside another functionalize nothing is left to do: libtorch does not wrap a functional tensor again.
    if (innermost !== 0 && innermost === native.levelDepth()) return callSync('functionalize', func, args);
    const outer = innermost;
    const level = native.pushFunctionalize(reapplyViews);
    innermost = level;
    try {
      const { leaves, spec } = pytree.flatten(args);
      const wrapped = leaves.map((leaf) => (native.isTensor(leaf) ? native.wrapFunctional(leaf, level) : leaf));
      const output = callSync('functionalize', func, pytree.unflatten(wrapped, spec) as unknown[]);
      const result = pytree.treeMap(output, (leaf) =>
        native.isTensor(leaf) ? native.unwrapFunctional(leaf, reapplyViews) : leaf,
      );
      const inputs = leaves
        .map((leaf, i) => [leaf, wrapped[i]] as [Tensor, Tensor])
        .filter(([leaf]) => native.isTensor(leaf));
      // Inputs may share memory: all wrappers are synchronized before the first is written back.
      for (const [, wrapper] of inputs) native.syncFunctional(wrapper);
      for (const [leaf, wrapper] of inputs) native.propagateMutation(leaf, wrapper);
      return result;
    } finally {
      innermost = outer;
      native.popLevel(level);
    }
  };
  return named(transformed, func) as never;
}
