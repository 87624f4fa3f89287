/**
 * The line search of {@link LBFGS}: a step that satisfies the strong Wolfe conditions.
 *
 * Numbers stay numbers and tensors tensors, as in PyTorch, so that results are rounded alike.
 */

import type { Tensor } from '../tensor';
import { abs, add, div, isAtMost, isLess, largest, mul, smallest, sqrt, sub } from './arithmetic';
import type { Rate } from './arithmetic';

/** A place on the line: the step to it, the loss there, its gradient, and the slope along the line. */
interface Place {
  readonly step: Rate;
  readonly loss: number;
  readonly grad: Tensor;
  readonly slope: Tensor;
}

/** Computes the loss and its gradient after a step. */
export type Evaluate = (step: Rate) => { loss: number; grad: Tensor };

/** How much of the decrease that the slope promises a step must bring. */
const DECREASE = 1e-4;
/** How much of the slope a step may leave. */
const CURVATURE = 0.9;

/** The minimum of the cubic through two places with their slopes, within bounds. */
function cubicMinimum(a: Place, b: Place, bounds?: readonly [Rate, Rate]): Rate {
  const [low, high] = bounds ?? (isAtMost(a.step, b.step) ? [a.step, b.step] : [b.step, a.step]);
  const width = sub(a.step, b.step);
  const d1 = a.slope.add(b.slope).sub(div(3 * (a.loss - b.loss), width));
  const square = d1.pow(2).sub(a.slope.mul(b.slope));
  if (isLess(square, 0)) return div(add(low, high), 2);
  const d2 = sqrt(square);
  const towards = (from: Place, to: Place): Rate => {
    const numerator = sub(add(to.slope, d2), d1);
    const denominator = add(sub(to.slope, from.slope), mul(2, d2));
    return sub(to.step, mul(sub(to.step, from.step), div(numerator, denominator)));
  };
  const place = isAtMost(a.step, b.step) ? towards(a, b) : towards(b, a);
  return smallest(largest(place, low), high);
}

/**
 * Finds a step along a direction.
 *
 * @param evaluate - Computes loss and gradient after a step.
 * @param start - The first step to try.
 * @param direction - The direction.
 * @param origin - Loss, gradient and slope without a step.
 * @param toleranceChange - The search ends when no element changes by more.
 * @param most - The largest number of evaluations.
 */
export function strongWolfe(
  evaluate: Evaluate,
  start: Rate,
  direction: Tensor,
  origin: Omit<Place, 'step'>,
  toleranceChange: number,
  most: number,
): { loss: number; grad: Tensor; step: Rate; evaluations: number } {
  const { loss, slope } = origin;
  const norm = direction.abs().max();
  let evaluations = 0;
  const at = (step: Rate): Place => {
    const found = evaluate(step);
    evaluations += 1;
    return { step, ...found, slope: found.grad.dot(direction) };
  };
  const isTooHigh = ({ step, loss: found }: Place): boolean =>
    isLess(add(loss, mul(mul(DECREASE, step), slope)), found);
  const isFlat = (place: Place): boolean => isAtMost(abs(place.slope), mul(-CURVATURE, slope));

  // Step by step until a bracket holds a minimum.
  const zero: Place = { step: 0, ...origin, grad: origin.grad.clone() };
  let previous = zero;
  let current = at(start);
  let bracket: Place[] | undefined;
  let isDone = false;
  let iteration = 0;
  for (; iteration < most; iteration++) {
    if (isTooHigh(current) || (iteration > 1 && current.loss >= previous.loss)) {
      bracket = [previous, current];
      break;
    }
    if (isFlat(current)) {
      bracket = [current];
      isDone = true;
      break;
    }
    if (isAtMost(0, current.slope)) {
      bracket = [previous, current];
      break;
    }
    const bounds = [add(current.step, mul(0.01, sub(current.step, previous.step))), mul(current.step, 10)] as const;
    const next = cubicMinimum(previous, current, bounds);
    previous = current;
    current = at(next);
  }
  bracket ??= [zero, current];

  // Narrower brackets until a step satisfies the conditions.
  const last = (): Place => bracket.at(-1)!;
  let [low, high] = bracket[0].loss <= last().loss ? [0, 1] : [1, 0];
  let isSlow = false;
  while (!isDone && iteration < most) {
    const [first, second] = bracket;
    if (isLess(mul(abs(sub(second.step, first.step)), norm), toleranceChange)) break;
    let step = cubicMinimum(first, second);
    const [right, left] = [largest(first.step, second.step), smallest(first.step, second.step)];
    const margin = mul(0.1, sub(right, left));
    if (isLess(smallest(sub(right, step), sub(step, left)), margin)) {
      // Too close to an end: allowed once, then the step is moved away from it.
      if (isSlow || isAtMost(right, step) || isAtMost(step, left)) {
        const isRight = isLess(abs(sub(step, right)), abs(sub(step, left)));
        step = isRight ? sub(right, margin) : add(left, margin);
        isSlow = false;
      } else {
        isSlow = true;
      }
    } else {
      isSlow = false;
    }
    const place = at(step);
    iteration += 1;
    if (isTooHigh(place) || place.loss >= bracket[low].loss) {
      bracket[high] = place;
      [low, high] = bracket[0].loss <= bracket[1].loss ? [0, 1] : [1, 0];
    } else {
      if (isFlat(place)) isDone = true;
      else if (isAtMost(0, mul(place.slope, sub(bracket[high].step, bracket[low].step)))) {
        bracket[high] = bracket[low];
      }
      bracket[low] = place;
    }
  }
  const best = bracket[low];
  return { loss: best.loss, grad: best.grad, step: best.step, evaluations };
}
