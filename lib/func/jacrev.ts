/** `torch.func.jacrev`. */

import { checkFunction, checkOptions } from '../arguments';
import { named } from '../describe';
import { native } from '../native';
import * as pytree from '../pytree';
import { jacobianByRows } from './jacobian-blocks';
import { checkChunkSize, checkReal, withExtras } from './jacobian-options';
import type { DerivativeFunction, Jacobian, JacrevOptions } from './jacobian-options';
import type { Argnums, Transformable } from './types';
import { flatVjp } from './vjp';

/**
 * A function that computes the Jacobian of `func` in reverse mode: one forward pass, then all rows of the Jacobian in
 * one batched backward pass; `torch.func.jacrev`.
 *
 * The result has the structure of the output. Each tensor of it is replaced by the pytree of the selected arguments,
 * whose leaves have the shape `[...output, ...input]` and the dtype of the output. Prefer `jacrev` for fewer outputs
 * than inputs, and {@link jacfwd} otherwise.
 *
 * @throws RuntimeError for complex inputs or outputs, an output that is not floating point, or invalid `argnums`;
 * ValueError for a `chunkSize` below 1, or a selected argument that contains non-tensor values.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const J = torch.func.jacrev((x: torch.Tensor) => x.sin())(torch.zeros(3)); // the identity, 3×3
 * const batch = torch.vmap(torch.func.jacrev((x: torch.Tensor) => x.sin()))(torch.rand(8, 3)); // 8×3×3
 * ```
 */
export function jacrev<
  F extends Transformable,
  const N extends Argnums = 0,
  const H extends boolean = false,
  const V extends boolean = false,
>(func: F, options: JacrevOptions<N, H, V> = {}): DerivativeFunction<F, Jacobian<F, N, H>, H, V> {
  checkFunction('jacrev', func);
  checkOptions('jacrev', options, ['argnums', 'hasAux', 'chunkSize', 'returnValue']);
  const { argnums = 0, hasAux = false, chunkSize = null, returnValue = false } = options;
  checkChunkSize('jacrev', chunkSize);
  const transformed = (...args: unknown[]): unknown => {
    checkReal('jacrev', 'inputs', pytree.flatten(args).leaves);
    const { outputs, pullback, output, aux, outputSpec, inputSpec } = flatVjp(func, args, argnums, hasAux);
    checkReal('jacrev', 'outputs', outputs);
    const createGraph = native.gradMode();
    const blocks = jacobianByRows(outputs, (cotangents) => pullback(cotangents, true, createGraph), { chunkSize });
    const perOutput = blocks.map((row) => pytree.unflatten(row, inputSpec));
    return withExtras(pytree.unflatten(perOutput, outputSpec), output, aux, { returnValue, hasAux });
  };
  return named(transformed, func) as never;
}
