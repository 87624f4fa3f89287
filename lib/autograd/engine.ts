/** Runs the autograd engine, with the argument checks that PyTorch does in Python. */

import { describeType } from '../describe';
import { isDifferentiable, isComplexDtype } from '../dtype';
import type { Dtype } from '../dtype';
import { AssertionError, RuntimeError, ValueError } from '../errors';
import { vmapTensors } from '../interpreter/batching';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { product, sameShape, sizeText } from '../shapes';
import type { Tensor } from '../tensor';
import { GradientEdge, toPlace } from './gradient-edge';
import type { TensorOrEdge } from './gradient-edge';

function shapeMismatch(i: number, gradShape: readonly number[], shape: readonly number[], batched: boolean): string {
  const shapes = `grad_output[${i}] has a shape of ${sizeText(gradShape)} and output[${i}] has a shape of ${sizeText(shape)}.`;
  if (!batched) return `Mismatch in shape: ${shapes}`;
  return `If \`isGradsBatched=true\`, we interpret the first dimension of each grad_output as the batch dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a mismatch was detected: ${shapes} If you only want some tensors in \`grad_output\` to be considered batched, consider using vmap.`;
}

/** What the initial gradient of an output must be like. */
interface OutputInfo {
  shape: readonly number[];
  dtype: Dtype;
  requiresGrad: boolean;
  ones(): Tensor;
}

function describeOutput(output: TensorOrEdge): OutputInfo {
  if (output instanceof GradientEdge) {
    const [shape, dtype, device] = native.edgeMetadata(...output.edge);
    return { shape, dtype, requiresGrad: true, ones: () => torchFunctions.ones(shape, { dtype, device }) };
  }
  if (!native.isTensor(output)) throw new AssertionError('Expected output to be a torch.Tensor');
  const { dtype, requiresGrad } = output;
  const shape = native.sizes(output);
  const ones = (): Tensor => torchFunctions.onesLike(output, { memoryFormat: 'preserve_format' });
  return { shape, dtype, requiresGrad, ones };
}

/**
 * The initial gradients, one per output: a given gradient is checked, a missing one for a scalar output is ones. With
 * `batched`, dimension 0 of each is the batch dimension. PyTorch: `torch.autograd._make_grads`.
 */
export function makeGrads(
  outputs: readonly TensorOrEdge[],
  grads: readonly (Tensor | null)[],
  batched = false,
): (Tensor | null)[] {
  return outputs.slice(0, grads.length).map((output, i) => {
    const { shape, dtype, requiresGrad, ones } = describeOutput(output);
    const grad = grads[i] ?? null;
    if (grad === null) {
      if (!requiresGrad) return null;
      if (product(shape) !== 1) throw new RuntimeError('grad can be implicitly created only for scalar outputs');
      if (!isDifferentiable(dtype) || isComplexDtype(dtype)) {
        throw new RuntimeError(`grad can be implicitly created only for real scalar outputs but got torch.${dtype}`);
      }
      return ones();
    }
    if (!native.isTensor(grad)) {
      throw new TypeError(`gradients can be either Tensors or null, but got ${describeType(grad)}`);
    }
    const sizes = native.sizes(grad);
    const gradShape = batched ? sizes.slice(1) : sizes;
    if (!sameShape(gradShape, shape)) throw new RuntimeError(shapeMismatch(i, gradShape, shape, batched));
    if (isComplexDtype(dtype) !== isComplexDtype(grad.dtype)) {
      throw new RuntimeError(
        `For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: grad_output[${i}] has a dtype of torch.${grad.dtype} and output[${i}] has a dtype of torch.${dtype}.`,
      );
    }
    return grad;
  });
}

/** The size of dimension 0, which must be the same for all gradients. */
function batchSize(grads: readonly (Tensor | null)[]): number {
  const sizes = grads.map((grad, i) => {
    if (grad === null) {
      throw new ValueError(
        `grad(..., { isGradsBatched: true }): gradOutputs[${i}] must be a Tensor with a batch dimension, not null`,
      );
    }
    if (grad.dim() === 0) {
      throw new ValueError(
        'vmap(vjp, inDims=0, ...)(<inputs>): Got inDim=0 for some input, but that input is a Tensor of dimensionality 0 so expected inDim to satisfy 0 <= inDim < 0.',
      );
    }
    return grad.shape[0];
  });
  if (sizes.some((size) => size !== sizes[0])) {
    throw new ValueError(
      `vmap: Expected all tensors to have the same size in the mapped dimension, got sizes [${sizes.join(', ')}] for the mapped dimension`,
    );
  }
  return sizes[0];
}

/** How the engine runs. */
export interface RunOptions {
  retainGraph: boolean;
  createGraph: boolean;
  allowUnused: boolean;
  /** Whether dimension 0 of every initial gradient is a batch dimension: one run computes the whole batch. */
  isGradsBatched?: boolean;
}

/**
 * The gradients of the outputs with respect to each input, null for an input that is not in the graph:
 * `torch.autograd.grad` after its argument checks.
 */
export function runEngine(
  outputs: readonly TensorOrEdge[],
  grads: readonly (Tensor | null)[],
  inputs: readonly TensorOrEdge[],
  { retainGraph, createGraph, allowUnused, isGradsBatched = false }: RunOptions,
): (Tensor | null)[] {
  if (outputs.length === 0) {
    if (allowUnused) return inputs.map(() => null);
    throw new RuntimeError(
      'The differentiated Tensor at index 0 appears to not have been used in the graph. Set allowUnused=true if this is the desired behavior.',
    );
  }
  const [roots, places] = [outputs.map(toPlace), inputs.map(toPlace)];
  const run = (starts: readonly (Tensor | null)[]): (Tensor | null)[] =>
    native.runBackward(roots, starts, places, retainGraph, createGraph, allowUnused, false);
  if (!isGradsBatched) return run(grads);
  return vmapTensors(run, grads as readonly Tensor[], { batchSize: batchSize(grads) });
}

/**
 * The gradients of the outputs that require gradients, zeros for inputs that do not affect them: what the transforms
 * need of `torch.autograd.grad`. Without `gradOutputs` the outputs must be scalars.
 */
export function gradOrZeros(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  gradOutputs: readonly Tensor[] | null,
  retainGraph: boolean,
  createGraph: boolean,
): Tensor[] {
  const grads = gradOrNull(outputs, inputs, gradOutputs, { retainGraph, createGraph });
  return inputs.map((input, i) => grads[i] ?? torchFunctions.zerosLike(input));
}

/** {@link gradOrZeros} of the outputs of a Grad level that has been popped. */
export function gradsAfterLevel(
  ...[outputs, inputs, gradOutputs, retainGraph, createGraph]: Parameters<typeof gradOrZeros>
): Tensor[] {
  // The level disabled inference mode, in which the engine records nothing.
  const inferenceMode = native.swapInferenceMode(false);
  try {
    return gradOrZeros(outputs, inputs, gradOutputs, retainGraph, createGraph);
  } finally {
    native.swapInferenceMode(inferenceMode);
  }
}

/** Like {@link gradOrZeros}, with null in place of zeros; outputs that are null are ignored. */
export function gradOrNull(
  outputs: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
  gradOutputs: readonly Tensor[] | null,
  options: Pick<RunOptions, 'retainGraph' | 'createGraph'>,
): (Tensor | null)[] {
  const used = outputs.map((_, i) => i).filter((i) => outputs[i]?.requiresGrad);
  if (used.length === 0 || inputs.length === 0) return inputs.map(() => null);
  const diffOutputs = used.map((i) => outputs[i] as Tensor);
  const start = makeGrads(
    diffOutputs,
    used.map((i) => gradOutputs?.[i] ?? null),
  );
  return runEngine(diffOutputs, start, inputs, { ...options, allowUnused: true });
}
