/** `torch.autograd.functional.jvp`. */

import { gradOrNull } from '../engine';
import { checkConnected, fillInZeros, readInputVector } from './checks';
import { readProductOptions } from './options';
import type { ProductRest } from './options';
import { record } from './recording';
import { callFunction, arrayOrSingle, readTensors } from './tensors';
import type { Arguments, Like, Tensors } from './tensors';

/**
 * The output of `func` and the product of its Jacobian with the vector `v`;
 * `torch.autograd.functional.jvp`.
 *
 * It goes backward twice, so that it works for operators without a forward formula; {@link func.jvp}
 * needs one pass. `v` has the form and the shapes of the inputs.
 *
 * @returns `[output, jvp]`, the latter with the form and the shapes of the output.
 * @throws as {@link vjp}; without `v` the inputs must be one tensor of one element.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([1, 2, 3]);
 * const [y, t] = torch.autograd.functional.jvp((a) => a.pow(2), x, torch.tensor([1, 0, 1]));
 * t.toArray(); // [2, 0, 6]
 * ```
 */
export function jvp<const I extends Tensors, O extends Tensors>(
  func: (...inputs: Arguments<I>) => O,
  inputs: I,
  ...rest: ProductRest<I>
): [output: Like<O>, jvp: Like<O>] {
  const { v, createGraph, strict } = readProductOptions('jvp', rest);
  return record(createGraph, (recording) => {
    const given = readTensors(inputs, 'inputs', 'jvp');
    const leaves = recording.inputs(given.list);
    const vector = readInputVector('jvp', v, { ...given, list: leaves }, recording);
    const outputs = callFunction('jvp', func, leaves);
    checkConnected(strict, outputs.list, 'outputs');
    // The gradient is linear in what it starts from, so its own vector-Jacobian product with respect
    // to that is the product wanted. The value is of no matter; zeros will do.
    const starts = recording.zeros(outputs.list);
    const grads = gradOrNull(outputs.list, leaves, starts, { retainGraph: true, createGraph: true });
    checkConnected(strict, grads, 'gradInputs');
    const products = gradOrNull(grads, starts, vector, { retainGraph: createGraph, createGraph });
    const result = fillInZeros(products, outputs.list, { strict, createGraph }, 'backTrick');
    return [
      arrayOrSingle(recording.outputs(outputs.list), outputs.isArray),
      arrayOrSingle(recording.derivatives(result), outputs.isArray),
    ] as never;
  });
}
