/** `torch.autograd.functional.hvp`. */

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
 * The output of a function of one value and the product of its Hessian with the vector `v`;
 * `torch.autograd.functional.hvp`. `v` has the structure and shapes of the inputs.
 *
 * The Hessian of a twice continuously differentiable function is symmetric. Then {@link vhp} gives the same result with
 * one pass less.
 *
 * @returns `[output, hvp]`; `hvp` has the structure and shapes of the inputs.
 * @throws as {@link vhp}.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([1, 2]);
 * const [y, p] = torch.autograd.functional.hvp((t) => t.pow(3).sum(), x, torch.ones(2));
 * p.toArray(); // [6, 12]
 * ```
 */
export function hvp<const I extends Tensors>(
  func: (...inputs: Arguments<I>) => Tensor,
  inputs: I,
  ...rest: ProductRest<I>
): [output: Tensor, hvp: Like<I>] {
  const { v, createGraph, strict } = readProductOptions('hvp', rest);
  return record(createGraph, (recording) => {
    const { isArray, leaves, vector, output, gradient } = gradientWithGraph(
      'hvp',
      func,
      inputs,
      { v, strict },
      recording,
    );
    const starts = recording.zeros(leaves);
    const twice = gradOrNull(gradient, leaves, starts, { retainGraph: true, createGraph: true });
    const products = gradOrNull(twice, starts, vector, { retainGraph: createGraph, createGraph });
    const result = fillInZeros(products, leaves, { strict, createGraph }, 'doubleBackTrick');
    return [recording.outputs([output])[0], arrayOrSingle(recording.derivatives(result), isArray)] as never;
  });
}
