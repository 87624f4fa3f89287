/** `torch.autograd.grad`. */

import { readOptions } from '../arguments';
import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import type { TensorOrEdge } from './gradient-edge';
import { makeGrads, runEngine } from './engine';
import { checkInputs, readGrads, readInputs, readOutputs } from './engine-arguments';
import type { GradOrList, PlaceOrList, TensorsByName } from './engine-arguments';

/** The options of {@link grad}. */
export interface AutogradGradOptions {
  /** The initial gradients, one per output; optional for scalars. */
  gradOutputs?: GradOrList;
  /** Whether the graph is kept for another run; by default `createGraph`. */
  retainGraph?: boolean | null;
  /** Whether the result can be differentiated. */
  createGraph?: boolean;
  /** Whether the gradient of an input that no output depends on is null; otherwise it is an error. */
  allowUnused?: boolean | null;
  /**
   * Whether dimension 0 of every gradient in `gradOutputs` is a batch dimension. One pass then computes the stacked
   * results for the whole batch.
   */
  isGradsBatched?: boolean;
  /** Whether the gradient of an input that no output depends on is zeros; implies `allowUnused`. */
  materializeGrads?: boolean;
}

type NullableOptions = AutogradGradOptions & { allowUnused: true; materializeGrads?: false };
type Rest<O> = [options?: O] | [gradOutputs: GradOrList, options?: Omit<O, 'gradOutputs'>];
type NullableRest =
  [options: NullableOptions] | [gradOutputs: GradOrList, options: Omit<NullableOptions, 'gradOutputs'>];

/**
 * The sum of gradients of the outputs with respect to each input: an array, or for an object of
 * tensors an object with the same keys; `torch.autograd.grad`. Outputs and inputs are tensors, or places in the graph
 * from `graph.getGradientEdge`.
 *
 * @throws RuntimeError if an output has no graph, an input is not in it (unless `allowUnused`), shapes differ, or the
 * graph has been freed; ValueError for `materializeGrads` with `allowUnused: false`, and for batches of different
 * sizes.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor(3, { requiresGrad: true });
 * const [g] = torch.autograd.grad(x.pow(2), x); // 6
 * const { w } = torch.autograd.grad(x.pow(3), { w: x }); // 27
 * ```
 */
export function grad(outputs: PlaceOrList, inputs: PlaceOrList, ...rest: NullableRest): (Tensor | null)[];
export function grad(outputs: PlaceOrList, inputs: PlaceOrList, ...rest: Rest<AutogradGradOptions>): Tensor[];
export function grad<I extends TensorsByName>(
  outputs: PlaceOrList,
  inputs: I,
  ...rest: NullableRest
): { [K in keyof I]: Tensor | null };
export function grad<I extends TensorsByName>(
  outputs: PlaceOrList,
  inputs: I,
  ...rest: Rest<AutogradGradOptions>
): { [K in keyof I]: Tensor };
export function grad(
  outputs: PlaceOrList,
  inputs: PlaceOrList | TensorsByName,
  ...rest: Rest<AutogradGradOptions>
): unknown {
  const options = readOptions<AutogradGradOptions>(
    'grad',
    rest,
    ['gradOutputs'],
    ['retainGraph', 'createGraph', 'allowUnused', 'isGradsBatched', 'materializeGrads'],
    2,
  );
  const { gradOutputs = null, createGraph = false, isGradsBatched = false, materializeGrads = false } = options;
  if (materializeGrads && options.allowUnused === false) {
    throw new ValueError(
      'Expected allowUnused to be true or not passed when materializeGrads=true, but got: allowUnused=false.',
    );
  }
  const outputList = readOutputs(outputs);
  const { list, keys } = readInputs('grad', inputs);
  const starts = makeGrads(outputList, readGrads(gradOutputs, outputList.length), isGradsBatched);
  if (starts.length < outputList.length) {
    throw new RuntimeError(`got ${outputList.length} tensors and ${starts.length} gradients`);
  }
  outputList.forEach((output, i) => {
    if (native.isTensor(output) && !output.requiresGrad) {
      throw new RuntimeError(`element ${i} of tensors does not require grad and does not have a grad_fn`);
    }
  });
  checkInputs(list);
  const found = runEngine(outputList, starts, list, {
    retainGraph: options.retainGraph ?? createGraph,
    createGraph,
    allowUnused: options.allowUnused ?? materializeGrads,
    isGradsBatched,
  });
  const zeros = (input: TensorOrEdge): Tensor => {
    if (native.isTensor(input)) return torchFunctions.zerosLike(input, { requiresGrad: createGraph });
    throw new RuntimeError('materializeGrads cannot be used when the given input is a GradientEdge');
  };
  const grads = materializeGrads ? found.map((value, i) => value ?? zeros(list[i])) : found;
  return keys === null ? grads : Object.fromEntries(keys.map((key, i) => [key, grads[i]]));
}
