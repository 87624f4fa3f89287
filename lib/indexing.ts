/** Indices: what stands between the brackets of Python's `x[...]`. */

import type { Tensor } from './tensor';

/** A bound of a slice: an integer, or none. */
export type SliceBound = number | bigint | null;

/**
 * A range of positions along one dimension; made by {@link slice}. Bounds may be negative (counted
 * from the end) and beyond the end (cut off), as in Python.
 */
export class Slice {
  constructor(
    readonly start: SliceBound = null,
    readonly stop: SliceBound = null,
    readonly step: SliceBound = null,
  ) {}

  /** As between Python's brackets: `1:3`, `::2`. */
  toString(): string {
    const text = (bound: SliceBound): string => (bound === null ? '' : String(bound));
    return `${text(this.start)}:${text(this.stop)}${this.step === null ? '' : `:${text(this.step)}`}`;
  }
}

/** A list of positions, or (of booleans) a mask; nested lists index with a tensor of their shape. */
export type IndexList = readonly (number | bigint | boolean | IndexList)[];

/**
 * One index, as Python takes them:
 * - an integer picks a position and drops the dimension;
 * - a {@link Slice}, or a string as between Python's brackets (`':'`, `'1:3'`, `'::2'`, `'-1:'`),
 *   keeps it;
 * - `'...'` stands for all dimensions not named;
 * - `null` adds a dimension of size 1;
 * - an integer tensor or list picks several positions; a boolean one is a mask over as many
 *   dimensions as it has.
 */
export type Index = number | bigint | boolean | null | string | Slice | Tensor | IndexList;

/**
 * A slice for {@link Index}: `x.index(slice(1, 3))` is Python's `x[1:3]`, `x.index(slice())` is
 * `x[:]`. With one argument it is the stop, as in Python: `slice(3)` is `:3`.
 *
 * @param step - A positive integer; PyTorch has no negative steps (`flip` turns a dimension around).
 *   The bounds are checked where the slice is used.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.arange(10);
 * x.index(torch.slice(2, 8, 3)); // tensor([2, 5])
 * x.index('2:8:3'); // the same
 * ```
 */
export function slice(stop?: SliceBound): Slice;
export function slice(start: SliceBound, stop: SliceBound | undefined, step?: SliceBound): Slice;
export function slice(...bounds: (SliceBound | undefined)[]): Slice {
  if (bounds.length > 3) {
    throw new TypeError(`slice() expected at most 3 arguments, got ${bounds.length}`);
  }
  const [start, stop, step] = bounds.length === 1 ? [undefined, bounds[0]] : bounds;
  return new Slice(start ?? null, stop ?? null, step ?? null);
}
