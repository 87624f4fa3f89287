/** Types and helpers of gradcheck. */

import { describeType } from '../../describe';
import { isComplexDtype, isDifferentiable } from '../../dtype';
import { RuntimeError } from '../../errors';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';

/** Thrown if derivatives differ or cannot be computed; `torch.autograd.gradcheck.GradcheckError`. */
export class GradcheckError extends RuntimeError {
  override name = 'GradcheckError';
}

/** The function to check, which always returns an array of outputs. */
export type Outputs = (...inputs: unknown[]) => Tensor[];

/** One comparison of derivatives. */
export interface Check {
  func: Outputs;
  inputs: unknown[];
  /** The inputs for finite differences: unless masked, all elements of a sparse one are specified. */
  perturbed: unknown[];
  /** The outputs of the function for the inputs. */
  outputs: Tensor[];
  eps: number;
  rtol: number;
  atol: number;
  nondetTol: number;
  checkGradDtypes: boolean;
  /** Whether forward mode is checked, not reverse mode. */
  forward: boolean;
  /** The indices of the complex outputs (in forward mode, inputs) of the function; null for none. */
  complexIndices: readonly number[] | null;
  /** Whether their imaginary parts are checked, not the real parts. */
  imaginary: boolean;
}

export const isComplex = (tensor: Tensor): boolean => isComplexDtype(tensor.dtype);

export const isDifferentiableTensor = (value: unknown): value is Tensor =>
  native.isTensor(value) && isDifferentiable(value.dtype);

/** Whether a value is a tensor whose derivatives are checked. */
export const isChecked = (value: unknown): value is Tensor => native.isTensor(value) && value.requiresGrad;

/** The inputs whose derivatives are checked, with their positions. */
export function checkedInputs(inputs: readonly unknown[]): { index: number; input: Tensor }[] {
  return inputs.flatMap((input, index) => (isChecked(input) ? [{ index, input }] : []));
}

/** The function with its outputs in an array; throws TypeError for non-tensor outputs. */
export function asOutputs(func: (...inputs: never[]) => unknown): Outputs {
  return (...inputs) => {
    const result: unknown = func(...(inputs as never[]));
    const outputs: readonly unknown[] = Array.isArray(result) ? result : [result];
    for (const output of outputs) {
      if (!native.isTensor(output)) {
        throw new TypeError(
          `gradcheck expects a function that returns a Tensor or an array of Tensors, but it returned ${Array.isArray(result) ? 'an array with ' : ''}${describeType(output)}`,
        );
      }
    }
    return outputs as Tensor[];
  };
}

/** Whether two tensors are close after type promotion. */
export function allClose(a: Tensor, b: Tensor, rtol: number, atol: number): boolean {
  const dtype = torchFunctions.promoteTypes(a.dtype, b.dtype);
  return torchFunctions.allclose(a.to(dtype), b.to(dtype), rtol, atol);
}

/** The message for derivatives that differ. */
export function mismatch(check: Check, analytical: Tensor, numerical: Tensor, output: number, input: number): string {
  const isSplit = check.complexIndices?.includes(check.forward ? input : output) ?? false;
  const part = check.imaginary ? 'imaginary' : 'real';
  const what = check.forward ? 'inputs' : 'outputs';
  return `${isSplit ? `While considering the ${part} part of complex ${what} only, ` : ''}Jacobian ${check.forward ? 'computed with forward mode ' : ''}mismatch for output ${output} with respect to input ${input},
numerical:${String(numerical)}
analytical:${String(analytical)}
`;
}

/** The indices of all elements of a shape; the last dimension varies fastest. */
export function elementIndices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (prefixes, size) => prefixes.flatMap((prefix) => Array.from({ length: size }, (_, i) => [...prefix, i])),
    [[]],
  );
}

/** Stacks columns (or rows) to a matrix; zeros of this shape if there are none. */
export function stackOrZeros(parts: readonly Tensor[], dim: number, shape: number[], like: Tensor): Tensor {
  if (parts.length > 0) return torchFunctions.stack(parts, dim);
  return torchFunctions.zeros(shape, { dtype: like.dtype, device: like.device });
}
