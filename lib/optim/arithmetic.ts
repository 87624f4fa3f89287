/**
 * Arithmetic on numbers that may also be tensors of one element: learning rates, betas, steps. Numbers give what Python's
 * floats give, to the last bit; as soon as a tensor takes part, libtorch computes in its dtype.
 */

import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';

/** A number, or a tensor of one element. */
export type Rate = number | Tensor;

const isNumber = (value: Rate): value is number => typeof value === 'number';

export function add(a: Rate, b: Rate): Rate {
  if (!isNumber(a)) return a.add(b);
  return isNumber(b) ? a + b : b.add(a);
}

export function sub(a: Rate, b: Rate): Rate {
  if (!isNumber(a)) return a.sub(b);
  return isNumber(b) ? a - b : torchFunctions.rsub(b, a);
}

export function mul(a: Rate, b: Rate): Rate {
  if (!isNumber(a)) return a.mul(b);
  return isNumber(b) ? a * b : b.mul(a);
}

export function div(a: Rate, b: Rate): Rate {
  if (!isNumber(a)) return a.div(b);
  return isNumber(b) ? a / b : b.reciprocal().mul(a);
}

export function neg(a: Rate): Rate {
  return isNumber(a) ? -a : a.neg();
}

export function pow(a: Rate, b: Rate): Rate {
  if (isNumber(a) && isNumber(b)) return native.pow(a, b);
  return isNumber(a) ? torchFunctions.pow(a, b as Tensor) : a.pow(b);
}

export function sqrt(a: Rate): Rate {
  // As Python's x ** 0.5.
  return isNumber(a) ? native.pow(a, 0.5) : a.sqrt();
}

/** The cosine as Python's `math.cos`, which JavaScript's may differ from in the last bit. */
export const cosine = (x: number): number => native.cos(x);

/** `base ** exponent` as Python computes it, which JavaScript may differ from in the last bit. */
export const power = (base: number, exponent: number): number => native.pow(base, exponent);

/** The number, or the value of the tensor, for operators that take a number only. */
export function valueOf(rate: Rate): number {
  return isNumber(rate) ? rate : rate.item();
}

/** The tensor without dimensions, as operators take it; the number itself. */
export function toScalar(rate: Rate): Rate {
  return isNumber(rate) || rate.dim() === 0 ? rate : rate.squeeze();
}

/** Whether `a < b`; with a tensor, in its dtype. */
export function isLess(a: Rate, b: Rate): boolean {
  if (!isNumber(a)) return a.lt(b).item<boolean>();
  return isNumber(b) ? a < b : b.gt(a).item<boolean>();
}

/** Whether `a <= b`; with a tensor, in its dtype. */
export function isAtMost(a: Rate, b: Rate): boolean {
  if (!isNumber(a)) return a.le(b).item<boolean>();
  return isNumber(b) ? a <= b : b.ge(a).item<boolean>();
}

/** The first of the largest. */
export function largest(first: Rate, ...others: Rate[]): Rate {
  return others.reduce((most, other) => (isLess(most, other) ? other : most), first);
}

/** The first of the smallest. */
export function smallest(first: Rate, ...others: Rate[]): Rate {
  return others.reduce((least, other) => (isLess(other, least) ? other : least), first);
}

export function abs(a: Rate): Rate {
  return isNumber(a) ? Math.abs(a) : a.abs();
}
