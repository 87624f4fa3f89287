/** `torch.func.jvp`. */

import { checkFunction, checkOptions } from '../arguments';
import { describeType } from '../describe';
import { isDifferentiable } from '../dtype';
import { RuntimeError, ValueError } from '../errors';
import { atJvpLevel } from '../interpreter/levels';
import { unwrapAll, unwrapOwn, wrapAll } from '../interpreter/wrapping';
import { native } from '../native';
import { torchFunctions } from '../operators';
import * as pytree from '../pytree';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { normalizeArgnums } from './argnums';
import { splitAux, tensorOutputs } from './outputs';
import type { Argnums, Aux, Output, Returned } from './types';

const API = 'jvp(f, primals, tangents)';

function checkTensors(leaves: readonly unknown[], what: string): asserts leaves is Tensor[] {
  if (leaves.length === 0) throw new RuntimeError(`${API}: Expected ${what} to contain at least one Tensor.`);
  for (const leaf of leaves) {
    if (!native.isTensor(leaf)) {
      throw new RuntimeError(`${API}: Expected ${what} to only contain Tensors, got ${describeType(leaf)}`);
    }
  }
}

function makeDual(primal: Tensor, tangent: Tensor): Tensor {
  for (const [name, { dtype }] of [
    ['primal', primal],
    ['tangent', tangent],
  ] as const) {
    if (!isDifferentiable(dtype)) {
      throw new ValueError(`Expected ${name} to be floating point or complex, but got: torch.${dtype}`);
    }
  }
  return native.makeDual(primal, tangent, 0);
}

/** The flat output and its tangents. */
export interface FlatJvp {
  outputs: Tensor[];
  tangents: Tensor[];
  spec: pytree.TreeSpec;
  aux: unknown;
}

/**
 * Calls `func` with dual numbers at a Jvp level. The flat tangents belong to the arguments that `argnums` selects (all
 * for null). The other arguments are only wrapped.
 */
export function flatJvp(
  func: AnyFunction,
  primals: readonly unknown[],
  flatTangents: readonly Tensor[],
  argnums: Argnums | null,
  strict: boolean,
  hasAux: boolean,
): FlatJvp {
  return atJvpLevel((level) => {
    const list = argnums === null ? primals.map((_, i) => i) : normalizeArgnums(argnums, primals.length).list;
    const args = primals.map((primal, i) => (list.includes(i) ? primal : wrapAll(primal, level)));
    let next = 0;
    for (const i of list) {
      args[i] = pytree.treeMap(primals[i], (leaf) => makeDual(leaf as Tensor, flatTangents[next++]));
    }
    const split = splitAux(callSync('jvp', func, args), hasAux, API);
    const aux = hasAux ? unwrapAll(split.aux, level) : undefined;
    const { leaves, spec } = tensorOutputs(split.output, API);
    const outputs: Tensor[] = [];
    const tangents: Tensor[] = [];
    for (const leaf of leaves) {
      const [primal, found] = native.unpackDual(leaf, 0);
      if (found === null && strict) {
        throw new RuntimeError(
          'jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with strict=True.',
        );
      }
      const tangent = found ?? torchFunctions.zerosLike(primal);
      outputs.push(native.unwrapForGrad(primal, level));
      tangents.push(unwrapOwn(tangent, level));
    }
    return { outputs, tangents, spec, aux };
  });
}

/** The options of {@link jvp}. */
export interface JvpOptions<H extends boolean = boolean> {
  /** Whether an output that does not depend on the inputs is an error; otherwise its tangent is zeros. */
  strict?: boolean;
  /** Whether `func` returns `[output, aux]`. */
  hasAux?: H;
}

/**
 * The output of `func` at the primals and its directional derivative along the tangents, in one forward pass;
 * `torch.func.jvp`.
 *
 * `primals` is the array of arguments; `tangents` has the same structure and shapes. Both results have the structure
 * of the output. `noGrad` does not stop tangents, `detach()` does.
 *
 * @returns `[output, tangent]`, or `[output, tangent, aux]` with `hasAux`.
 * @throws RuntimeError if structures or shapes differ, or the output contains non-tensor values; ValueError for
 * integer primals; NotImplementedError for an operator without a forward formula.
 * @example
 * ```ts
 * const [y, dy] = torch.func.jvp((x: torch.Tensor) => x.sin(), [torch.tensor(0)], [torch.tensor(1)]);
 * // y: 0, dy: 1
 * ```
 */
export function jvp<A extends unknown[], R extends Returned, const H extends boolean = false>(
  func: (...primals: A) => R,
  primals: readonly [...A],
  tangents: readonly [...A],
  options: JvpOptions<H> = {},
): H extends true ? [Output<R, true>, Output<R, true>, Aux<R>] : [R, R] {
  checkFunction('jvp', func);
  checkOptions('jvp', options, ['strict', 'hasAux']);
  if (!Array.isArray(primals)) {
    throw new RuntimeError(`${API}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).`);
  }
  const flatPrimals = pytree.flatten(primals);
  const flatTangents = pytree.flatten(tangents);
  if (!pytree.specEquals(flatPrimals.spec, flatTangents.spec)) {
    throw new RuntimeError(
      `${API}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 tensors, tangents also must be. Got primals with structure ${pytree.specToString(flatPrimals.spec)} and tangents with structure ${pytree.specToString(flatTangents.spec)}`,
    );
  }
  const { leaves } = flatTangents;
  checkTensors(flatPrimals.leaves, 'primals');
  checkTensors(leaves, 'tangents');
  const { strict = false, hasAux = false } = options;
  const result = flatJvp(func as AnyFunction, primals, leaves, null, strict, hasAux);
  const output = pytree.unflatten(result.outputs, result.spec);
  const tangent = pytree.unflatten(result.tangents, result.spec);
  return (hasAux ? [output, tangent, result.aux] : [output, tangent]) as never;
}
