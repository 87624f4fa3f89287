/** Indices: the content of the brackets in Python's `x[...]`. */

import type { Tensor } from './tensor';

/** A bound of a slice: an integer, or null for an open end. */
export type SliceBound = number | bigint | null;

/**
 * A range of positions along one dimension; created by {@link slice}. As in Python, negative bounds count from the end,
 * and bounds beyond the end are clamped.
 */
export class Slice {
  constructor(
    readonly start: SliceBound = null,
    readonly stop: SliceBound = null,
    readonly step: SliceBound = null,
  ) {}

  /** The slice in Python's notation: `1:3`, `::2`. */
  toString(): string {
    const text = (bound: SliceBound): string => (bound === null ? '' : String(bound));
    return `${text(this.start)}:${text(this.stop)}${this.step === null ? '' : `:${text(this.step)}`}`;
  }
}

/** A list of positions, or of booleans as a mask; nested lists stand for a tensor of their shape. */
export type IndexList = readonly (number | bigint | boolean | IndexList)[];

/**
 * One index, as in Python:
 * - an integer selects a position and removes the dimension;
 * - a {@link Slice}, or a string in Python's notation (`':'`, `'1:3'`, `'::2'`, `'-1:'`), keeps the dimension;
 * - `'...'` stands for all dimensions without an index;
 * - `null` adds a dimension of size 1;
 * - an integer tensor or list selects several positions; a boolean one is a mask over as many dimensions as it has.
 */
export type Index = number | bigint | boolean | null | string | Slice | Tensor | IndexList;

/**
 * A slice for {@link Index}: `x.index(slice(1, 3))` is Python's `x[1:3]`, `x.index(slice())` is
 * `x[:]`. A single argument is the stop, as in Python: `slice(3)` is `:3`.
 *
 * @param step - A positive integer; PyTorch has no negative steps (`flip` reverses a dimension). The bounds are checked
 *   when the slice is used.
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
