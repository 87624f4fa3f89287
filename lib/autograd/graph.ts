/** `torch.autograd.graph`: nodes of the graph, and hooks for the tensors that it saves. */

import { checkFunction } from '../arguments';
import { describeType } from '../describe';
import { native } from '../native';
import { ignoreRejection } from '../synchronous';
import type { Tensor } from '../tensor';
import { checkTensor } from '../tensor-arguments';
import { enterMode, runInMode } from './guard';
import type { ModeGuard } from './guard';

export { getGradientEdge, GradientEdge } from './gradient-edge';
export { registerMultiGradHook } from './multi-grad-hook';
export type { MultiGradHookOptions } from './multi-grad-hook';
export { GraphNode as Node } from './node';

function packer<P>(pack: (tensor: Tensor) => P, unpack: (packed: P) => Tensor): (tensor: Tensor) => () => Tensor {
  return (tensor) => {
    const packed = pack(tensor);
    ignoreRejection(packed);
    return () => {
      const result: unknown = unpack(packed);
      if (native.isTensor(result)) return result;
      ignoreRejection(result);
      throw new TypeError(
        `Output of saved tensor unpack_hook expected to be a Tensor but got result of type ${describeType(result)}`,
      );
    };
  };
}

/**
 * Calls `pack` with every tensor that an operator or a custom function (`ctx.saveForBackward`) saves for backward, while
 * `body` runs or, with `using`, until the end of the block; `torch.autograd.graph.saved_tensors_hooks`. The graph stores
 * the result of `pack`, any value, in place of the tensor, and each time that backward or `ctx.savedTensors` reads the
 * tensor, `unpack` returns it from that value: of the same shape, dtype, device and content. The graph that is built in
 * `body` keeps its hooks, so that backward may run later.
 *
 * Hooks can be nested; only the innermost are called. Operators in `pack` are not recorded, and `pack` must not modify
 * the tensor in place. Neither hook may be asynchronous. Hooks cannot be used inside or around `func.grad`, `vjp`,
 * `jacrev`, `hessian` and `linearize`, and have no effect on forward mode.
 *
 * @param pack - Gets the tensor. It returns what the graph stores.
 * @param unpack - Gets what `pack` returned. It returns the tensor.
 * @returns The result of `body`; without `body` a guard whose disposal ends the mode.
 * @throws RuntimeError where hooks are disabled, and if `pack` modifies the tensor in place; TypeError if a hook is not a
 * function, `unpack` returns a non-tensor value (a Promise, for example), or `body` a Promise.
 * Errors in the hooks reach the caller of the operator or of backward.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.ones(2, { requiresGrad: true });
 * const y = torch.autograd.graph.savedTensorsHooks(
 *   (t: torch.Tensor) => t.to('float16'), // half the memory
 *   (t: torch.Tensor) => t.to('float32'),
 *   () => x.mul(3).sin(),
 * );
 * torch.autograd.grad(y.sum(), x);
 * ```
 */
export function savedTensorsHooks<P>(pack: (tensor: Tensor) => P, unpack: (packed: P) => Tensor): ModeGuard;
export function savedTensorsHooks<P, T>(pack: (tensor: Tensor) => P, unpack: (packed: P) => Tensor, body: () => T): T;
export function savedTensorsHooks<P>(
  pack: (tensor: Tensor) => P,
  unpack: (packed: P) => Tensor,
  body?: () => unknown,
): unknown {
  for (const [name, hook] of Object.entries({ pack, unpack })) {
    checkFunction('savedTensorsHooks', hook, name);
  }
  const enter = (): (() => void) => {
    const count = native.pushSavedTensorHooks(packer(pack, unpack), /* topLevelOnly */ false);
    return () => {
      native.popSavedTensorHooks(count);
    };
  };
  return body === undefined ? enterMode('savedTensorsHooks', enter) : runInMode('savedTensorsHooks', enter, body);
}

/**
 * Keeps the tensors saved for backward in CPU memory, and copies them back to their device when backward needs them;
 * `torch.autograd.graph.save_on_cpu`.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.ones(2, { requiresGrad: true });
 * const y = torch.autograd.graph.saveOnCpu(() => x.mul(3).sin());
 * torch.autograd.grad(y.sum(), x);
 * ```
 */
export function saveOnCpu(): ModeGuard;
export function saveOnCpu<T>(body: () => T): T;
export function saveOnCpu(body?: () => unknown): unknown {
  const pack = (tensor: Tensor) => ({ device: tensor.device, stored: tensor.to('cpu', { copy: true }) });
  const unpack = ({ device, stored }: ReturnType<typeof pack>): Tensor => stored.to(device);
  return body === undefined ? savedTensorsHooks(pack, unpack) : savedTensorsHooks(pack, unpack, body);
}

/**
 * Makes hooks on saved tensors an error with this message, while `body` runs or, with `using`, until the end of the
 * block; `torch.autograd.graph.disable_saved_tensors_hooks`.
 *
 * @throws RuntimeError with the message if hooks are already in use.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * torch.autograd.graph.disableSavedTensorsHooks('not here', () => torch.ones(2).sum());
 * ```
 */
export function disableSavedTensorsHooks(message: string): ModeGuard;
export function disableSavedTensorsHooks<T>(message: string, body: () => T): T;
export function disableSavedTensorsHooks(message: string, body?: () => unknown): unknown {
  const enter = (): (() => void) => {
    const previous = native.disableSavedTensorHooks(message);
    return () => {
      native.enableSavedTensorHooks(previous);
    };
  };
  const name = 'disableSavedTensorsHooks';
  return body === undefined ? enterMode(name, enter) : runInMode(name, enter, body);
}

/**
 * Allows changes in place of tensors that were saved for backward, while `body` runs or, with `using`, until the end of
 * the block; `torch.autograd.graph.allow_mutation_on_saved_tensors`. Backward gets the values that were saved: a tensor
 * that is changed is copied first (copy on write). Unlike PyTorch, backward may run after the block, and blocks nest.
 *
 * @throws The errors of {@link savedTensorsHooks}.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const a = torch.ones(2, { requiresGrad: true });
 * torch.autograd.graph.allowMutationOnSavedTensors(() => {
 *   const b = a.clone();
 *   const out = b.pow(2).sum();
 *   b.sin_(); // changes what pow saved
 *   out.backward();
 * });
 * a.grad?.toArray(); // [2, 2]
 * ```
 */
export function allowMutationOnSavedTensors(): ModeGuard;
export function allowMutationOnSavedTensors<T>(body: () => T): T;
export function allowMutationOnSavedTensors(body?: () => unknown): unknown {
  const pack = (tensor: Tensor): Tensor => (tensor.layout === 'strided' ? tensor._lazyClone() : tensor.clone());
  const unpack = (tensor: Tensor): Tensor => tensor;
  return body === undefined ? savedTensorsHooks(pack, unpack) : savedTensorsHooks(pack, unpack, body);
}

/**
 * Counts a change in place that PyTorch cannot see, such as a write through memory that is shared with other code:
 * backward through a tensor that was saved before is then an error; `torch.autograd.graph.increment_version`.
 *
 * Tensors of inference mode have no version, and are left as they are.
 *
 * @throws TypeError for non-tensor values.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([1, 2]);
 * torch.autograd.graph.incrementVersion(x);
 * x._version; // 1
 * ```
 */
export function incrementVersion(tensors: Tensor | Iterable<Tensor>): void {
  for (const tensor of native.isTensor(tensors) ? [tensors] : tensors) {
    checkTensor('incrementVersion', 'tensors', tensor);
    if (!tensor.isInference()) native.incrementVersion(tensor);
  }
}
