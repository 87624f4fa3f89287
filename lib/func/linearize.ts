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
 * `torch.func.linearize`. Use it to apply one derivative to many tangents: `func` runs only once.
 *
 * The JVP is computed by double backward: the VJP is linear in the cotangents, so its transpose is the JVP.
 * `linearize` costs one forward and one backward pass, and each `jvpFn` one pass through the graph of that backward.
 * Every operator in `func` must have a differentiable backward. As in reverse mode, values computed under `noGrad` are
 * constants (`jvp` differentiates them), and `func` must not overwrite tensors that backward needs.
 *
 * @param primals - The arguments: pytrees of floating-point or complex tensors.
 * @returns `[output, jvpFn]`. `jvpFn(...tangents)` takes tangents with the structure, shapes, dtypes and devices of
 * the primals, and its result has the structure of the output. It can be transformed: `vmap(jvpFn)`, `grad(jvpFn)`.
 * Non-tensor outputs are returned unchanged.
 * @throws ValueError for primals that are not floating-point tensors; RuntimeError for tangents that do not match
 * them.
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

  // Non-tensor leaves of the output are not differentiated.
  let others: unknown[] = [];
  let outputSpec = pytree.flatten(null).spec;
  const tensorsOnly = (...args: unknown[]): Tensor[] => {
    const { leaves, spec } = pytree.flatten(callSync('linearize', func as AnyFunction, args));
    outputSpec = spec;
    others = leaves.map((leaf) => (native.isTensor(leaf) ? undefined : leaf));
    const tensors = leaves.filter((leaf): leaf is Tensor => native.isTensor(leaf));
    // flatVjp needs at least one tensor; `join` ignores this zero.
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
    // The VJP is linear in the cotangents, so any values will do except zeros, where some formulas (logarithms of the
    // cotangent) are not differentiable.
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
