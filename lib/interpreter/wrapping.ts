/** Wrapping the tensors of a pytree at a level of the interpreter stack, and unwrapping them. */

import { describeType } from '../describe';
import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';

/** The pytree with `f` applied to every tensor; other leaves stay as they are. */
export function mapTensors(tree: unknown, f: (tensor: Tensor) => Tensor): unknown {
  return pytree.treeMap(tree, (leaf) => (native.isTensor(leaf) ? f(leaf) : leaf));
}

/** The values of what is batched at this level, and the batch dimensions, null for everything else. */
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

/** Wraps every tensor of a pytree at a Grad level; the others are left as they are. */
export function wrapAll(tree: unknown, level: number): unknown {
  return pytree.treeMap(tree, (leaf) => (native.isTensor(leaf) ? native.wrapForGrad(leaf, level, false) : leaf));
}

/** Wraps the leaves to differentiate with respect to; all must be tensors. */
export function wrapDifferentiable(tree: unknown, level: number): unknown {
  return pytree.treeMap(tree, (leaf) => {
    if (!native.isTensor(leaf))
      throw new ValueError(`Thing passed to transform API must be Tensor, got ${describeType(leaf)}`);
    return native.wrapForGrad(leaf, level, true);
  });
}

/** Unwraps every tensor of a result one level; anything else than a tensor is an error. */
export function unwrapAll(tree: unknown, level: number): unknown {
  return pytree.treeMap(tree, (leaf) => {
    if (!native.isTensor(leaf)) throw new RuntimeError(`Expected tensors, got unsupported type ${describeType(leaf)}`);
    return native.unwrapForGrad(leaf, level);
  });
}

/** Unwraps a tensor that the transform made itself, and frees the wrapper. */
export function unwrapOwn(tensor: Tensor, level: number): Tensor {
  const value = native.unwrapForGrad(tensor, level);
  if (value !== tensor) tensor.dispose();
  return value;
}
