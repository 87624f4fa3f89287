/** Checks of `torch.autograd.functional`: the vector, single outputs, and strict mode. */

import { RuntimeError } from '../../errors';
import { torchFunctions } from '../../operators';
import { product, sameShape, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import type { Recording } from './recording';
import { readTensors } from './tensors';
import type { TensorList } from './tensors';

/** Whether the vector is optional, because it would have one element. */
export function isSingleElement({ list }: TensorList): boolean {
  return list.length === 1 && product(list[0].shape) === 1;
}

/** Reads the vector `v`, which must have the structure and shapes of `other`. */
export function readVector(api: string, v: unknown, other: TensorList, recording: Recording): Tensor[] {
  const { list } = readTensors(v, 'v', api);
  const vector = recording.vectors(list);
  if (vector.length !== other.list.length) {
    throw new RuntimeError(
      other.isArray
        ? `v is a tuple of invalid length: should be ${other.list.length} but got ${vector.length}.`
        : 'The given v should contain a single Tensor.',
    );
  }
  vector.forEach((element, i) => {
    const [got, expected] = [element.shape, other.list[i].shape];
    if (sameShape(got, expected)) return;
    throw new RuntimeError(
      `${other.isArray ? `Entry ${i} in ` : ''}v has invalid size: should be ${sizeText(expected)} but got ${sizeText(got)}.`,
    );
  });
  return vector;
}

/** Reads a vector with the shapes of the inputs; null if it is optional and was not given. */
export function readInputVector(api: string, v: unknown, inputs: TensorList, recording: Recording): Tensor[] | null {
  if (v !== null) return readVector(api, v, inputs, recording);
  if (isSingleElement(inputs)) return null;
  throw new RuntimeError(
    'The vector v can only be null if the input to the user-provided function is a single Tensor with a single element.',
  );
}

/** The output of a function to differentiate twice, which must be a single tensor with one element. */
export function singleOutput(api: string, { list, isArray }: TensorList): Tensor {
  if (isArray) throw new RuntimeError(`The function given to ${api} should return a single Tensor`);
  if (product(list[0].shape) !== 1) {
    throw new RuntimeError(`The Tensor returned by the function given to ${api} should contain a single element`);
  }
  return list[0];
}

type Stage = 'outputs' | 'gradInputs' | 'jacobian';

function missingGraph(stage: Stage, i: number): string {
  switch (stage) {
    case 'outputs':
      return `Output ${i} of the user-provided function does not require gradients. The outputs must be computed in a differentiable manner from the input when running in strict mode.`;
    case 'gradInputs':
      return `The gradient with respect to input ${i} is independent of the inputs of the user-provided function. This is not allowed in strict mode.`;
    case 'jacobian':
      return `While computing the hessian, found that the jacobian of the user-provided function with respect to input ${i} is independent of the input. This is not allowed in strict mode. You should ensure that your function is twice differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for example).`;
  }
}

/** In strict mode, all tensors must be connected to the inputs by the graph. */
export function checkConnected(strict: boolean, tensors: readonly (Tensor | null)[], stage: Stage): void {
  if (!strict) return;
  tensors.forEach((tensor, i) => {
    if (tensor === null) {
      throw new RuntimeError(
        `The output of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`,
      );
    }
    if (!tensor.requiresGrad) throw new RuntimeError(missingGraph(stage, i));
  });
}

type Pass = 'back' | 'backTrick' | 'doubleBack' | 'doubleBackTrick';

function missingGradient(pass: Pass, i: number): string {
  switch (pass) {
    case 'back':
      return `The output of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`;
    case 'backTrick':
      return `The gradient with respect to the input is independent of entry ${i} in the grad_outputs when using the double backward trick to compute forward mode gradients. This is not allowed in strict mode.`;
    case 'doubleBack':
      return `The jacobian of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`;
    case 'doubleBackTrick':
      return `The hessian of the user-provided function is independent of entry ${i} in the grad_jacobian. This is not allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD.`;
  }
}

/** The message for a result without a graph, in strict mode with createGraph. */
export function constantResult(what: 'jacobian' | 'hessian', i: number): string {
  return `The ${what} of the user-provided function is independent of input ${i}. This is not allowed in strict mode when createGraph=true.`;
}

/** Replaces missing gradients by zeros; in strict mode they are errors, whose message depends on the pass. */
export function fillInZeros(
  grads: readonly (Tensor | null)[],
  like: readonly Tensor[],
  { strict, createGraph }: { strict: boolean; createGraph: boolean },
  pass: Pass,
): Tensor[] {
  return grads.map((grad, i) => {
    if (grad === null) {
      if (strict) throw new RuntimeError(missingGradient(pass, i));
      return torchFunctions.zerosLike(like[i]);
    }
    if (strict && createGraph && !grad.requiresGrad) {
      throw new RuntimeError(constantResult(pass.startsWith('double') ? 'hessian' : 'jacobian', i));
    }
    return grad;
  });
}
