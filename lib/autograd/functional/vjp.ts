/** `torch.autograd.functional.vjp`. */

import { RuntimeError } from '../../errors';
import { gradOrNull } from '../engine';
import { checkConnected, fillInZeros, isSingleElement, readVector } from './checks';
import { readProductOptions } from './options';
import type { ProductRest } from './options';
import { record } from './recording';
import { callFunction, arrayOrSingle, readTensors } from './tensors';
import type { Arguments, Like, Tensors } from './tensors';

/**
 * The output of `func` and the product of the vector `v` with its Jacobian, in one backward pass;
 * `torch.autograd.functional.vjp`.
 *
 * `inputs` is a tensor or an array of tensors, the arguments of `func`; `func` returns a tensor or an array of tensors;
 * `v` has the structure and shapes of the output. {@link func.vjp} accepts any pytree and can be nested.
 *
 * @returns `[output, vjp]`; `vjp` has the structure and shapes of the inputs.
 * @throws TypeError for non-tensor values; RuntimeError for integer inputs, a `v` of another structure or shape, a
 * missing `v` if the output has more than one element, in strict mode for an output that does not depend on an input,
 * and inside a transformed function.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([1, 2, 3]);
 * const [y, g] = torch.autograd.functional.vjp((t) => t.pow(2), x, torch.ones(3));
 * g.toArray(); // [2, 4, 6]
 * ```
 */
export function vjp<const I extends Tensors, O extends Tensors>(
  func: (...inputs: Arguments<I>) => O,
  inputs: I,
  ...rest: ProductRest<O>
): [output: Like<O>, vjp: Like<I>] {
  const { v, createGraph, strict } = readProductOptions('vjp', rest);
  return record(createGraph, (recording) => {
    const given = readTensors(inputs, 'inputs', 'vjp');
    const leaves = recording.inputs(given.list);
    const outputs = callFunction('vjp', func, leaves, createGraph);
    checkConnected(strict, outputs.list, 'outputs');
    if (v === null && !isSingleElement(outputs)) {
      throw new RuntimeError(
        'The vector v can only be null if the user-provided function returns a single Tensor with a single element.',
      );
    }
    const vector = v === null ? null : readVector('vjp', v, outputs, recording);
    const grads = gradOrNull(outputs.list, leaves, vector, { retainGraph: createGraph, createGraph });
    const result = fillInZeros(grads, leaves, { strict, createGraph }, 'back');
    return [
      arrayOrSingle(recording.outputs(outputs.list), outputs.isArray),
      arrayOrSingle(recording.derivatives(result), given.isArray),
    ] as never;
  });
}
