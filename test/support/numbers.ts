/** Comparison of tensors within a tolerance. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

/** The numbers of a tensor, which may be booleans or integers. */
const numbers = (x: Tensor): Tensor => x.detach().to(x.isComplex() ? 'complex128' : 'float64');

/**
 * Expects the dtype and the shape of a tensor, and values that differ by at most `tolerance` times the largest one, or 1.
 */
export function expectClose(found: Tensor, expected: Tensor, tolerance: number, name = 'the tensor'): void {
  expect([name, found.dtype, found.shape]).toEqual([name, expected.dtype, expected.shape]);
  if (expected.numel() === 0) return;
  const [a, b] = [numbers(found), numbers(expected)];
  const scale = Math.max(1, torch.nanToNum(b.abs(), 0, 0, 0).max().item());
  const difference = torch.where(a.eq(b), 0, a.sub(b).abs()).max().item();
  if (!(difference <= tolerance * scale)) {
    throw new Error(`${name} differs by ${difference} at a scale of ${scale}, more than ${tolerance}`);
  }
}
