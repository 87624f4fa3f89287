/** Derivatives by autograd, in reverse mode and in forward mode. */

import { native } from '../../native';
import { torchFunctions } from '../../operators';
import { sameShape } from '../../shapes';
import type { Tensor } from '../../tensor';
import { dualLevel, makeDual, unpackDual } from '../forward-ad';
import { grad } from '../grad';
import { checkedInputs, GradcheckError, isComplex, isDifferentiableTensor, stackOrZeros } from './check';
import type { Check } from './check';

const NONDETERMINISM =
  '\n\nIf the function uses operations that are not deterministic (docs: torch.useDeterministicAlgorithms), this may be expected: pass a tolerance as the option nondetTol.\n';

/** The gradients of one output along each direction, as one matrix per input: input elements by directions. */
function gradients(inputs: readonly Tensor[], output: Tensor, directions: readonly Tensor[], check: Check): Tensor[] {
  const rows = directions.map((direction) =>
    grad(output, inputs, { gradOutputs: direction, retainGraph: true, allowUnused: true }),
  );
  return inputs.map((input, i) => {
    const columns = rows.map((row) => {
      const gradient = row[i];
      if (gradient === null) return torchFunctions.zerosLike(input).toDense().reshape([-1]);
      if (!sameShape(gradient.shape, input.shape)) throw new GradcheckError('Analytical gradient has incorrect size');
      if (check.checkGradDtypes && gradient.dtype !== input.dtype) {
        throw new GradcheckError('Gradient has dtype mismatch');
      }
      return gradient.detach().toDense().clone().reshape([-1]);
    });
    return stackOrZeros(columns, 1, [input.numel(), 0], input);
  });
}

/**
 * The gradients of one output along the given directions (v^T J for each v). They are computed twice, and both results
 * must agree.
 */
export function reverseJacobians(check: Check, output: Tensor, directions: readonly Tensor[]): Tensor[] {
  const inputs = checkedInputs(check.inputs).map(({ input }) => input);
  const first = gradients(inputs, output, directions, check);
  const second = gradients(inputs, output, directions, check);
  const same = first.every((matrix, i) => {
    return matrix.numel() === 0 || !(Number(matrix.sub(second[i]).abs().max().item()) > check.nondetTol);
  });
  if (!same) {
    throw new GradcheckError(
      `Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different values, although analytical gradient matches numerical gradient.The tolerance for nondeterminism was ${check.nondetTol}.${NONDETERMINISM}`,
    );
  }
  return first;
}

/** The unit vectors with the shape of a tensor. */
export function unitVectors(tensor: Tensor): Tensor[] {
  return Array.from({ length: tensor.numel() }, (_, i) => {
    const flat = torchFunctions.zeros([tensor.numel()], { dtype: tensor.dtype, device: tensor.device });
    flat.select(0, i).fill_(1);
    return flat.reshape(tensor.shape);
  });
}

/** The flat tangents of the outputs for one tangent per checked input; null for outputs without a tangent. */
export function tangentsOf(check: Check, tangents: readonly Tensor[]): (Tensor | null)[] {
  return dualLevel(() => {
    const duals = [...check.inputs];
    checkedInputs(check.inputs).forEach(({ index, input }, i) => {
      duals[index] = makeDual(input.detach(), tangents[i]);
    });
    return check.func(...duals).map((output) => {
      if (!isDifferentiableTensor(output)) return null;
      const { primal, tangent } = unpackDual(output);
      if (check.checkGradDtypes && tangent !== null && isComplex(primal) !== isComplex(tangent)) {
        throw new GradcheckError('Forward AD gradient has dtype mismatch.');
      }
      return tangent && native.isTensor(tangent) ? tangent.detach().clone().reshape([-1]) : null;
    });
  });
}

/**
 * J u for directions u of one checked input, with zero tangents for the other inputs. For each output a matrix of
 * directions by output elements, null if the output is not floating point or complex.
 */
export function forwardJacobian(check: Check, which: number, directions: readonly Tensor[]): (Tensor | null)[] {
  const inputs = checkedInputs(check.inputs);
  const rows = directions.map((direction) =>
    tangentsOf(
      check,
      inputs.map(({ input }, i) => (i === which ? direction.reshape(input.shape) : torchFunctions.zerosLike(input))),
    ),
  );
  return check.outputs.map((output, i) => {
    if (!isDifferentiableTensor(output)) return null;
    const flat = rows.map((row) => row[i] ?? torchFunctions.zerosLike(output.detach()).reshape([-1]));
    return stackOrZeros(flat, 0, [0, output.numel()], output);
  });
}
