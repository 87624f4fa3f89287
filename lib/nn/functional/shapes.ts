/** Shapes: comparing, and writing them as Python does in its messages. */

import type { Size } from '../../types';

/** `torch.Size([2, 3])`. */
export function sizeText(shape: Size): string {
  return `torch.Size([${shape.join(', ')}])`;
}

/** `[2, 3]`. */
export function listText(items: readonly unknown[]): string {
  return `[${items.map(String).join(', ')}]`;
}

/** `(2, 3)`, and `(2,)` for one. */
export function tupleText(items: readonly unknown[]): string {
  return items.length === 1 ? `(${String(items[0])},)` : `(${items.map(String).join(', ')})`;
}

export function sameShape(a: Size, b: Size): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}
