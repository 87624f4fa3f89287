/** Sizes of windows: a number, or one per dimension. */

import { describeType } from '../../describe';

/** One size for each of `count` dimensions; a single number is repeated. */
export function expandSize(func: string, name: string, size: number | readonly number[], count: number): number[] {
  if (typeof size === 'number') return new Array<number>(count).fill(size);
  if (Array.isArray(size)) {
    // Before it is walked: a sparse array may have 2^32 holes.
    if (size.length !== 1 && size.length !== count) {
      throw new TypeError(`${func}(): argument '${name}' must have 1 or ${count} elements, not ${size.length}`);
    }
    const sizes = Array.from(size as unknown[]);
    if (sizes.every((item) => typeof item === 'number')) {
      return sizes.length === 1 ? new Array<number>(count).fill(sizes[0]) : sizes;
    }
  }
  throw new TypeError(
    `${func}(): argument '${name}' must be a number or an array of numbers, not ${describeType(size)}`,
  );
}
