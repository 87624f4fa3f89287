/** `torch.func.hessian`. */

import { checkFunction, checkOptions } from '../arguments';
import { named } from '../describe';
import type { AnyFunction } from '../types';
import { jacfwd } from './jacfwd';
import { checkChunkSize } from './jacobian-options';
import type { DerivativeFunction, HessianOptions, Jacobian } from './jacobian-options';
import { jacrev } from './jacrev';
import type { Argnums, JacobianOf, Selected, Transformable } from './types';
import { checkRandomness } from './vmap';

/**
 * A function that computes the Hessian of `func`, forward over reverse: `jacfwd(jacrev(func))`; `torch.func.hessian`.
 * Leaves have the shape `[...output, ...input, ...input]`. `chunkSize` counts the columns of the Hessian and the rows
 * of the Jacobian within.
 *
 * @throws as {@link jacfwd} and {@link jacrev}.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * torch.func.hessian((x: torch.Tensor) => x.pow(3).sum())(torch.tensor([1, 2])); // [[6, 0], [0, 12]]
 * ```
 */
export function hessian<
  F extends Transformable,
  const N extends Argnums = 0,
  const H extends boolean = false,
  const V extends boolean = false,
>(
  func: F,
  options: HessianOptions<N, H, V> = {},
): DerivativeFunction<F, JacobianOf<Jacobian<F, N, H>, Selected<Parameters<F>, N>>, H, V> {
  checkFunction('hessian', func);
  checkOptions('hessian', options, ['argnums', 'hasAux', 'randomness', 'chunkSize', 'returnValue']);
  const { argnums = 0, randomness = 'error', chunkSize = null, hasAux = false, returnValue = false } = options;
  checkRandomness(randomness);
  checkChunkSize('hessian', chunkSize);
  const inner = jacrev(func, { argnums, chunkSize, hasAux, returnValue }) as AnyFunction;
  if (!hasAux && !returnValue) return jacfwd(inner, { argnums, randomness, chunkSize }) as never;
  // The value and the aux of `func` pass through the outer transform as its aux.
  const paired = (...args: unknown[]): unknown => {
    const [jacobian, ...extras] = inner(...args) as unknown[];
    return [jacobian, extras];
  };
  const outer = jacfwd(paired, { argnums, randomness, chunkSize, hasAux: true }) as AnyFunction;
  return named((...args: unknown[]) => {
    const [result, extras] = outer(...args) as [unknown, unknown[]];
    return [result, ...extras];
  }, func) as never;
}
