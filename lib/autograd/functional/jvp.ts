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
 * It uses double backward, which also works for operators without a forward formula; {@link func.jvp} needs only one
 * pass. `v` has the structure and shapes of the inputs.
 *
 * @returns `[output, jvp]`; `jvp` has the structure and shapes of the output.
 * @throws as {@link vjp}; without `v` the inputs must be a single tensor with one element.
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
    const outputs = callFunction('jvp', func, leaves, createGraph);
    checkConnected(strict, outputs.list, 'outputs');
    // Double backward: the gradient is linear in the cotangents, so its VJP with respect to them is the JVP. The values
    // of the cotangents do not matter.
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
