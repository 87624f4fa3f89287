/** Derivatives at points that the database's samples avoid. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import { firstOrder, secondOrder } from './derivatives';
import type { TruthSubject } from './subject';
import { magnitude } from './values';
import type { Verdicts } from './verdicts';

const isMatrix = (x: Tensor): boolean => x.dim() >= 2 && x.shape.at(-1) === x.shape.at(-2);

/** Multiplies the elements by factors in turn. */
function times(x: Tensor, factors: number[]): Tensor {
  const all = Array.from({ length: x.numel() }, (_, i) => factors[i % factors.length]);
  return x.mul(torch.tensor(all, { dtype: x.dtype }).reshape(x.shape));
}

/** Values at which rules that divide, or subtract what is nearly equal, break down. */
export const POINTS: Record<string, (x: Tensor) => Tensor> = {
  /** Every third element is 0. */
  zeros: (x) => times(x, [1, 0, 1]),
  /** Square matrices are the identity: singular values and eigenvalues are equal. */
  identity: (x) => (isMatrix(x) ? torch.eye(x.shape.at(-1)!, { dtype: x.dtype }).expand(x.shape).clone() : x),
  /** Square matrices are singular, of rank one less than their size: the last row is the first one. */
  singular(x) {
    const size = x.shape.at(-1) ?? 0;
    if (!isMatrix(x) || size < 2) return x;
    return torch.cat([x.narrow(-2, 0, size - 1), x.narrow(-2, 0, 1)], -2);
  },
  /** Elements of very different size. */
  far: (x) => times(x, [1, 200, -50]),
};

/** First and second order at a point; where the operator has no finite value there is nothing to compare. */
export function atPoint(name: string, subject: TruthSubject, verdicts: Verdicts): void {
  const inputs = subject.inputs.map(POINTS[name]);
  if (inputs.every((x, i) => torch.equal(x, subject.inputs[i]))) return;
  let moved: TruthSubject;
  try {
    moved = subject.movedTo(inputs);
  } catch {
    // Outside of the operator's domain.
    return;
  }
  if (!moved.outputs.every((x) => torch.isfinite(x).all().item()) || magnitude(moved.outputs) > 1e12) return;
  firstOrder(moved, verdicts);
  secondOrder(moved, verdicts);
}
