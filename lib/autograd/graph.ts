/** `torch.autograd.graph`: what the graph is made of and keeps. */

import { describeType } from '../describe';
import { native } from '../native';
import { ignoreRejection } from '../synchronous';
import type { Tensor } from '../tensor';
import { CallbackSite } from './callbacks';
import { enterMode, runInMode } from './guard';
import type { ModeGuard } from './guard';

export { GraphNode as Node } from './node';

/** The two hooks, or one tensor that they have packed. */
type Entry =
  | { pack: (tensor: Tensor) => unknown; unpack: (packed: never) => Tensor }
  | { packed: unknown; unpack: (packed: never) => Tensor };

const site = new CallbackSite<Entry>((entry, tensor: Tensor | null): unknown => {
  if (entry === undefined) throw new Error('a saved tensor was asked for after its graph');
  if ('pack' in entry) {
    const packed = entry.pack(tensor as Tensor);
    ignoreRejection(packed);
    return site.add({ packed, unpack: entry.unpack });
  }
  const result: unknown = entry.unpack(entry.packed as never);
  if (native.isTensor(result)) return result;
  ignoreRejection(result);
  throw new TypeError(
    `Output of saved tensor unpack_hook expected to be a Tensor but got result of type ${describeType(result)}`,
  );
});

/**
 * Has every tensor that a node saves for backward, while `body` runs or until the end of the block with
 * `using`, packed by `pack`: the graph keeps what it returns, whatever that is, and `unpack` makes a tensor of
 * it, of the same content, when backward wants it; `torch.autograd.graph.saved_tensors_hooks`.
 *
 * Hooks nest: the innermost are used. `pack` must not change the tensor in place. Not inside, nor around,
 * `func.grad`, `vjp`, `jacrev` and `hessian`.
 *
 * @throws RuntimeError where hooks cannot be; TypeError if `unpack` returns no tensor, or `body` a Promise.
 * What the hooks throw reaches the caller of the operator or of backward.
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
    if (typeof hook !== 'function') {
      throw new TypeError(`savedTensorsHooks(): argument '${name}' must be a function, not ${describeType(hook)}`);
    }
  }
  const enter = (): (() => void) => {
    const number = site.add({ pack, unpack });
    let count: number;
    try {
      count = native.pushSavedTensorHooks(site.native, number);
    } catch (error) {
      site.remove(number);
      throw error;
    }
    return () => {
      native.popSavedTensorHooks(count);
    };
  };
  return body === undefined ? enterMode('savedTensorsHooks', enter) : runInMode('savedTensorsHooks', enter, body);
}

/**
 * Keeps what is saved for backward in the memory of the CPU, and brings it back to its device when it is
 * wanted; `torch.autograd.graph.save_on_cpu`.
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
 * Makes hooks on saved tensors an error with this message, while `body` runs or until the end of the block
 * with `using`; `torch.autograd.graph.disable_saved_tensors_hooks`.
 *
 * @throws RuntimeError with the message, if there are hooks already.
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
