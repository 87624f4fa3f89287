/** Operators that compute each element on its own, and reductions to one. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Add } from './operators';
import { above, any, fraction, other, positive, square, unit } from './values';

export function pointwise(add: Add): void {
  const unary = (names: (keyof Tensor & string)[], input: () => Tensor): void => {
    for (const name of names) {
      add(
        name,
        () => [input()],
        (x) => (x[name] as () => Tensor).call(x),
      );
    }
  };

  unary(
    ['sin', 'cos', 'tan', 'sinh', 'cosh', 'tanh', 'exp', 'expm1', 'exp2', 'erf', 'erfc', 'sigmoid', 'square', 'neg'],
    () => unit(3),
  );
  unary(['atan', 'asinh', 'abs', 'relu', 'sinc', 'positive', 'deg2rad', 'rad2deg', 'sgn', 'i0'], () => any(4));
  unary(['log', 'log2', 'log10', 'log1p', 'sqrt', 'rsqrt', 'reciprocal', 'lgamma', 'digamma', 'frac'], () =>
    positive(3),
  );
  unary(['asin', 'acos', 'atanh', 'erfinv'], () => unit(3));
  unary(['acosh'], () => above(3));
  unary(['logit'], () => fraction(3));
  unary(['sum', 'mean', 'prod', 'max', 'min', 'median', 'var', 'std', 'norm'], () => any(5));
  unary(['tril', 'triu', 'diagonal', 't', 'trace', 'flatten', 'clone', 'contiguous'], () => any(3, 3));
  unary(['inverse', 'det', 'logdet', 'slogdet'], () => square(3));

  const pair = (name: string, f: (x: Tensor, y: Tensor) => Tensor, y: () => Tensor = () => other(3)): void => {
    add(name, () => [any(2, 3), y()], f);
  };
  pair('add', (x, y) => x.add(y, { alpha: 2 }));
  pair('sub', (x, y) => x.sub(y));
  pair('mul', (x, y) => x.mul(y));
  pair(
    'div',
    (x, y) => x.div(y),
    () => above(3),
  );
  pair('maximum', (x, y) => x.maximum(y));
  pair('minimum', (x, y) => x.minimum(y));
  pair('atan2', (x, y) => x.atan2(y));
  pair('hypot', (x, y) => x.hypot(y));
  pair('logaddexp', (x, y) => x.logaddexp(y));
  pair('logaddexp2', (x, y) => x.logaddexp2(y));
  pair(
    'fmod',
    (x, y) => x.fmod(y),
    () => above(3),
  );
  pair(
    'remainder',
    (x, y) => x.remainder(y),
    () => above(3),
  );
  pair('copysign', (x, y) => x.copysign(y));
  add(
    'pow',
    () => [positive(2, 3), other(3)],
    (x, y) => x.pow(y),
  );
  add(
    'powScalar',
    () => [any(3)],
    (x) => x.pow(3),
  );
  add(
    'floatPower',
    () => [positive(3)],
    (x) => x.floatPower(2.5),
  );
  add(
    'xlogy',
    () => [positive(3), positive(3)],
    (x, y) => torch.xlogy(x, y),
  );
  add(
    'lerp',
    () => [any(3), other(3), fraction(3)],
    (x, y, w) => x.lerp(y, w),
  );
  add(
    'addcmul',
    () => [any(3), other(3), unit(3)],
    (x, y, z) => x.addcmul(y, z, { value: 0.5 }),
  );
  add(
    'addcdiv',
    () => [any(3), other(3), above(3)],
    (x, y, z) => x.addcdiv(y, z, { value: 0.5 }),
  );
  add(
    'where',
    () => [any(4), other(4)],
    (x, y) => torch.where(torch.tensor([true, false, true, false]), x, y),
  );
  add(
    'clamp',
    () => [any(5)],
    (x) => x.clamp(-0.9, 0.95),
  );
}
