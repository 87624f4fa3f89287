/** Wrapping the tensors of a pytree at a level of the interpreter stack, and unwrapping them. */

import { describeType } from '../describe';
import { isDifferentiable } from '../dtype';
import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';

/** The pytree with `f` applied to every tensor; other leaves are unchanged. */
export function mapTensors(tree: unknown, f: (tensor: Tensor) => Tensor): unknown {
  return pytree.treeMap(tree, (leaf) => (native.isTensor(leaf) ? f(leaf) : leaf));
}

/** The pytree without the batching of a level, and the batch dimensions: null for a leaf that is not batched. */
export function unwrapBatched(tree: unknown, level: number): { values: unknown; dims: unknown } {
  const { leaves, spec } = pytree.flatten(tree);
  const pairs = leaves.map((leaf) => (native.isTensor(leaf) ? native.unwrapBatched(leaf, level) : [leaf, null]));
  return {
    values: pytree.unflatten(
      pairs.map(([value]) => value),
      spec,
    ),
    dims: pytree.unflatten(
      pairs.map(([, dim]) => dim),
      spec,
    ),
  };
}

/** Wraps every tensor of a pytree at a Grad level; other leaves are unchanged. */
export function wrapAll(tree: unknown, level: number): unknown {
  return pytree.treeMap(tree, (leaf) => (native.isTensor(leaf) ? native.wrapForGrad(leaf, level, false) : leaf));
}

/**
 * Wraps the leaves of the argument at a position, to differentiate with respect to them.
 *
 * @throws ValueError for a leaf that is not a tensor, RuntimeError for a tensor of an integer or boolean dtype; the
 * message says where the leaf is.
 */
export function wrapDifferentiable(tree: unknown, level: number, position: number): unknown {
  let index = 0;
  const place = (): string => {
    const path = pytree.leafPath(pytree.flatten(tree).spec, index);
    return `\nIt is ${path === '' ? '' : `'${path}' of `}argument ${position}.`;
  };
  return pytree.treeMap(tree, (leaf) => {
    if (!native.isTensor(leaf)) {
      throw new ValueError(`Thing passed to transform API must be Tensor, got ${describeType(leaf)}${place()}`);
    }
    let wrapped: Tensor;
    try {
      wrapped = native.wrapForGrad(leaf, level, true);
    } catch (error) {
      if (isDifferentiable(leaf.dtype)) throw error;
      throw new RuntimeError(`${(error as Error).message}${place()} Its dtype is ${leaf.dtype}.`);
    }
    index += 1;
    return wrapped;
  });
}

/**
 * Unwraps every tensor of a result by one level.
 *
 * @throws RuntimeError for a leaf that is not a tensor.
 */
export function unwrapAll(tree: unknown, level: number): unknown {
  return pytree.treeMap(tree, (leaf) => {
    if (!native.isTensor(leaf)) throw new RuntimeError(`Expected tensors, got unsupported type ${describeType(leaf)}`);
    return native.unwrapForGrad(leaf, level);
  });
}

/** Unwraps a tensor that nobody outside the transform has a handle of, and frees the wrapper. */
export function unwrapOwn(tensor: Tensor, level: number): Tensor {
  const value = native.unwrapForGrad(tensor, level);
  if (value !== tensor) tensor.dispose();
  return value;
}
