/** `torch.func.linearize`. */

import { isDeepStrictEqual } from 'node:util';
import { checkFunction } from '../arguments';
import { recordLinear } from '../compile/linear';
import { describeType } from '../describe';
import { isDifferentiable } from '../dtype';
import { RuntimeError, ValueError } from '../errors';
import { HOOKS_MESSAGE } from '../interpreter/levels';
import { native } from '../native';
import { torchFunctions } from '../operators';
import * as pytree from '../pytree';
import { sizeText } from '../shapes';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { flatJvp } from './jvp';
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

/** The structure of what the function returns, and its leaves that are not tensors, which are not differentiated. */
class OutputStructure {
  private others: unknown[] = [];
  private spec = pytree.flatten(null).spec;

  /** The tensors. There is at least one, as transforms need it: `join` ignores a zero that takes the place of none. */
  take(value: unknown): Tensor[] {
    const { leaves, spec } = pytree.flatten(value);
    this.spec = spec;
    this.others = leaves.map((leaf) => (native.isTensor(leaf) ? undefined : leaf));
    const tensors = leaves.filter((leaf): leaf is Tensor => native.isTensor(leaf));
    return tensors.length > 0 ? tensors : [torchFunctions.zeros([])];
  }

  join(tensors: readonly Tensor[]): unknown {
    let next = 0;
    return pytree.unflatten(
      this.others.map((leaf) => (leaf === undefined ? tensors[next++] : leaf)),
      this.spec,
    );
  }
}

interface Linearized {
  values: readonly Tensor[];
  /** Maps flat tangents to those of the outputs. Null for tangents that do not match the primals. */
  apply(tangents: readonly unknown[]): readonly Tensor[] | null;
}

/** Records the JVP. Null where that is not possible. */
function byRecording(
  func: AnyFunction,
  primals: readonly unknown[],
  flatPrimals: readonly Tensor[],
): Linearized | null {
  if (flatPrimals.length === 0) return null;
  const gradMode = native.gradMode();
  const tangents = flatPrimals.map((primal) => torchFunctions.onesLike(primal, { memoryFormat: 'contiguous_format' }));
  const recorded = recordLinear(tangents, flatPrimals, () => {
    const hooks = native.disableSavedTensorHooks(HOOKS_MESSAGE);
    try {
      // The function may write to its tangents.
      const own = tangents.map((tangent) => tangent.clone());
      const { outputs, tangents: pushed } = flatJvp(func, primals, own, null, false, false);
      for (const { dtype } of outputs) {
        if (!isDifferentiable(dtype)) throw new RuntimeError(`linearize: an output has dtype ${dtype}`);
      }
      return { values: outputs, outputs: pushed };
    } finally {
      native.enableSavedTensorHooks(hooks);
    }
  });
  for (const tangent of tangents) tangent.dispose();
  if (recorded === null) return null;
  const { values } = recorded.results;
  return {
    values: gradMode ? values : values.map((value) => (value.requiresGrad ? value.detach() : value)),
    apply: recorded.function.call,
  };
}

/** Transposes the VJP, which is linear in the cotangents, by double backward. Works inside of other transforms. */
function byTransposing(func: AnyFunction, primals: readonly unknown[]): Linearized {
  const forward = flatVjp(func, primals, null, false);
  const values = forward.output as Tensor[];
  const transposed = flatVjp(
    (...cotangents: Tensor[]) => forward.pullback(cotangents, true, true),
    // Any values will do except zeros, where some formulas (logarithms of the cotangent) are not differentiable.
    values.map((value) => torchFunctions.onesLike(value)),
    null,
    false,
  );
  const expected = pytree.flatten(primals).leaves.map((primal) => metadataOf(primal as Tensor));
  const apply = (tangents: readonly unknown[]): Tensor[] | null =>
    tangents.every((tangent, i) => native.isTensor(tangent) && isDeepStrictEqual(metadataOf(tangent), expected[i]))
      ? transposed.pullback(tangents as Tensor[], true, native.gradMode())
      : null;
  return { values, apply };
}

/** Throws the error for the first tangent that does not match its primal. */
function refuse(tangents: readonly unknown[], expected: readonly Metadata[]): never {
  tangents.forEach((tangent, i) => {
    if (!native.isTensor(tangent)) {
      throw new TypeError(`jvpFn: tangent:${i} must be Tensor, not ${describeType(tangent)}`);
    }
    const found = metadataOf(tangent);
    for (const key of ['shape', 'device', 'dtype'] as const) {
      if (found[key] !== expected[i][key]) {
        throw new RuntimeError(
          `tangent:${i} with ${key} ${found[key]} in flattened pytree doesn't match the ${key} ${expected[i][key]} of the corresponding primal.`,
        );
      }
    }
  });
  throw new RuntimeError('the tangents do not match the primals');
}

/**
 * The output of `func` at the primals, and its derivative there as a linear function of tangents;
 * `torch.func.linearize`. Use it to apply one derivative to many tangents: `func` runs only once.
 *
 * `linearize` records the JVP: everything that does not depend on the tangents, random numbers included, is computed once,
 * and `jvpFn` replays the rest, compiled if there are many calls. Inside of another transform, for tensors that require a
 * gradient, and for functions that cannot be recorded (operators without a forward formula, values read with `data()` or
 * `toArray()`), the JVP is the transposed VJP, by double backward: every operator must then have a differentiable
 * backward, and `func` must not overwrite tensors that backward needs. Such a function may have been called twice. As in
 * reverse mode, values computed under `noGrad` are constants (`jvp` differentiates them).
 *
 * @param primals - The arguments: pytrees of floating-point or complex tensors.
 * @returns `[output, jvpFn]`. `jvpFn(...tangents)` takes tangents with the structure, shapes, dtypes and devices of
 * the primals, and its result has the structure of the output. It can be transformed: `vmap(jvpFn)`, `grad(jvpFn)`.
 * Non-tensor outputs are returned unchanged.
 * @throws ValueError for primals that are not floating-point tensors; RuntimeError for tangents that do not match
 * them, and if a tensor that the derivative needs has been modified in place.
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

  const output = new OutputStructure();
  const tensorsOnly = (...args: unknown[]): Tensor[] =>
    output.take(callSync('linearize', func as AnyFunction, args) as unknown);
  const { values, apply } = byRecording(tensorsOnly, primals, flatPrimals) ?? byTransposing(tensorsOnly, primals);

  const jvpFn = (...tangents: unknown[]): unknown => {
    const { leaves, spec } = pytree.flatten(tangents);
    if (!pytree.specEquals(spec, primalSpec)) {
      throw new RuntimeError(
        `Expected the tangents ${pytree.specToString(spec)} to have the same argspec as the primals ${pytree.specToString(primalSpec)}`,
      );
    }
    return output.join(apply(leaves) ?? refuse(leaves, expected));
  };
  return [output.join(values), jvpFn] as never;
}
