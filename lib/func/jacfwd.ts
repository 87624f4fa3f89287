/** `torch.func.jacfwd` and `torch.func.hessian`. */

import { checkFunction, checkOptions } from '../arguments';
import { describeType, named } from '../describe';
import { atVmapLevel } from '../interpreter/levels';
import { native } from '../native';
import { torchFunctions } from '../operators';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { selectArgs } from './argnums';
import { sizesOf, standardBasis } from './basis';
import { checkChunkSize, checkReal, jacrev, withExtras } from './jacrev';
import { flatJvp } from './jvp';
import type { FlatJvp } from './jvp';
import type { Argnums, JacobianOf, Output, Selected, Transformable, WithExtras } from './types';
import type { Randomness } from './vmap';

/** The options of {@link jacfwd}. */
export interface JacfwdOptions<
  N extends Argnums | null = Argnums | null,
  H extends boolean = boolean,
  V extends boolean = boolean,
> {
  /** Which arguments to differentiate with respect to; the first by default, all for null. */
  argnums?: N;
  /** Whether `func` returns `[output, aux]`. */
  hasAux?: H;
  /** What a random operator does: an error by default, the same draw for every column, or different ones. */
  randomness?: Randomness;
  /** How many columns at a time; null for all at once. `func` runs once per chunk; 1 does without vmap. */
  chunkSize?: number | null;
  /** Whether to return `[jacobian, value]`, or `[jacobian, value, aux]`. */
  returnValue?: V;
}

/**
 * Columns `start` to `start + count` of the Jacobian, the last dimension of every tangent. The values
 * and the aux do not depend on the direction: the first column's are as good as any.
 */
function columns(
  func: AnyFunction,
  args: readonly unknown[],
  inputs: readonly Tensor[],
  options: JacfwdOptions,
  start: number,
  count: number,
): FlatJvp {
  const { argnums = 0, hasAux = false, randomness = 'error', chunkSize = null } = options;
  const basis = standardBasis(inputs, start, count, native.levelDepth() > 0);
  try {
    if (chunkSize === 1 && count === 1) {
      const column = basis.map((block) => block.select(0, 0));
      const flat = flatJvp(func, args, column, argnums, false, hasAux);
      return { ...flat, tangents: flat.tangents.map((tangent) => tangent.unsqueeze(-1)) };
    }
    return atVmapLevel(count, randomness, (level) => {
      const directions = basis.map((block) => native.addBatchDim(block, 0, level));
      const flat = flatJvp(func, args, directions, argnums, false, hasAux);
      const first = (leaf: unknown): Tensor => native.removeBatchDim(leaf as Tensor, level, count, 0).select(0, 0);
      return {
        spec: flat.spec,
        outputs: options.returnValue ? flat.outputs.map(first) : [],
        tangents: flat.tangents.map((tangent) => {
          const result = native.removeBatchDim(tangent, level, count, -1);
          tangent.dispose();
          return result;
        }),
        aux: hasAux ? pytree.treeMap(flat.aux, first) : undefined,
      };
    });
  } finally {
    basis.forEach((block) => block.dispose());
  }
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
export function jacfwd<
  F extends Transformable,
  const N extends Argnums | null = 0,
  const H extends boolean = false,
  const V extends boolean = false,
>(
  func: F,
  options: JacfwdOptions<N, H, V> = {},
): (
  ...args: Parameters<F>
) => WithExtras<JacobianOf<Output<ReturnType<F>, H>, Selected<Parameters<F>, N>>, ReturnType<F>, H, V> {
  checkFunction('jacfwd', func);
  checkOptions('jacfwd', options, ['argnums', 'hasAux', 'randomness', 'chunkSize', 'returnValue']);
  const { argnums = 0, chunkSize = null } = options;
  checkChunkSize('jacfwd', chunkSize);
  const transformed = (...args: unknown[]): unknown => {
    checkReal('jacfwd', 'inputs', pytree.flatten(args).leaves);
    const { leaves, spec: inputSpec } = pytree.flatten(argnums === null ? args : selectArgs(args, argnums));
    for (const leaf of leaves) {
      if (!native.isTensor(leaf)) {
        throw new TypeError(`jacfwd: Expected the selected arguments to hold only Tensors, got ${describeType(leaf)}`);
      }
    }
    const inputs = leaves as Tensor[];
    const sizes = sizesOf(inputs);
    const total = sizes.reduce((a, b) => a + b, 0);
    const step = chunkSize ?? Math.max(total, 1);

    const chunks = [columns(func, args, inputs, options, 0, Math.min(step, total))];
    for (let start = step; start < total; start += step) {
      chunks.push(columns(func, args, inputs, options, start, Math.min(step, total - start)));
    }
    const { outputs, aux, spec } = chunks[0];
    const tangents = chunks[0].tangents.map((tangent, i) =>
      chunks.length === 1
        ? tangent
        : torchFunctions.cat(
            chunks.map((chunk) => chunk.tangents[i]),
            -1,
          ),
    );
    checkReal('jacfwd', 'outputs', tangents);
    const perOutput = tangents.map((tangent) => {
      const outputShape = tangent.shape.slice(0, -1);
      const pieces = sizes.length === 1 && tangent.shape.at(-1) === sizes[0] ? [tangent] : tangent.split(sizes, -1);
      const blocks = pieces.map((piece, i) => piece.reshape([...outputShape, ...inputs[i].shape]));
      return pytree.unflatten(blocks, inputSpec);
    });
    const value = options.returnValue ? pytree.unflatten(outputs, spec) : undefined;
    return withExtras(pytree.unflatten(perOutput, spec), value, aux, options);
  };
  return named(transformed, func) as never;
}

/** The options of {@link hessian}. */
export interface HessianOptions<N extends Argnums = Argnums, H extends boolean = boolean, V extends boolean = boolean> {
  /** Which arguments to differentiate with respect to; the first by default. */
  argnums?: N;
  /** Whether `func` returns `[output, aux]`. */
  hasAux?: H;
  /** What a random operator does: an error by default, the same draw for every column, or different ones. */
  randomness?: Randomness;
  /** How many columns (and rows of the Jacobian within) at a time; null for all at once. */
  chunkSize?: number | null;
  /** Whether to return `[hessian, value]`, or `[hessian, value, aux]`. */
  returnValue?: V;
}

/**
 * A function that computes the Hessian of `func`, forward over reverse: `jacfwd(jacrev(func))`;
 * `torch.func.hessian`. Leaves have the shape `[...output, ...input, ...input]`.
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
): (
  ...args: Parameters<F>
) => WithExtras<
  JacobianOf<JacobianOf<Output<ReturnType<F>, H>, Selected<Parameters<F>, N>>, Selected<Parameters<F>, N>>,
  ReturnType<F>,
  H,
  V
> {
  checkFunction('hessian', func);
  checkOptions('hessian', options, ['argnums', 'hasAux', 'randomness', 'chunkSize', 'returnValue']);
  const { argnums = 0, randomness = 'error', chunkSize = null, hasAux = false, returnValue = false } = options;
  checkChunkSize('hessian', chunkSize);
  const inner = jacrev(func, { argnums, chunkSize, hasAux, returnValue }) as AnyFunction;
  if (!hasAux && !returnValue) return jacfwd(inner, { argnums, randomness, chunkSize }) as never;
  // Value and aux ride through the outer transform as its aux.
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
