/** Runs of the autograd engine, with the argument checks that PyTorch does in Python. */

import { RuntimeError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';

const isFloating = (tensor: Tensor): boolean => /^(b?float|complex)/.test(tensor.dtype);
const isComplex = (tensor: Tensor): boolean => tensor.dtype.startsWith('complex');
const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/** A shape as Python prints a `torch.Size`. */
export function sizeToString(shape: readonly number[]): string {
  return `torch.Size([${shape.join(', ')}])`;
}

/**
 * The gradients to start from, one per output: checked where given, ones where left out for a
 * scalar. PyTorch: `torch.autograd._make_grads`.
 */
export function makeGrads(outputs: readonly Tensor[], grads: readonly (Tensor | null)[]): (Tensor | null)[] {
  return outputs.map((output, i) => {
    const grad = grads[i] ?? null;
    if (grad === null) {
      if (!output.requiresGrad) return null;
      if (output.numel() !== 1) throw new RuntimeError('grad can be implicitly created only for scalar outputs');
      if (!isFloating(output) || isComplex(output)) {
        throw new RuntimeError(
          `grad can be implicitly created only for real scalar outputs but got torch.${output.dtype}`,
        );
      }
      return torchFunctions.onesLike(output, { memoryFormat: 'preserve_format' });
    }
    if (!native.isTensor(grad)) {
      throw new TypeError(`gradients can be either Tensors or null, but got ${typeof grad}`);
    }
    const [gradShape, shape] = [grad.shape, output.shape];
    if (!sameShape(gradShape, shape)) {
      throw new RuntimeError(
        `Mismatch in shape: grad_output[${i}] has a shape of ${sizeToString(gradShape)} and output[${i}] has a shape of ${sizeToString(shape)}.`,
      );
    }
    if (isComplex(output) !== isComplex(grad)) {
      throw new RuntimeError(
        `For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: grad_output[${i}] has a dtype of torch.${grad.dtype} and output[${i}] has a dtype of torch.${output.dtype}.`,
      );
    }
    return grad;
  });
}

/**
 * The gradients of those outputs that have any, zeros for inputs that none depends on: what the
 * transforms need of `torch.autograd.grad`. Without `gradOutputs` the outputs are scalars.
 */
export function gradOrZeros(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  gradOutputs: readonly Tensor[] | null,
  retainGraph: boolean,
  createGraph: boolean,
): Tensor[] {
  const used = outputs.map((_, i) => i).filter((i) => outputs[i].requiresGrad);
  let grads: (Tensor | null)[] = [];
  if (used.length > 0 && inputs.length > 0) {
    const diffOutputs = used.map((i) => outputs[i]);
    const start = makeGrads(
      diffOutputs,
      used.map((i) => gradOutputs?.[i] ?? null),
    );
    grads = native.engineRun(diffOutputs, start, inputs, retainGraph, createGraph, true, false);
  }
  return inputs.map((input, i) => grads[i] ?? torchFunctions.zerosLike(input));
}
