/** Hooks on the gradient of a tensor: `Tensor.register_hook` and what is like it. */

import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { ignoreRejection } from '../synchronous';
import { Tensor } from '../tensor';
import { CallbackSite } from './callbacks';

/** What a hook is: it gets the gradient, and may return another one in its place. */
export type TensorHook = (gradient: Tensor) => Tensor | undefined | void;

/** A hook that can be removed; also for `using`. */
export interface RemovableHandle {
  /** Removes the hook; does nothing the second time. */
  remove(): void;
  [Symbol.dispose](): void;
}

const site = new CallbackSite<TensorHook>((hook, gradient: Tensor) => {
  if (hook === undefined) return undefined;
  const result: unknown = hook(gradient);
  if (result === undefined || result === null) return undefined;
  if (native.isTensor(result)) return result;
  ignoreRejection(result);
  throw new TypeError(`a hook must return a Tensor or nothing, but it returned ${describeType(result)}`);
});

const accumulateSite = new CallbackSite<(tensor: Tensor) => void>((hook, tensor: Tensor) => {
  if (hook === undefined) return;
  const result: unknown = hook(tensor);
  if (result === undefined || result === null) return;
  ignoreRejection(result);
  throw new RuntimeError('Tensor post accumulate grad hooks should return null or nothing.');
});

/** The handle of a callback that was registered under this number. */
export function removableHandle<T>(callbacks: CallbackSite<T>, number: number): RemovableHandle {
  const remove = (): void => {
    callbacks.remove(number);
  };
  return { remove, [Symbol.dispose]: remove };
}

declare module '../tensor' {
  interface Tensor {
    /**
     * Calls `hook` with the gradient of this tensor whenever one is computed; what it returns, if
     * anything, replaces the gradient; `Tensor.register_hook`.
     *
     * Hooks of a tensor run in the order in which they were registered. What one throws reaches the
     * caller of `backward()` or `grad()` as the same error. A hook stays as long as the graph, unless it
     * is removed: one that refers to its own tensor keeps it, and should be removed.
     *
     * @throws RuntimeError if the tensor does not require a gradient; TypeError if `hook` is no function.
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
     * Calls `hook` with this leaf whenever `backward()` has added to its `.grad`;
     * `Tensor.register_post_accumulate_grad_hook`. The hook may use the gradient up and set `.grad` to null.
     *
     * @throws RuntimeError if the tensor does not require a gradient or is no leaf; TypeError if `hook` is no
     * function. What the hook throws, or an error that it returned something, reaches the caller of
     * `backward()`.
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
  if (typeof hook !== 'function') {
    throw new TypeError(`registerHook(): argument 'hook' must be a function, not ${describeType(hook)}`);
  }
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
  if (typeof hook !== 'function') {
    throw new TypeError(
      `registerPostAccumulateGradHook(): argument 'hook' must be a function, not ${describeType(hook)}`,
    );
  }
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
