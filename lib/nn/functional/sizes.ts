/** Sizes of windows: a number, or one per dimension. */

import { describeType } from '../../describe';

/** One size for each of `count` dimensions; a single number is repeated. */
export function expandSize(func: string, name: string, size: number | readonly number[], count: number): number[] {
  if (typeof size === 'number') return new Array<number>(count).fill(size);
  if (Array.isArray(size) && size.every((item) => typeof item === 'number')) {
    if (size.length === 1) return new Array<number>(count).fill(size[0] as number);
    if (size.length === count) return [...(size as number[])];
    throw new TypeError(`${func}(): argument '${name}' must have 1 or ${count} elements, not ${size.length}`);
  }
  throw new TypeError(
    `${func}(): argument '${name}' must be a number or an array of numbers, not ${describeType(size)}`,
  );
}
