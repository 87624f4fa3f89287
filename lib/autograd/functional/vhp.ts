/** `torch.autograd.functional.vhp`. */

import type { Tensor } from '../../tensor';
import { gradOrNull } from '../engine';
import { fillInZeros } from './checks';
import { readProductOptions } from './options';
import type { ProductRest } from './options';
import { gradientWithGraph } from './second-order';
import { record } from './recording';
import { arrayOrSingle } from './tensors';
import type { Arguments, Like, Tensors } from './tensors';

/**
 * The output of a function of one value and the product of the vector `v` with its Hessian;
 * `torch.autograd.functional.vhp`. `v` has the structure and shapes of the inputs.
 *
 * @returns `[output, vhp]`; `vhp` has the structure and shapes of the inputs.
 * @throws as {@link jvp}; RuntimeError also if `func` does not return a single tensor with one element, and in strict
 * mode if its gradient does not depend on an input, as for a linear function.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([1, 2]);
 * const [y, p] = torch.autograd.functional.vhp((t) => t.pow(3).sum(), x, torch.ones(2));
 * p.toArray(); // [6, 12]
 * ```
 */
export function vhp<const I extends Tensors>(
  func: (...inputs: Arguments<I>) => Tensor,
  inputs: I,
  ...rest: ProductRest<I>
): [output: Tensor, vhp: Like<I>] {
  const { v, createGraph, strict } = readProductOptions('vhp', rest);
  return record(createGraph, (recording) => {
    const { isArray, leaves, vector, output, gradient } = gradientWithGraph(
      'vhp',
      func,
      inputs,
      { v, strict },
      recording,
    );
    const products = gradOrNull(gradient, leaves, vector, { retainGraph: createGraph, createGraph });
    const result = fillInZeros(products, leaves, { strict, createGraph }, 'doubleBack');
    return [recording.outputs([output])[0], arrayOrSingle(recording.derivatives(result), isArray)] as never;
  });
}
