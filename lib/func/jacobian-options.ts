/** What `jacrev`, `jacfwd` and `hessian` share: options, checks, and the form of the result. */

import { textOf } from '../describe';
import { RuntimeError, ValueError } from '../errors';
import type { ChunkSize } from '../interpreter/chunk-size';
import { native } from '../native';
import type { Argnums, JacobianOf, Output, Selected, Transformable, WithExtras } from './types';
import type { Randomness } from './vmap';

/** The options of {@link jacrev}. */
export interface JacrevOptions<
  N extends Argnums | null = Argnums,
  H extends boolean = boolean,
  V extends boolean = boolean,
> {
  /** Which arguments to differentiate with respect to; the first by default. */
  argnums?: N;
  /** Whether `func` returns `[output, aux]`. */
  hasAux?: H;
  /**
   * How many rows (in forward mode, columns) of the Jacobian are computed at a time; null (default) for all at once. 1
   * computes them one by one, without `vmap`. `'auto'` chooses as in `vmap`. In forward mode `func` runs once per chunk.
   */
  chunkSize?: ChunkSize;
  /** Whether to return the value of `func` too: `[derivative, value]`, or `[derivative, value, aux]`. */
  returnValue?: V;
}

/** The options of {@link hessian}. */
export interface HessianOptions<
  N extends Argnums | null = Argnums,
  H extends boolean = boolean,
  V extends boolean = boolean,
> extends JacrevOptions<N, H, V> {
  /** What a random operator does: an error by default, the same draw for every column, or different ones. */
  randomness?: Randomness;
}

/** The options of {@link jacfwd}: those of {@link hessian}, and null for `argnums` selects all arguments. */
export type JacfwdOptions<
  N extends Argnums | null = Argnums | null,
  H extends boolean = boolean,
  V extends boolean = boolean,
> = HessianOptions<N, H, V>;

/** A Jacobian of the function `F`, with respect to the arguments `N`: for each tensor of the output their pytree. */
export type Jacobian<F extends Transformable, N, H> = JacobianOf<Output<ReturnType<F>, H>, Selected<Parameters<F>, N>>;

/** A transform of `F` that computes the derivative `D`. */
export type DerivativeFunction<F extends Transformable, D, H, V> = (
  ...args: Parameters<F>
) => WithExtras<D, ReturnType<F>, H, V>;

/** @throws ValueError if it is not null, `'auto'` or a positive integer. */
export function checkChunkSize(api: string, chunkSize: unknown): void {
  if (typeof chunkSize === 'string' && chunkSize !== 'auto') {
    throw new ValueError(
      `${api}: \`chunkSize\` should be null, 'auto' or greater than 0, but got ${textOf(chunkSize)}.`,
    );
  }
  if (chunkSize !== null && chunkSize !== 'auto' && (!Number.isInteger(chunkSize) || (chunkSize as number) <= 0)) {
    throw new ValueError(`${api}: \`chunkSize\` should be greater than 0.`);
  }
}

/** @throws RuntimeError for a complex tensor: its Jacobian would not be complex linear. */
export function checkReal(api: string, what: string, leaves: readonly unknown[]): void {
  leaves.forEach((leaf, i) => {
    if (native.isTensor(leaf) && leaf.dtype.startsWith('complex')) {
      throw new RuntimeError(
        `${api}: Expected all ${what} to be real but received complex tensor at flattened input idx: ${i}`,
      );
    }
  });
}

/** What the transform returns: the derivative, alone or with the value and the aux that were asked for. */
export function withExtras(
  derivative: unknown,
  value: unknown,
  aux: unknown,
  { returnValue, hasAux }: { returnValue: boolean; hasAux: boolean },
): unknown {
  if (!returnValue && !hasAux) return derivative;
  return [derivative, ...(returnValue ? [value] : []), ...(hasAux ? [aux] : [])];
}
