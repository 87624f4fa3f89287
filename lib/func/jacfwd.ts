/** `torch.func.jacfwd`. */

import { checkFunction, checkOptions } from '../arguments';
import { describeType, named } from '../describe';
import { native } from '../native';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';
import { selectArgs } from './argnums';
import { jacobianByColumns } from './jacobian-blocks';
import { checkChunkSize, checkReal, withExtras } from './jacobian-options';
import type { DerivativeFunction, Jacobian, JacfwdOptions } from './jacobian-options';
import { flatJvp } from './jvp';
import type { Argnums, Transformable } from './types';
import { checkRandomness } from './vmap';

/**
 * A function that computes the Jacobian of `func` in forward mode: all columns in one batched forward pass;
 * `torch.func.jacfwd`. The result has the structure and the shapes of {@link jacrev}'s.
 *
 * @throws RuntimeError for complex inputs or outputs, a random operator with `randomness: 'error'`, or invalid
 * `argnums`; NotImplementedError for an operator without a forward formula.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const J = torch.func.jacfwd((x: torch.Tensor) => x.sin())(torch.zeros(3)); // the identity, 3×3
 * ```
 */
export function jacfwd<
  F extends Transformable,
  const N extends Argnums | null = 0,
  const H extends boolean = false,
  const V extends boolean = false,
>(func: F, options: JacfwdOptions<N, H, V> = {}): DerivativeFunction<F, Jacobian<F, N, H>, H, V> {
  checkFunction('jacfwd', func);
  checkOptions('jacfwd', options, ['argnums', 'hasAux', 'randomness', 'chunkSize', 'returnValue']);
  const { argnums = 0, hasAux = false, randomness = 'error', chunkSize = null, returnValue = false } = options;
  checkRandomness(randomness);
  checkChunkSize('jacfwd', chunkSize);
  const transformed = (...args: unknown[]): unknown => {
    checkReal('jacfwd', 'inputs', pytree.flatten(args).leaves);
    const { leaves, spec: inputSpec } = pytree.flatten(argnums === null ? args : selectArgs(args, argnums));
    for (const leaf of leaves) {
      if (!native.isTensor(leaf)) {
        throw new TypeError(`jacfwd: Expected the selected arguments to hold only Tensors, got ${describeType(leaf)}`);
      }
    }
    let outputSpec: pytree.TreeSpec | undefined;
    let value: unknown;
    let aux: unknown;
    const pushforward = (tangents: Tensor[], first: (result: Tensor) => Tensor): Tensor[] => {
      const flat = flatJvp(func, args, tangents, argnums, false, hasAux);
      if (outputSpec === undefined) {
        checkReal('jacfwd', 'outputs', flat.tangents);
        outputSpec = flat.spec;
        if (returnValue) value = pytree.unflatten(flat.outputs.map(first), outputSpec);
        if (hasAux) aux = pytree.treeMap(flat.aux, (leaf) => first(leaf as Tensor));
      }
      return flat.tangents;
    };
    const blocks = jacobianByColumns(leaves as Tensor[], pushforward, { chunkSize, randomness });
    const perOutput = blocks.map((row) => pytree.unflatten(row, inputSpec));
    return withExtras(pytree.unflatten(perOutput, outputSpec!), value, aux, { returnValue, hasAux });
  };
  return named(transformed, func) as never;
}
