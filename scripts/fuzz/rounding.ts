/** Steps that turn rounding errors, or the sign of a zero, into other numbers: programs leave these out. */

import type { Step, Tensor } from './step';

/** Of rounding errors, which a layer norm of equal elements amplifies, these make other numbers. */
export function isDiscontinuous({ text }: Step): boolean {
  return /^(sign|floor|round|trunc|frac|ceil|maskedFill|where|fmod|sort|hardshrink)/.test(text);
}

function largest(value: Tensor): number {
  return value.numel() === 0 ? 0 : value.to('float64').abs().max().item();
}

/** Sines of large numbers, standard deviations of equal ones, and quotients by zeros. `value` is the result of the step. */
export function isIllConditioned(
  { text }: Step,
  value: Tensor,
  values: readonly Tensor[],
  strictZeros: boolean,
): boolean {
  const argument = values[Number(/\(v(\d+)/.exec(text)?.[1] ?? -1)] as Tensor | undefined;
  if (argument === undefined) return false;
  if (/^(sin|cos|tan|sinc|lgamma)\(/.test(text)) return largest(argument) > 10;
  if (text.startsWith('std'))
    return value
      .lt(1e-3 * largest(argument))
      .any()
      .item();
  // The sign of a zero decides that of an infinity.
  return !strictZeros && /^(reciprocal|div|pow|rsqrt|log|atan2)/.test(text) && !Number.isFinite(largest(value));
}
