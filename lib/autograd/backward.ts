/** `torch.autograd.backward` and `Tensor.backward`. */

import { readOptions } from '../arguments';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { Tensor } from '../tensor';
import { makeGrads } from './engine';
import { checkInputs, readGrads, readInputs, readOutputs } from './engine-arguments';
import { toPlace } from './gradient-edge';
import type { GradOrList, PlaceOrList, TensorsByName } from './engine-arguments';

/** The options of {@link backward}. */
export interface BackwardOptions {
  /** The initial gradients, one per tensor; optional for scalars. */
  gradTensors?: GradOrList;
  /** Whether the graph is kept for another run; by default `createGraph`. */
  retainGraph?: boolean | null;
  /** Whether the gradients can be differentiated. */
  createGraph?: boolean;
  /**
   * The tensors whose `.grad` is accumulated, as a list or an object, or places of leaves in the graph; by default all
   * leaves.
   */
  inputs?: PlaceOrList | TensorsByName | null;
}

/**
 * Accumulates the gradients of the tensors into the `.grad` of the leaves; `torch.autograd.backward`. A place in the
 * graph (`graph.getGradientEdge`) can stand for a tensor.
 *
 * @throws RuntimeError for the same reasons as {@link grad}, and inside a transformed function.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([1, 2], { requiresGrad: true });
 * torch.autograd.backward(x.pow(2).sum());
 * x.grad?.toArray(); // [2, 4]
 * ```
 */
export function backward(
  tensors: PlaceOrList,
  ...rest: [options?: BackwardOptions] | [gradTensors: GradOrList, options?: Omit<BackwardOptions, 'gradTensors'>]
): void {
  const options = readOptions<BackwardOptions>(
    'backward',
    rest,
    ['gradTensors'],
    ['retainGraph', 'createGraph', 'inputs'],
  );
  if (native.levelDepth() > 0) {
    throw new RuntimeError(
      'backward() called inside a functorch transform. This is not supported, please use functorch.grad or functorch.vjp instead or call backward() outside of functorch transforms.',
    );
  }
  const { gradTensors = null, createGraph = false, inputs = null } = options;
  const inputList = inputs === null ? [] : readInputs('backward', inputs).list;
  const outputs = readOutputs(tensors);
  const starts = makeGrads(outputs, readGrads(gradTensors, outputs.length));
  if (starts.length < outputs.length) {
    throw new RuntimeError(`got ${outputs.length} tensors and ${starts.length} gradients`);
  }
  checkInputs(inputList);
  if (outputs.length === 0) return;
  const retainGraph = options.retainGraph ?? createGraph;
  native.runBackward(outputs.map(toPlace), starts, inputList.map(toPlace), retainGraph, createGraph, true, true);
}

declare module '../tensor' {
  interface Tensor {
    /**
     * Accumulates the gradient of this tensor into the `.grad` of the leaves; `Tensor.backward`. A
     * tensor of more than one element needs a `gradient` of its shape.
     */
    backward(gradient?: Tensor | null, options?: Omit<BackwardOptions, 'gradTensors'>): void;
    backward(options: Omit<BackwardOptions, 'gradTensors'> & { gradient?: Tensor | null }): void;
  }
}

Tensor.prototype.backward = function (this: Tensor, ...rest: unknown[]) {
  type Options = Omit<BackwardOptions, 'gradTensors'> & { gradient?: Tensor | null };
  const names = ['retainGraph', 'createGraph', 'inputs'] as const;
  const { gradient = null, ...options } = readOptions<Options>('backward', rest, ['gradient'], names);
  backward(this, gradient, options);
};
