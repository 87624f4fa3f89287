/** Derivatives at special points that the samples of the database avoid. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import { firstOrder, secondOrder } from './derivatives';
import type { TruthSubject } from './subject';
import { magnitude } from './values';
import type { Verdicts } from './verdicts';

const isMatrix = (x: Tensor): boolean => x.dim() >= 2 && x.shape.at(-1) === x.shape.at(-2);

const areProbabilities = (x: Tensor): boolean => !x.isComplex() && Boolean(x.ge(0).logicalAnd(x.le(1)).all().item());

/** A tensor of these values, which repeat, in the shape of `x`. */
function filled(x: Tensor, values: number[]): Tensor {
  const all = Array.from({ length: x.numel() }, (_, i) => values[i % values.length]);
  return torch.tensor(all, { dtype: x.dtype }).reshape(x.shape);
}

/** Multiplies the elements by the factors, which repeat. */
const times = (x: Tensor, factors: number[]): Tensor => x.mul(filled(x, factors));

/** Points at which rules fail that divide, or that subtract nearly equal values. */
export const POINTS: Record<string, (x: Tensor) => Tensor> = {
  /** Every third element is 0. */
  zeros: (x) => times(x, [1, 0, 1]),
  /** Square matrices are the identity: singular values and eigenvalues are equal. */
  identity: (x) => (isMatrix(x) ? torch.eye(x.shape.at(-1)!, { dtype: x.dtype }).expand(x.shape).clone() : x),
  /** Square matrices are singular: the last row equals the first row. */
  singular(x) {
    const size = x.shape.at(-1) ?? 0;
    if (!isMatrix(x) || size < 2) return x;
    return torch.cat([x.narrow(-2, 0, size - 1), x.narrow(-2, 0, 1)], -2);
  },
  /** Elements of very different magnitude. */
  far: (x) => times(x, [1, 200, -50]),
  /** Every element is 0: vectors whose norm is 0. */
  origin: (x) => x.mul(0),
  /** Probabilities at the ends of their range, and near them. */
  ends: (x) => (areProbabilities(x) ? filled(x, [0, 1]) : x),
  near_ends: (x) => (areProbabilities(x) ? filled(x, [1e-4, 1 - 1e-4]) : x),
};

/** Checks the first and the second derivative at a point, if the operator has finite values there. */
export function atPoint(name: string, subject: TruthSubject, verdicts: Verdicts): void {
  const inputs = subject.inputs.map(POINTS[name]);
  if (inputs.every((x, i) => torch.equal(x, subject.inputs[i]))) return;
  let moved: TruthSubject;
  try {
    moved = subject.movedTo(inputs);
  } catch {
    // The point is outside of the domain of the operator.
    return;
  }
  if (!moved.outputs.every((x) => torch.isfinite(x).all().item()) || magnitude(moved.outputs) > 1e12) return;
  firstOrder(moved, verdicts);
  secondOrder(moved, verdicts);
}
