/** Tensors for calls of elementwise operators: special numbers, in several layouts. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

export const FLOATS = ['float32', 'float64'] as const;
export type Float = (typeof FLOATS)[number];

const special: Record<Float, number[]> = {
  float32: [NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 1e38, -1e38, 0.5, -0.5, 1, -1, 2, -2, 3, -3, 0.3, 0.4, 88],
  float64: [NaN, Infinity, -Infinity, 0, -0, 5e-324, -1e-310, 1e308, -1e308, 0.5, -0.5, 1, -1, 2, -2, 3, -3, 0.3, 709],
};

/** Random numbers, with special ones among them: other ones at the same place for another shift. */
export function numbers(size: number[], dtype: Float, shift: number): Tensor {
  const result = torch.randn(size, { dtype }).mul(2).flatten();
  const values = torch.tensor(special[dtype], { dtype });
  for (let i = 0; i < result.shape[0]!; i += 61) {
    const count = Math.min(special[dtype].length, result.shape[0]! - i);
    result.narrow(0, i, count).copy_(values.roll(shift + i).narrow(0, 0, count));
  }
  return result.view(size);
}

type Make = (size: number[], shift: number) => Tensor;

/** Three operands of each layout. */
export const layouts: readonly [string, (make: Make) => [Tensor, Tensor, Tensor]][] = [
  ...[1, 3, 31, 32, 33, 63, 97, 512, 1100].map(
    (n) => [`${n} numbers`, (make) => [make([n], 0), make([n], 7), make([n], 3)]] as (typeof layouts)[0],
  ),
  ['every second number', (make) => [0, 7, 3].map((s) => make([77, 2], s).select(1, 0)) as [Tensor, Tensor, Tensor]],
  ['transposed', (make) => [0, 7, 3].map((s) => make([37, 41], s).t()) as [Tensor, Tensor, Tensor]],
  ['rows of a matrix', (make) => [0, 7, 3].map((s) => make([9, 50], s).narrow(1, 2, 35)) as [Tensor, Tensor, Tensor]],
  ['broadcast', (make) => [make([13, 1, 37], 0), make([5, 37], 7), make([5, 1], 3)]],
  ['one number first', (make) => [make([1], 8), make([70], 12), make([70], 11)]],
  ['one number second', (make) => [make([70], 0), make([1], 12), make([70], 11)]],
  ['one number third', (make) => [make([70], 0), make([70], 12), make([], 13)]],
];

const SIGNED = [0, -0, NaN, 1, -1, Infinity];

/** Signed zeros, NaN, ones and infinity in three operands. */
export const COMBINATIONS = SIGNED.length ** 3;

/** The operands at `n` combinations, from the one at `start` on; they do not lie at the start of their memory. */
export function combinations(n: number, start: number, dtype: Float): [Tensor, Tensor, Tensor] {
  const operand = (every: number) => {
    const values = Array.from({ length: start + n }, (_, i) => SIGNED[Math.floor(i / every) % SIGNED.length]!);
    return torch.tensor(values, { dtype }).narrow(0, start, n);
  };
  return [operand(1), operand(SIGNED.length), operand(SIGNED.length ** 2)];
}

/** Every second number, or one number as operand: other loops of eager execution. */
export const variants: readonly [string, (tensors: [Tensor, Tensor, Tensor]) => [Tensor, Tensor, Tensor]][] = [
  ['', (tensors) => tensors],
  ['every second', (tensors) => tensors.map((x) => torch.stack([x, x], 1).select(1, 0)) as typeof tensors],
  ['one first', ([x, y, z]) => [x.narrow(0, 0, 1), y, z]],
  ['one second', ([x, y, z]) => [x, y.narrow(0, 0, 1), z]],
  ['one third', ([x, y, z]) => [x, y, z.narrow(0, 0, 1)]],
];
