/**
 * The reference of the truth run: derivatives of a function, computed from its values alone.
 *
 * The method is central differences with Richardson extrapolation in Ridders' tableau (Advances in Engineering
 * Software 4, 1982), which also estimates the error.
 */

import type { Product } from './values';

const SHRINK = 1.5;
const ROWS = 7;
// Rounding errors are proportional to a negative power of the step: higher orders need larger steps.
const STEPS = [2e-2, 4e-2, 8e-2];
// Several tableaux are computed, with these factors of the first step.
const STARTS = [1, 1 / 8, 1 / 64];

export interface Derivative {
  value: number;
  /** An estimate of the error of `value`. */
  error: number;
}

/** A function of several numbers that returns a value, and the sum of the absolute values of its terms. */
export type Scalar = (t: number[]) => Product;

/** Returns NaN where `f` throws: both mean that a point is outside of the domain. */
function guarded(f: Scalar): Scalar {
  return (t) => {
    try {
      return f(t);
    } catch {
      return { value: NaN, scale: NaN };
    }
  };
}

// For each order, the two steps at which one-sided derivatives are compared.
const SIDES = [
  [1e-4, 1e-5],
  [4e-3, 1e-3],
  [4e-2, 1e-2],
];

/** A one-sided derivative: a sum of values with binomial coefficients. */
function oneSided(f: (t: number) => number, order: number, step: number): number {
  let [sum, coefficient] = [0, 1];
  for (let k = 0; k <= order; k++) {
    sum += (k % 2 === order % 2 ? coefficient : -coefficient) * f(k * step);
    coefficient = (coefficient * (order - k)) / (k + 1);
  }
  return sum / step ** order;
}

/** Whether the derivatives from the two sides do not converge to one value: a kink, a jump, or a missing value. */
function isKink(f: (t: number) => number, order: number, noise: number): boolean {
  const [wide, narrow] = SIDES[order - 1].map((step) => {
    const sides = [step, -step].map((signed) => oneSided(f, order, signed));
    const rounding = (2 ** (order + 2) * noise) / Math.abs(step) ** order;
    return {
      gap: Math.abs(sides[0] - sides[1]),
      least: Math.max(1e-4 * Math.abs(sides[0]), 1e-4 * Math.abs(sides[1]), rounding),
    };
  });
  if (!Number.isFinite(narrow.gap)) return true;
  // The gap of a smooth function shrinks with the step.
  return narrow.gap > narrow.least && narrow.gap > 0.5 * wide.gap;
}

/** The central difference of mixed order: the sum of `f` at the corners of a cube around 0, with the sign of each. */
function corners(f: Scalar, order: number, step: number): number {
  let sum = 0;
  for (let corner = 0; corner < 2 ** order; corner++) {
    const signs = Array.from({ length: order }, (_, i) => 1 - 2 * ((corner >> i) & 1));
    sum += signs.reduce((product, sign) => product * sign, 1) * f(signs.map((sign) => sign * step)).value;
  }
  return sum / (2 * step) ** order;
}

/** Ridders' tableau for a first step. Null if `f` has no values. */
function tableau(f: Scalar, order: number, start: number, noise: number): Derivative | null {
  let best: Derivative | null = null;
  let above: number[] = [];
  for (let i = 0, step = start; i < ROWS; i++, step /= SHRINK) {
    const first = corners(f, order, step);
    // After a step that leaves the domain, the tableau starts again.
    if (!Number.isFinite(first)) {
      above = [];
      continue;
    }
    const rounding = (4 * noise) / step ** order;
    const row = [first];
    for (let j = 1, power = SHRINK ** 2; j <= above.length; j++, power *= SHRINK ** 2) {
      row.push((row[j - 1] * power - above[j - 1]) / (power - 1));
      const error = Math.max(Math.abs(row[j] - row[j - 1]), Math.abs(row[j] - above[j - 1]), rounding);
      if (best === null || error < best.error) best = { value: row[j], error };
    }
    above = row;
  }
  return best;
}

/**
 * The mixed derivative of a function of `order` numbers at 0, once with respect to each of them. Null if finite
 * differences find none. `epsilon` is the machine epsilon of the values.
 */
export function mixedDerivative(given: Scalar, order: number, epsilon = 2 ** -52): Derivative | null {
  const f = guarded(given);
  const axes = Array.from({ length: order }, (_, axis) => axis);
  const noise = epsilon * f(axes.map(() => 0)).scale;
  const along = (axis: number) => (t: number) => f(axes.map((other) => (other === axis ? t : 0))).value;
  if (axes.some((axis) => axes.some((below) => isKink(along(axis), below + 1, noise)))) return null;
  const found = STARTS.map((part) => tableau(f, order, part * STEPS[order - 1], noise))
    .filter((each) => each !== null)
    .sort((a, b) => a.error - b.error);
  if (found.length === 0) return null;
  // Near a pole or a jump, large and small steps converge to different values.
  const [best, ...others] = found;
  const apart = others.map((other) => Math.abs(other.value - best.value) - other.error);
  return { value: best.value, error: Math.max(best.error, ...apart) };
}
