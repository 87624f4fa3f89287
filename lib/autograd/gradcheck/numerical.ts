/** Derivatives by central differences. */

import { Complex } from '../../complex';
import type { Dtype } from '../../dtype';
import { AssertionError } from '../../errors';
import { torchFunctions } from '../../operators';
import { ops } from '../../ops';
import { sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { elementIndices, isComplex, isDifferentiableTensor, stackOrZeros } from './check';
import type { Check } from './check';
import { densePositions, isSparse, valuesOf } from './sparse';

const aten = ops.aten as unknown as { data(tensor: Tensor): Tensor };

const I = new Complex(0, 1);

/** Calls the function with part of an input perturbed in both directions, and restores the input. */
function centralDifference(check: Check, entry: Tensor, direction: Tensor, length: number, at: string): Tensor[] {
  const { func, perturbed, eps } = check;
  // Cloned, because an output may be a view of the input.
  const call = (): Tensor[] => func(...perturbed).map((output) => output.detach().clone());
  const original = entry.clone();
  let below: Tensor[];
  let above: Tensor[];
  try {
    entry.copy_(original.sub(direction));
    below = call();
    entry.copy_(original.add(direction));
    above = call();
  } finally {
    entry.copy_(original);
  }
  return above.map((b, i) => {
    const a = below[i];
    for (const [what, before, after] of [
      ['shape', sizeText(a.shape), sizeText(b.shape)],
      ['dtype', a.dtype, b.dtype],
    ]) {
      if (before === after) continue;
      throw new AssertionError(
        `Expected \`func\` to return outputs with the same ${what} when inputs are perturbed ${at}by ${eps}, but got: ${what}s ${before} and ${after}.`,
      );
    }
    if (!isDifferentiableTensor(b)) return b;
    return b
      .sub(a)
      .div(2 * length)
      .reshape([-1]);
  });
}

// The derivatives of all outputs along a direction. For a complex input: the conjugate Wirtinger derivative, from one
// step along the real axis and one along the imaginary axis.
function derivatives(
  check: Check,
  entry: Tensor,
  direction: readonly [Tensor, Tensor | null],
  length: number,
  at: string,
): Tensor[] {
  const real = centralDifference(check, entry, direction[0], length, at);
  if (direction[1] === null) {
    if (!check.forward && real.some(isComplex)) {
      throw new AssertionError('Expected ds_dx to be real-valued, not complex.');
    }
    return real;
  }
  if (real.some(isComplex)) throw new AssertionError('Expected ds_dx to be real-valued, not complex');
  const imaginary = centralDifference(check, entry, direction[1].mul(I), length, at);
  return real.map((dx, i) => (isDifferentiableTensor(dx) ? dx.add(imaginary[i].mul(I)) : dx));
}

/** The dtype of the real part. */
export function realDtype(dtype: Dtype): Dtype {
  if (dtype === 'complex128') return 'float64';
  return dtype === 'complex64' ? 'float32' : dtype;
}

/**
 * The Jacobians of all outputs with respect to one input, as matrices of input elements by output elements; null for
 * outputs that are not floating point or complex.
 */
export function numericalJacobian(check: Check, input: Tensor): (Tensor | null)[] {
  // Shares the memory, but writes to it do not increase the version of the input.
  const data = aten.data(isSparse(input) ? valuesOf(input) : input);
  const step = torchFunctions.full([], check.eps, { dtype: realDtype(input.dtype), device: input.device });
  const direction = [step, isComplex(input) ? step : null] as const;
  const columns = elementIndices(data.shape).map((index) => {
    const entry = index.reduce((part, i) => part.select(0, i), data);
    return derivatives(check, entry, direction, check.eps, `on index [${index.join(', ')}] `);
  });
  return check.outputs.map((output, i) => {
    if (!isDifferentiableTensor(output)) return null;
    const like = isComplex(input) ? input : output;
    const rows = columns.map((column) => column[i]);
    const specified = stackOrZeros(rows, 0, [0, output.numel()], like);
    if (!isSparse(input)) return specified;
    // Elements that are not specified have no derivative.
    const all = torchFunctions.zeros([input.numel(), output.numel()], { dtype: specified.dtype, device: input.device });
    return all.indexPut([densePositions(input)], specified);
  });
}

/**
 * The flat derivatives of all outputs along one direction of one input; null as above. For a complex input, the
 * direction has a real and an imaginary part.
 */
export function numericalJvp(
  check: Check,
  input: Tensor,
  direction: readonly [Tensor, Tensor | null],
): (Tensor | null)[] {
  const scaled = direction.map((part) => part && part.reshape(input.shape).mul(check.eps)) as [Tensor, Tensor | null];
  const found = derivatives(check, aten.data(input), scaled, check.eps, '');
  return check.outputs.map((output, i) => (isDifferentiableTensor(output) ? found[i] : null));
}
