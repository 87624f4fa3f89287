/** `argnums`: which arguments a transform differentiates with respect to. */

import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { wrapAll, wrapDifferentiable } from '../interpreter/wrapping';
import type { Argnums } from './types';

/** Checks argnums against the number of arguments and makes them non-negative. */
export function normalizeArgnums(argnums: Argnums, count: number): { list: number[]; isArray: boolean } {
  const isArray = Array.isArray(argnums);
  if (!isArray && !Number.isInteger(argnums)) {
    throw new RuntimeError(`argnums must be int or Tuple[int, ...], got: ${describeType(argnums)}`);
  }
  const given = (isArray ? argnums : [argnums]) as readonly number[];
  if (given.length === 0) throw new RuntimeError('argnums must be non-empty');
  const list: number[] = [];
  // Not `map`, which visits no holes: a sparse array may have 2^32 of them, and the first is an error.
  for (const argnum of given) {
    if (!Number.isInteger(argnum)) throw new RuntimeError(`argnum must be int, got: ${describeType(argnum)}`);
    if (argnum < -count || argnum >= count) {
      throw new RuntimeError(`Got argnum=${argnum}, but only ${count} positional inputs`);
    }
    list.push(argnum < 0 ? argnum + count : argnum);
  }
  if (new Set(list).size !== list.length) {
    throw new RuntimeError(`argnums elements must be unique, got (${list.join(', ')})`);
  }
  return { list, isArray };
}

/** The selected argument for a number, an array of arguments for an array. */
export function selectArgs(args: readonly unknown[], argnums: Argnums): unknown {
  const { list, isArray } = normalizeArgnums(argnums, args.length);
  return isArray ? list.map((i) => args[i]) : args[list[0]];
}

/**
 * Wraps the arguments at a Grad level. Only the selected ones require gradients; `diff` holds them, with the structure
 * that the gradients will have.
 */
export function wrapArguments(
  args: readonly unknown[],
  argnums: Argnums | null,
  level: number,
): { wrapped: unknown[]; diff: unknown } {
  if (argnums === null) {
    const wrapped = args.map((arg, i) => wrapDifferentiable(arg, level, i));
    return { wrapped, diff: wrapped };
  }
  const { list, isArray } = normalizeArgnums(argnums, args.length);
  const wrapped = args.map((arg, i) => (list.includes(i) ? wrapDifferentiable(arg, level, i) : wrapAll(arg, level)));
  return { wrapped, diff: isArray ? list.map((i) => wrapped[i]) : wrapped[list[0]] };
}
