/** Checks what a transformed function returned: the output and the aux. */

import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';

/** Splits `[output, aux]` if `hasAux`; messages begin with `api`. */
export function splitAux(result: unknown, hasAux: boolean, api: string): { output: unknown; aux: unknown } {
  if (!hasAux) return { output: result, aux: undefined };
  if (!Array.isArray(result) || result.length !== 2) {
    throw new RuntimeError(`${api}: output of function f should be a tuple: (output, aux) if has_aux is True`);
  }
  return { output: result[0], aux: result[1] };
}

/** The flat outputs of a transformed function: at least one, and only tensors. */
export function tensorOutputs(output: unknown, api: string): { leaves: Tensor[]; spec: pytree.TreeSpec } {
  const { leaves, spec } = pytree.flatten(output);
  if (leaves.length === 0 || (leaves.length === 1 && leaves[0] == null)) {
    const got = leaves.length === 0 ? '[]' : `[${String(leaves[0])}]`;
    throw new RuntimeError(`${api}: Expected f to be a function that has non-empty output (got output = ${got})`);
  }
  for (const leaf of leaves) {
    if (!native.isTensor(leaf)) {
      throw new RuntimeError(
        `${api}: expected f(*primals) to return only tensors, got unsupported type ${describeType(leaf)}`,
      );
    }
  }
  return { leaves: leaves as Tensor[], spec };
}
