/** Hooks on the gradient of a tensor: `Tensor.register_hook`. */

import { RuntimeError } from '../errors';
import { typeName } from '../func/common';
import { native } from '../native';
import { Tensor } from '../tensor';

/** What a hook is: it gets the gradient, and may return another one in its place. */
export type TensorHook = (gradient: Tensor) => Tensor | undefined | void;

/** A hook that can be removed; also for `using`. */
export interface RemovableHandle {
  /** Removes the hook; does nothing the second time. */
  remove(): void;
  [Symbol.dispose](): void;
}

// The functions by number. The graph holds only the number, and says when it holds it no more.
const hooks = new Map<number, TensorHook>();
let nextNumber = 1;

const site = native.createHookSite((number, gradient) => {
  const hook = hooks.get(number);
  // One that was removed stays in the graph as a number without a function.
  if (hook === undefined) return undefined;
  const result: unknown = hook(gradient);
  if (result === undefined || result === null) return undefined;
  if (native.isTensor(result)) return result;
  (result as Partial<Promise<unknown>>).then?.(undefined, () => undefined);
  throw new TypeError(`a hook must return a Tensor or nothing, but it returned ${typeName(result)}`);
});

function forgetReleased(): void {
  for (const number of native.releasedHooks(site)) hooks.delete(number);
}

/** Runs the engine so that it can call hooks: on this thread, for every device. */
export function withHooks<T>(run: () => T): T {
  if (hooks.size === 0) return run();
  forgetReleased();
  const threads = native.swapEngineThreads(false);
  try {
    return run();
  } finally {
    native.swapEngineThreads(threads);
  }
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
  }
}

Tensor.prototype.registerHook = function (this: Tensor, hook: TensorHook): RemovableHandle {
  if (typeof hook !== 'function') {
    throw new TypeError(`registerHook(): argument 'hook' must be a function, not ${typeName(hook)}`);
  }
  if (!this.requiresGrad) {
    throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
  }
  forgetReleased();
  const number = nextNumber++;
  native.registerHook(site, this, number);
  hooks.set(number, hook);
  const remove = (): void => {
    hooks.delete(number);
  };
  return { remove, [Symbol.dispose]: remove };
};
