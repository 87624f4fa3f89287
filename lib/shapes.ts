/** Shapes: comparing, counting elements, and the text of messages. */

import type { Size } from './types';

/** Whether two shapes are equal. */
export function sameShape(a: Size, b: Size): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** The product of the sizes: the number of elements of a shape, 1 for no dimensions. */
export function product(sizes: Size): number {
  return sizes.reduce((total, size) => total * size, 1);
}

/** A shape as Python prints it: `torch.Size([2, 3])`. */
export function sizeText(shape: Size): string {
  return `torch.Size([${shape.join(', ')}])`;
}
