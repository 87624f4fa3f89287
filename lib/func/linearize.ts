/** `torch.func.linearize`. */

import { checkFunction } from '../arguments';
import { describeType } from '../describe';
import { isDifferentiable } from '../dtype';
import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import * as pytree from '../pytree';
import { sizeText } from '../shapes';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import type { Returned } from './types';
import { flatVjp } from './vjp';

function checkPrimals(leaves: readonly unknown[]): asserts leaves is Tensor[] {
  for (const leaf of leaves) {
    if (!native.isTensor(leaf))
      throw new ValueError(`Thing passed to transform API must be Tensor, got ${describeType(leaf)}`);
    if (!isDifferentiable(leaf.dtype)) {
      throw new ValueError(`Expected primal to be floating point or complex, but got: torch.${leaf.dtype}`);
    }
  }
}

interface Metadata {
  shape: string;
  device: string;
  dtype: string;
}

function metadataOf(tensor: Tensor): Metadata {
  return {
    shape: sizeText(tensor.shape),
    device: String(tensor.device),
    dtype: `torch.${tensor.dtype}`,
  };
}

/**
 * The output of `func` at the primals, and its derivative there as a linear function of tangents;
 * `torch.func.linearize`. Worth while where the same derivative is applied to many tangents: `func`
 * runs once, and never again.
 *
 * The derivative is had by transposing twice: the products with cotangents (`vjp`) are linear in the
 * cotangents, so the gradient of those with respect to the cotangents is the product with a tangent.
 * `linearize` thus costs one pass forward and one backward, and every `jvpFn` one pass through the graph
 * of that backward; `func` must be twice differentiable in PyTorch's sense, that is, made of operators
 * whose backward can be differentiated. Being reverse mode, it takes what `func` computes under `noGrad`
 * for constant, where `jvp` looks through it, and does not let `func` write over what backward needs.
 *
 * @param primals - The arguments: pytrees of floating-point or complex tensors.
 * @returns `[output, jvpFn]`. `jvpFn(...tangents)` takes the structure, shapes, dtypes and devices of the
 * primals and returns the structure of the output. It can be transformed: `vmap(jvpFn)`, `grad(jvpFn)`.
 * Outputs that are not tensors are handed through.
 * @throws ValueError for primals that are not floating-point tensors; RuntimeError for tangents that do
 * not match them.
 * @example
 * ```ts
 * const [y, jvpFn] = torch.func.linearize((x: torch.Tensor) => x.sin(), torch.tensor([0, 1]));
 * jvpFn(torch.ones(2)); // [1, 0.5403], cos(x)
 * ```
 */
export function linearize<A extends unknown[], R extends Returned>(
  func: (...primals: A) => R,
  ...primals: A
): [R, (...tangents: A) => R] {
  checkFunction('linearize', func);
  const { leaves: flatPrimals, spec: primalSpec } = pytree.flatten(primals);
  checkPrimals(flatPrimals);
  const expected = flatPrimals.map(metadataOf);

  // The leaves of the output that are no tensors take no part.
  let others: unknown[] = [];
  let outputSpec = pytree.flatten(null).spec;
  const tensorsOnly = (...args: unknown[]): Tensor[] => {
    const { leaves, spec } = pytree.flatten(callSync('linearize', func as AnyFunction, args));
    outputSpec = spec;
    others = leaves.map((leaf) => (native.isTensor(leaf) ? undefined : leaf));
    const tensors = leaves.filter((leaf): leaf is Tensor => native.isTensor(leaf));
    // An output without any tensor has nothing to differentiate; a zero stands in, and goes nowhere.
    return tensors.length > 0 ? tensors : [torchFunctions.zeros([])];
  };
  const join = (tensors: readonly Tensor[]): unknown => {
    let next = 0;
    return pytree.unflatten(
      others.map((leaf) => (leaf === undefined ? tensors[next++] : leaf)),
      outputSpec,
    );
  };

  const forward = flatVjp(tensorsOnly, primals, null, false);
  const values = forward.output as Tensor[];
  const transposed = flatVjp(
    (...cotangents: Tensor[]) => forward.pullback(cotangents, true, true),
    // The products are linear in the cotangents, so any will do, except that zeros are where some formulas
    // (logarithms of the cotangent) cannot be differentiated.
    values.map((value) => torchFunctions.onesLike(value)),
    null,
    false,
  );

  const jvpFn = (...tangents: unknown[]): unknown => {
    const { leaves, spec } = pytree.flatten(tangents);
    if (!pytree.specEquals(spec, primalSpec)) {
      throw new RuntimeError(
        `Expected the tangents ${pytree.specToString(spec)} to have the same argspec as the primals ${pytree.specToString(primalSpec)}`,
      );
    }
    leaves.forEach((leaf, i) => {
      if (!native.isTensor(leaf)) throw new TypeError(`jvpFn: tangent:${i} must be Tensor, not ${describeType(leaf)}`);
      const found = metadataOf(leaf);
      for (const key of ['shape', 'device', 'dtype'] as const) {
        if (found[key] !== expected[i][key]) {
          throw new RuntimeError(
            `tangent:${i} with ${key} ${found[key]} in flattened pytree doesn't match the ${key} ${expected[i][key]} of the corresponding primal.`,
          );
        }
      }
    });
    return join(transposed.pullback(leaves as Tensor[], true, native.gradMode()));
  };
  return [join(values), jvpFn] as never;
}
