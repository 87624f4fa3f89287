/** `torch.func.jacfwd` and `torch.func.hessian`. */

import { native } from '../native';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';
import { sizesOf, standardBasis } from './basis';
import { atVmapLevel, checkFunction, checkOptions, selectArgs, typeName } from './common';
import { named } from './grad';
import { checkReal, jacrev } from './jacrev';
import { flatJvp } from './jvp';
import type { FlatJvp } from './jvp';
import type { AnyFunction, Argnums, JacobianOf, Output, Selected, WithAux } from './types';
import type { Randomness } from './vmap';

/** The options of {@link jacfwd}. */
export interface JacfwdOptions<N extends Argnums = Argnums, H extends boolean = boolean> {
  /** Which arguments to differentiate with respect to; the first by default, all for null. */
  argnums?: N | null;
  /** Whether `func` returns `[output, aux]`. */
  hasAux?: H;
  /** What a random operator does: an error by default, the same draw for every column, or different ones. */
  randomness?: Randomness;
}

/**
 * A function that computes the Jacobian of `func` in forward mode: its columns in one batch forward;
 * `torch.func.jacfwd`. Results and structures are those of {@link jacrev}.
 *
 * @throws RuntimeError for complex inputs or outputs, a random operator with `randomness: 'error'`, or
 * argnums that do not fit; NotImplementedError for an operator without a forward formula.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const J = torch.func.jacfwd((x: torch.Tensor) => x.sin())(torch.zeros(3)); // the identity, 3×3
 * ```
 */
export function jacfwd<F extends AnyFunction, const N extends Argnums = 0, const H extends boolean = false>(
  func: F,
  options: JacfwdOptions<N, H> = {},
): (
  ...args: Parameters<F>
) => WithAux<JacobianOf<Output<ReturnType<F>, H>, Selected<Parameters<F>, N>>, ReturnType<F>, H> {
  checkFunction('jacfwd', func);
  checkOptions('jacfwd', options, ['argnums', 'hasAux', 'randomness']);
  const { argnums = 0, hasAux = false, randomness = 'error' } = options;
  const transformed = (...args: unknown[]): unknown => {
    checkReal('jacfwd', 'inputs', pytree.flatten(args).leaves);
    const { leaves, spec: inputSpec } = pytree.flatten(argnums === null ? args : selectArgs(args, argnums));
    for (const leaf of leaves) {
      if (!native.isTensor(leaf)) {
        throw new TypeError(`jacfwd: Expected the selected arguments to hold only Tensors, got ${typeName(leaf)}`);
      }
    }
    const inputs = leaves as Tensor[];
    const sizes = sizesOf(inputs);
    const total = sizes.reduce((a, b) => a + b, 0);

    const basis = standardBasis(inputs, 0, total);
    let result: FlatJvp;
    try {
      result = atVmapLevel(total, randomness, (level) => {
        const tangents = basis.map((block) => native.addBatchDim(block, 0, level));
        const { aux, ...flat } = flatJvp(func, args, tangents, argnums, false, hasAux);
        return {
          ...flat,
          // The value does not depend on the direction: the first column's is as good as any.
          outputs: flat.outputs,
          tangents: flat.tangents.map((tangent) => {
            const columns = native.removeBatchDim(tangent, level, total, -1);
            if (columns !== tangent) tangent.dispose();
            return columns;
          }),
          aux: hasAux
            ? pytree.treeMap(aux, (leaf) => native.removeBatchDim(leaf as Tensor, level, total, 0).select(0, 0))
            : undefined,
        };
      });
    } finally {
      basis.forEach((block) => block.dispose());
    }
    checkReal('jacfwd', 'outputs', result.tangents);
    const perOutput = result.tangents.map((columns) => {
      const outputShape = columns.shape.slice(0, -1);
      const pieces = sizes.length === 1 ? [columns] : columns.split(sizes, -1);
      const blocks = pieces.map((piece, i) => piece.reshape([...outputShape, ...inputs[i].shape]));
      return pytree.unflatten(blocks, inputSpec);
    });
    const jacobian = pytree.unflatten(perOutput, result.spec);
    return hasAux ? [jacobian, result.aux] : jacobian;
  };
  return named(transformed, func) as never;
}

/** The options of {@link hessian}. */
export interface HessianOptions<N extends Argnums = Argnums> {
  /** Which arguments to differentiate with respect to; the first by default. */
  argnums?: N;
}

/**
 * A function that computes the Hessian of `func`, forward over reverse: `jacfwd(jacrev(func))`;
 * `torch.func.hessian`. Leaves have the shape `[...output, ...input, ...input]`.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * torch.func.hessian((x: torch.Tensor) => x.pow(3).sum())(torch.tensor([1, 2])); // [[6, 0], [0, 12]]
 * ```
 */
export function hessian<F extends AnyFunction, const N extends Argnums = 0>(
  func: F,
  options: HessianOptions<N> = {},
): (
  ...args: Parameters<F>
) => JacobianOf<JacobianOf<ReturnType<F>, Selected<Parameters<F>, N>>, Selected<Parameters<F>, N>> {
  checkFunction('hessian', func);
  checkOptions('hessian', options, ['argnums']);
  const { argnums = 0 } = options;
  return jacfwd(jacrev(func, { argnums }), { argnums }) as never;
}
