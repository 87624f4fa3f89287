/** `torch.autograd.functional.hessian`. */

import { checkBooleans, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { AssertionError } from '../../errors';
import { atGradLevel } from '../../interpreter/levels';
import { native } from '../../native';
import type { Tensor } from '../../tensor';
import { gradOrZeros } from '../engine';
import { checkConnected, singleOutput } from './checks';
import { jacobianOf } from './jacobian';
import type { Strategy } from './jacobian';
import { callFunction, arrayOrSingle, readTensors } from './tensors';
import type { Arguments, JacobianOf, TensorList, Tensors } from './tensors';

/** The options of {@link hessian}. */
export interface HessianOptions {
  /** Whether the result can be differentiated. */
  createGraph?: boolean;
  /** Whether a gradient that does not depend on the inputs is an error; otherwise the Hessian is zeros. */
  strict?: boolean;
  /** Whether all rows are computed in one batched pass, instead of one pass each. */
  vectorize?: boolean;
  /** How the gradient is differentiated; `'forward-mode'` requires `vectorize`. */
  outerJacobianStrategy?: Strategy;
}

type Scalar = (inputs: readonly Tensor[]) => Tensor;

// Inside the batched forward pass, tensors cannot be marked with requiresGrad_; a Grad level records nevertheless.
function gradientAtLevel(func: Scalar, inputs: readonly Tensor[]): Tensor[] {
  return atGradLevel((level) => {
    const leaves = inputs.map((input) => native.wrapForGrad(input, level, true));
    const grads = gradOrZeros([func(leaves)], leaves, null, true, true);
    return grads.map((grad) => native.unwrapForGrad(grad, level));
  });
}

/**
 * The Hessian of a function of one value: the Jacobian of its gradient;
 * `torch.autograd.functional.hessian`.
 *
 * For a single input the result has the shape `[...input, ...input]`; for an array of inputs it is `H[i][j]` of shape
 * `[...inputs[i], ...inputs[j]]`. {@link func.hessian} accepts any pytree and can be nested.
 *
 * @throws as {@link jacobian}; RuntimeError also if `func` does not return a single tensor with one element, and in
 * strict mode if its gradient does not depend on an input, as for a linear function.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([1, 2]);
 * const H = torch.autograd.functional.hessian((t) => t.pow(3).sum(), x);
 * H.toArray(); // [[6, 0], [0, 12]]
 * ```
 */
export function hessian<const I extends Tensors>(
  func: (...inputs: Arguments<I>) => Tensor,
  inputs: I,
  ...rest: Optional<
    [createGraph: boolean, strict: boolean, vectorize: boolean, outerJacobianStrategy: Strategy],
    HessianOptions
  >
): JacobianOf<I, I> {
  const options = readOptions<HessianOptions>(
    'hessian',
    rest,
    ['createGraph', 'strict', 'vectorize', 'outerJacobianStrategy'],
    [],
    2,
  );
  const { createGraph = false, strict = false, vectorize = false, outerJacobianStrategy = 'reverse-mode' } = options;
  checkBooleans('hessian', { createGraph, strict, vectorize });
  const { list, isArray } = readTensors(inputs, 'inputs', 'hessian');
  if (outerJacobianStrategy !== 'forward-mode' && outerJacobianStrategy !== 'reverse-mode') {
    throw new AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".');
  }
  const scalar: Scalar = (args) => {
    const outputs = callFunction('hessian', func, args, true);
    checkConnected(strict, outputs.list, 'outputs');
    return singleOutput('hessian', outputs).squeeze();
  };
  const gradient = (args: readonly Tensor[]): TensorList => {
    if (outerJacobianStrategy === 'forward-mode') return { list: gradientAtLevel(scalar, args), isArray: true };
    const inner = { createGraph: true, strict: false, vectorize: false, strategy: 'reverse-mode' } as const;
    const value = (leaves: readonly Tensor[]): TensorList => ({ list: [scalar(leaves)], isArray: false });
    const grads = jacobianOf(value, args, inner) as Tensor[];
    checkConnected(strict, grads, 'jacobian');
    return { list: grads, isArray: true };
  };
  const outer = { createGraph, strict, vectorize, strategy: outerJacobianStrategy };
  const rows = jacobianOf(gradient, list, outer) as Tensor[][];
  return arrayOrSingle(
    rows.map((row) => arrayOrSingle(row, isArray)),
    isArray,
  ) as JacobianOf<I, I>;
}
