/** Hooks on the gradient of a tensor: `Tensor.register_hook` and `register_post_accumulate_grad_hook`. */

import { checkFunction } from '../arguments';
import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import type { GraphCallback } from '../native';
import { refusePromise } from '../synchronous';
import { Tensor } from '../tensor';
import { keepWith } from './callbacks';

/**
 * Gets the gradient, and may return a replacement. As in PyTorch, a tensor that received no gradient although its node
 * ran, such as an unused output of `split`, gives null, which can only be passed on.
 */
export type TensorHook = (gradient: Tensor) => Tensor | undefined | void;

/** A hook that can be removed; also for `using`. */
export interface RemovableHandle {
  /** Removes the hook; a second call does nothing. */
  remove(): void;
  [Symbol.dispose](): void;
}

/** The hooks of one kind on a tensor or a node. */
export class HookList<T> {
  #hooks = new Set<{ readonly hook: T }>();

  /** Adds a hook after the others, or before them. */
  add(hook: T, { prepend = false }: { prepend?: boolean } = {}): RemovableHandle {
    const entry = { hook };
    this.#hooks = new Set(prepend ? [entry, ...this.#hooks] : [...this.#hooks, entry]);
    const remove = (): void => {
      this.#hooks.delete(entry);
    };
    return { remove, [Symbol.dispose]: remove };
  }

  /** The hooks to call in one run: a hook that is removed during the run is still called, one that is added is not. */
  snapshot(): T[] {
    return Array.from(this.#hooks, ({ hook }) => hook);
  }
}

const lists = new WeakMap<GraphCallback, HookList<unknown>>();

/**
 * The list of hooks behind the callback that a tensor or a node has already, or a new list.
 *
 * @param existing - The callback, null for none.
 * @param makeCallback - Makes the callback that calls the hooks of a list.
 * @param register - Registers the new callback.
 */
export function hookList<T>(
  existing: GraphCallback | null,
  makeCallback: (hooks: HookList<T>) => GraphCallback,
  register: (callback: GraphCallback) => void,
): HookList<T> {
  const found = existing === null ? undefined : lists.get(existing);
  if (found !== undefined) return found as HookList<T>;
  const hooks = new HookList<T>();
  const callback = makeCallback(hooks);
  lists.set(callback, hooks);
  register(callback);
  return hooks;
}

function runTensorHook(hook: TensorHook, gradient: Tensor | null): Tensor | null {
  // Null only where PyTorch passes None: see TensorHook.
  const result: unknown = hook(gradient as Tensor);
  if (result === undefined || result === null) return gradient;
  if (!native.isTensor(result)) {
    refusePromise(result, 'registerHook(): the hook');
    throw new TypeError(`a hook must return a Tensor or nothing, but it returned ${describeType(result)}`);
  }
  native.checkHookResult(gradient, result);
  return result;
}

function runAccumulateHook(hook: (tensor: Tensor) => void, tensor: Tensor): void {
  const result: unknown = hook(tensor);
  if (result === undefined || result === null) return;
  refusePromise(result, 'registerPostAccumulateGradHook(): the hook');
  throw new RuntimeError('Tensor post accumulate grad hooks should return null or nothing.');
}

type AccumulateHook = (tensor: Tensor) => void;

// Made outside of the methods, because functions that are made in one call share what they capture: a callback must not
// refer to the tensor.
const callTensorHooks = (list: HookList<TensorHook>) => (gradient: Tensor | null) =>
  list.snapshot().reduce((current, hook) => runTensorHook(hook, current), gradient);

const callAccumulateHooks = (list: HookList<AccumulateHook>) => (tensor: Tensor) => {
  for (const hook of list.snapshot()) runAccumulateHook(hook, tensor);
};

declare module '../tensor' {
  interface Tensor {
    /**
     * Calls `hook` with the gradient of this tensor each time it is computed. A tensor that the hook returns replaces
     * the gradient; `Tensor.register_hook`.
     *
     * The hooks of a tensor run in the order of registration. An error in a hook reaches the caller of `backward()` or
     * `grad()` unchanged. A hook lives as long as the tensor or the graph, unless it is removed. The hooks that are
     * registered when a run reaches the tensor are called, also if one of them removes another.
     *
     * @throws RuntimeError if the tensor does not require a gradient; TypeError if `hook` is not a function.
     * @example
     * ```ts
     * const x = torch.ones(2, { requiresGrad: true });
     * const handle = x.registerHook((g) => g.mul(10));
     * x.sum().backward();
     * x.grad?.toArray(); // [10, 10]
     * handle.remove();
     * ```
     */
    registerHook(hook: TensorHook): RemovableHandle;

    /**
     * Calls `hook` with this leaf each time `backward()` has accumulated into its `.grad`;
     * `Tensor.register_post_accumulate_grad_hook`. The hook may consume the gradient and set `.grad` to null.
     *
     * @throws RuntimeError if the tensor does not require a gradient or is not a leaf; TypeError if `hook` is not a
     * function. An error in the hook reaches the caller of `backward()`; so does a RuntimeError if the hook returns a
     * value.
     * @example
     * ```ts
     * const w = torch.ones(2, { requiresGrad: true });
     * w.registerPostAccumulateGradHook((p) => {
     *   torch.noGrad(() => p.sub_(p.grad!)); // a step of gradient descent
     *   p.grad = null;
     * });
     * w.pow(2).sum().backward();
     * w.toArray(); // [-1, -1]
     * ```
     */
    registerPostAccumulateGradHook(hook: (tensor: Tensor) => void): RemovableHandle;
  }
}

Tensor.prototype.registerHook = function (this: Tensor, hook: TensorHook): RemovableHandle {
  checkFunction('registerHook', hook, 'hook');
  if (!this.requiresGrad) {
    throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
  }
  const hooks = hookList<TensorHook>(native.tensorHooks(this), callTensorHooks, (callback) => {
    keepWith(this, callback);
    native.setTensorHooks(this, callback);
  });
  return hooks.add(hook);
};

Tensor.prototype.registerPostAccumulateGradHook = function (
  this: Tensor,
  hook: (tensor: Tensor) => void,
): RemovableHandle {
  checkFunction('registerPostAccumulateGradHook', hook, 'hook');
  if (!this.requiresGrad) {
    throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
  }
  if (!this.isLeaf) {
    throw new RuntimeError('post accumulate grad hooks cannot be registered on non-leaf tensors');
  }
  const hooks = hookList<AccumulateHook>(native.accumulateHooks(this), callAccumulateHooks, (callback) => {
    keepWith(this, callback);
    native.setAccumulateHooks(this, callback);
  });
  return hooks.add(hook);
};
