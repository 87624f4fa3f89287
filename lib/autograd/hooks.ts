/** Hooks on the gradient of a tensor: `Tensor.register_hook` and `register_post_accumulate_grad_hook`. */

import { checkFunction } from '../arguments';
import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { refusePromise } from '../synchronous';
import { Tensor } from '../tensor';
import { CallbackSite } from './callbacks';

/** Gets the gradient, and may return a replacement. */
export type TensorHook = (gradient: Tensor) => Tensor | undefined | void;

/** A hook that can be removed; also for `using`. */
export interface RemovableHandle {
  /** Removes the hook; a second call does nothing. */
  remove(): void;
  [Symbol.dispose](): void;
}

const site = new CallbackSite<TensorHook>((hook, gradient: Tensor) => {
  if (hook === undefined) return undefined;
  const result: unknown = hook(gradient);
  if (result === undefined || result === null) return undefined;
  if (native.isTensor(result)) return result;
  refusePromise(result, 'registerHook(): the hook');
  throw new TypeError(`a hook must return a Tensor or nothing, but it returned ${describeType(result)}`);
});

const accumulateSite = new CallbackSite<(tensor: Tensor) => void>((hook, tensor: Tensor) => {
  if (hook === undefined) return;
  const result: unknown = hook(tensor);
  if (result === undefined || result === null) return;
  refusePromise(result, 'registerPostAccumulateGradHook(): the hook');
  throw new RuntimeError('Tensor post accumulate grad hooks should return null or nothing.');
});

/** The handle of the callback with this number. */
export function removableHandle<T>(callbacks: CallbackSite<T>, number: number): RemovableHandle {
  const remove = (): void => {
    callbacks.remove(number);
  };
  return { remove, [Symbol.dispose]: remove };
}

declare module '../tensor' {
  interface Tensor {
    /**
     * Calls `hook` with the gradient of this tensor each time it is computed. A tensor that the hook returns replaces
     * the gradient; `Tensor.register_hook`.
     *
     * The hooks of a tensor run in the order of registration. An error in a hook reaches the caller of `backward()` or
     * `grad()` unchanged. A hook lives as long as the graph, unless it is removed. A hook that refers to its own
     * tensor keeps that tensor alive: remove it.
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
  const number = site.add(hook);
  native.registerHook(site.native, this, number);
  return removableHandle(site, number);
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
  const number = accumulateSite.add(hook);
  native.registerAccumulateHook(accumulateSite.native, this, number);
  return removableHandle(accumulateSite, number);
};
