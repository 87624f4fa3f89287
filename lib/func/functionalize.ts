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
  /** What is removed: mutations alone (default), or views too, each replaced by a copy. */
  remove?: 'mutations' | 'mutations_and_views';
}

// The level of this thread's innermost functionalize that is active; 0 for none.
let innermost = 0;

const INVALID = (
  remove: unknown,
): string => `functionalize(f, remove='mutations'): received invalid argument for remove=${textOf(remove)}. Valid options are:
     remove='mutations': all inplace and out= operators will be removed from the program, and replaced with their out-of-place equivalents.
     remove='mutations_and_views': In addition to the above, all aliasing operators {view} will be replaced with their non-aliasing counterparts, {view}_copy.
`;

/**
 * A function that computes what `func` computes, without mutations (and views) among the operators
 * that run below it; `torch.func.functionalize`. What `func` writes into its arguments is written back
 * to them when it returns, so the caller sees the same values.
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
    // Directly inside another, whose work this would be: libtorch does not wrap a functional tensor again.
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
      // All are brought up to date before the first is written back: inputs may share memory.
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
