/** Compares derivatives element by element, or along random directions (fast mode). */

import { Generator } from '../../generator';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { forwardJacobian, reverseJacobians, unitVectors } from './analytical';
import { allClose, checkedInputs, GradcheckError, isComplex, isDifferentiableTensor, mismatch } from './check';
import type { Check } from './check';
import { numericalJacobian, numericalJvp, realDtype } from './numerical';

const NOTHING_TO_DIFFER = 'Numerical gradient for function expected to be zero';

function isZero(tensor: Tensor, tolerance: number): boolean {
  return tensor.numel() === 0 || !(Number(tensor.abs().max().item()) > tolerance);
}

/** The outputs that have a gradient, each with its index among all outputs. */
function differentiableOutputs(check: Check): { all: number; output: Tensor }[] {
  return check.outputs.flatMap((output, all) => (output.requiresGrad ? [{ all, output }] : []));
}

/** `[input][output]`: matrices of input elements by output elements. */
function analyticalJacobians(check: Check): (Tensor | null)[][] {
  const inputs = checkedInputs(check.inputs);
  const outputs = differentiableOutputs(check);
  if (check.forward) {
    return inputs.map(({ input }, i) => {
      const perOutput = forwardJacobian(check, i, unitVectors(input));
      return outputs.map(({ all }) => perOutput[all]);
    });
  }
  const perOutput = outputs.map(({ output }) => reverseJacobians(check, output, unitVectors(output)));
  return inputs.map((_, i) => perOutput.map((matrices) => matrices[i]));
}

/** Compares every element of every Jacobian. */
export function compareElements(check: Check): void {
  const inputs = checkedInputs(check.inputs);
  const outputs = differentiableOutputs(check);
  const numerical = checkedInputs(check.perturbed).map(({ input }) => numericalJacobian(check, input));
  if (outputs.length === 0) {
    for (const matrix of numerical.flat()) {
      if (matrix !== null && !isZero(matrix, 0)) throw new GradcheckError(NOTHING_TO_DIFFER);
    }
    return;
  }
  const analytical = analyticalJacobians(check);
  outputs.forEach(({ all }, o) => {
    inputs.forEach((_, i) => {
      const a = analytical[i][o];
      const n = numerical[i][all];
      if (a === null || n === null || allClose(a, n, check.rtol, check.atol)) return;
      throw new GradcheckError(mismatch(check, a, n, o, i));
    });
  });
}

type Direction = readonly [Tensor, Tensor | null];

// A random vector of length one without negative elements. Its own generator keeps the caller's random state unchanged.
function randomDirection(tensor: Tensor, generator: Generator): Tensor {
  const vector = torchFunctions
    .rand([tensor.numel()], { generator })
    .to({ dtype: realDtype(tensor.dtype), device: tensor.device });
  return vector.div(vector.pow(2).sum().sqrt());
}

/** The factor from the tolerance of one element to the tolerance along a direction. */
function directionSum(direction: Direction | null): number {
  if (direction === null) return 1;
  return direction.reduce((sum, part) => sum + (part === null ? 0 : Number(part.sum().item())), 0);
}

/** The element-wise comparison, for the error message. */
function elementReport(check: Check, all: number, o: number, i: number): string {
  const { input } = checkedInputs(check.perturbed)[i];
  const numerical = numericalJacobian(check, input)[all] as Tensor;
  const analytical = analyticalJacobians({ ...check, nondetTol: Infinity })[i][o] as Tensor;
  const difference = analytical.sub(numerical).abs().max();
  const note = allClose(analytical, numerical, check.rtol, check.atol)
    ? 'Fast gradcheck failed but element-wise differences are small. This means that the check might have passed in slow mode: pass fastMode: false.'
    : '';
  return `
The above quantities relating the numerical and analytical jacobians are computed
in fast mode, along random directions. Below, both jacobians in slow mode:

Numerical:
 ${String(numerical)}
Analytical:
${String(analytical)}

The max per-element difference (slow mode) is: ${String(difference)}.
${note}`;
}

/** v^T J u by autograd; in forward mode J u. */
function analyticalProducts(check: Check, us: readonly Direction[], vs: readonly Tensor[]): (Tensor | null)[][] {
  const outputs = differentiableOutputs(check);
  if (check.forward) {
    return us.map(([u], i) => {
      const perOutput = forwardJacobian(check, i, [u]);
      return outputs.map(({ all }) => perOutput[all]?.select(0, 0) ?? null);
    });
  }
  const perOutput = outputs.map(({ output }, o) => {
    const direction = vs[o].to(output.dtype).reshape(output.shape);
    return reverseJacobians(check, output, [direction]).map((matrix, i): Tensor => {
      const vJ = matrix.select(1, 0);
      const [real, imaginary] = us[i];
      if (imaginary === null) return vJ.mul(real).sum();
      return torchFunctions.complex(vJ.real.mul(real).sum(), vJ.imag.mul(imaginary).sum());
    });
  });
  return us.map((_, i) => perOutput.map((products) => products[i]));
}

/** Compares the Jacobians along random directions: two evaluations per input. */
export function compareDirections(check: Check): void {
  const generator = new Generator();
  const inputs = checkedInputs(check.inputs);
  const outputs = differentiableOutputs(check);
  const us = inputs.map(({ input }): Direction => {
    return [randomDirection(input, generator), isComplex(input) ? randomDirection(input, generator) : null];
  });
  const vs = outputs.map(({ output }) => randomDirection(output, generator));
  const numerical = inputs.map(({ input }, i) => numericalJvp(check, input, us[i]));
  if (outputs.length === 0) {
    for (const product of numerical.flat()) {
      if (product !== null && !isZero(product, check.nondetTol)) throw new GradcheckError(NOTHING_TO_DIFFER);
    }
    return;
  }
  const analytical = analyticalProducts(check, us, vs);
  outputs.forEach(({ all }, o) => {
    inputs.forEach((_, i) => {
      const a = analytical[i][o];
      const ju = numerical[i][all];
      if (a === null || ju === null || !isDifferentiableTensor(ju)) return;
      const n = check.forward ? ju : ju.mul(vs[o]).sum();
      const atol = check.atol * directionSum(us[i]) * (check.forward ? 1 : directionSum([vs[o], null]));
      if (allClose(a, n, check.rtol, atol)) return;
      throw new GradcheckError(mismatch(check, a, n, o, i) + elementReport(check, all, o, i));
    });
  });
}
