/** `torch.autograd`. */

import { RuntimeError, ValueError } from '../errors';
import { checkOptions } from '../func/common';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { Tensor } from '../tensor';
import { makeGrads } from './engine';

export { enableGrad, isGradEnabled, noGrad } from './modes';
export type { ModeGuard } from './modes';

type TensorOrList = Tensor | readonly Tensor[];
type GradOrList = Tensor | null | readonly (Tensor | null)[];

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

function checkOutputs(outputs: readonly unknown[]): asserts outputs is Tensor[] {
  for (const output of outputs) {
    if (!native.isTensor(output)) throw new TypeError('Expected output to be a Tensor');
  }
}

/** The options of {@link grad}. */
export interface AutogradGradOptions {
  /** The gradients to start from, one per output; may be left out for scalars. */
  gradOutputs?: GradOrList;
  /** Whether the graph can be run again; by default `createGraph`. */
  retainGraph?: boolean | null;
  /** Whether the result can be differentiated in turn. */
  createGraph?: boolean;
  /** Whether an input that no output depends on has the gradient null instead of an error. */
  allowUnused?: boolean | null;
  /** Whether the gradient of such an input is zeros; implies `allowUnused`. */
  materializeGrads?: boolean;
}

/**
 * The sum of gradients of the outputs with respect to each input, as an array; `torch.autograd.grad`.
 *
 * @throws RuntimeError if an output has no graph, an input takes no part in it (unless
 * `allowUnused`), shapes differ, or the graph has been freed.
 * @example
 * ```ts
 * const x = torch.tensor(3, { requiresGrad: true });
 * const [g] = torch.autograd.grad(x.pow(2), x); // 6
 * ```
 */
export function grad(
  outputs: TensorOrList,
  inputs: TensorOrList,
  options: AutogradGradOptions & { allowUnused: true; materializeGrads?: false },
): (Tensor | null)[];
export function grad(outputs: TensorOrList, inputs: TensorOrList, options?: AutogradGradOptions): Tensor[];
export function grad(
  outputs: TensorOrList,
  inputs: TensorOrList,
  gradOutputs: GradOrList,
  options?: Omit<AutogradGradOptions, 'gradOutputs'>,
): Tensor[];
export function grad(
  outputs: TensorOrList,
  inputs: TensorOrList,
  third: GradOrList | AutogradGradOptions = {},
  fourth?: AutogradGradOptions,
): (Tensor | null)[] {
  const isGradOutputs = third === null || Array.isArray(third) || native.isTensor(third);
  const options = (isGradOutputs ? { ...fourth, gradOutputs: third } : third) as AutogradGradOptions;
  checkOptions('autograd.grad', options, [
    'gradOutputs',
    'retainGraph',
    'createGraph',
    'allowUnused',
    'materializeGrads',
  ]);
  const { gradOutputs = null, createGraph = false, materializeGrads = false } = options;
  if (materializeGrads && options.allowUnused === false) {
    throw new ValueError(
      'Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.',
    );
  }
  const allowUnused = options.allowUnused ?? materializeGrads;
  const [outputList, inputList] = [list(outputs), list(inputs)];
  checkOutputs(outputList);
  if (inputList.length === 0) throw new RuntimeError('`inputs` argument to `grad()` cannot be empty.');
  const starts = gradOutputs === null ? outputList.map(() => null) : list(gradOutputs);
  if (starts.length < outputList.length) {
    throw new RuntimeError(`got ${outputList.length} tensors and ${starts.length} gradients`);
  }
  const grads = native.engineRun(
    outputList,
    makeGrads(outputList, starts),
    inputList,
    options.retainGraph ?? createGraph,
    createGraph,
    allowUnused,
    false,
  );
  if (!materializeGrads) return grads;
  return grads.map((value, i) => value ?? torchFunctions.zerosLike(inputList[i], { requiresGrad: createGraph }));
}

/** The options of {@link backward}. */
export interface BackwardOptions {
  /** The gradients to start from, one per tensor; may be left out for scalars. */
  gradTensors?: GradOrList;
  /** Whether the graph can be run again; by default `createGraph`. */
  retainGraph?: boolean | null;
  /** Whether the gradients can be differentiated in turn. */
  createGraph?: boolean;
  /** The tensors whose `.grad` to accumulate into; by default all leaves. */
  inputs?: TensorOrList | null;
}

/**
 * Accumulates the gradients of the tensors into the `.grad` of the leaves; `torch.autograd.backward`.
 *
 * @throws RuntimeError as {@link grad}, and inside a transformed function.
 * @example
 * ```ts
 * const x = torch.tensor([1, 2], { requiresGrad: true });
 * torch.autograd.backward(x.pow(2).sum());
 * x.grad; // [2, 4]
 * ```
 */
export function backward(tensors: TensorOrList, options: BackwardOptions = {}): void {
  checkOptions('autograd.backward', options, ['gradTensors', 'retainGraph', 'createGraph', 'inputs']);
  if (native.levelDepth() > 0) {
    throw new RuntimeError(
      'backward() called inside a functorch transform. This is not supported, please use functorch.grad or functorch.vjp instead or call backward() outside of functorch transforms.',
    );
  }
  const { gradTensors = null, createGraph = false, inputs = null } = options;
  const tensorList = list(tensors);
  checkOutputs(tensorList);
  const inputList = inputs === null ? [] : list(inputs);
  if (inputs !== null && inputList.length === 0) {
    throw new RuntimeError('`inputs` argument to `backward()` cannot be empty.');
  }
  const starts = gradTensors === null ? tensorList.map(() => null) : list(gradTensors);
  if (starts.length !== tensorList.length) {
    throw new RuntimeError(`got ${tensorList.length} tensors and ${starts.length} gradients`);
  }
  native.engineRun(
    tensorList,
    makeGrads(tensorList, starts),
    inputList,
    options.retainGraph ?? createGraph,
    createGraph,
    true,
    true,
  );
}

declare module '../tensor' {
  interface Tensor {
    /**
     * Accumulates the gradient of this tensor into the `.grad` of the leaves; `Tensor.backward`. A
     * tensor of more than one element needs a `gradient` of its shape.
     */
    backward(gradient?: Tensor | null, options?: Omit<BackwardOptions, 'gradTensors'>): void;
  }
}

Tensor.prototype.backward = function (this: Tensor, gradient: Tensor | null = null, options: BackwardOptions = {}) {
  backward(this, { ...options, gradTensors: gradient });
};
