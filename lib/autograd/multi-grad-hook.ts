/** `torch.autograd.graph.register_multi_grad_hook`. */

import { checkFunction, checkOptions } from '../arguments';
import { ValueError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { checkTensor } from '../tensor-arguments';
import type { RemovableHandle } from './hooks';

/** The options of {@link registerMultiGradHook}. */
export interface MultiGradHookOptions {
  /** When the hook is called: once `all` gradients are computed (the default), or when `any` first one is. */
  mode?: 'all' | 'any';
}

/** Calls the hook when the gradients of all tensors that a run computes have been computed. */
function allHooks(tensors: readonly Tensor[], hook: (grads: (Tensor | null)[]) => void) {
  const nodes = tensors.map((tensor) => (tensor.requiresGrad ? native.gradientEdge(tensor)[0] : null));
  const runs = new Map<number, { grads: (Tensor | null)[]; missing: number }>();
  return (i: number, grad: Tensor | null): void => {
    const [id, inProgress] = native.graphTask();
    let run = runs.get(id);
    if (run === undefined) {
      // Runs that failed have left their entries.
      if (inProgress === 1) runs.clear();
      const missing = nodes.filter((node) => node !== null && native.willExecute(node)).length;
      runs.set(id, (run = { grads: tensors.map(() => null), missing }));
    }
    run.grads[i] = grad;
    if (--run.missing > 0) return;
    runs.delete(id);
    hook(run.grads);
  };
}

/** Calls the hook with the first gradient of a run. */
function anyHooks(hook: (grad: Tensor | null) => void) {
  const called = new Set<number>();
  return (_: number, grad: Tensor | null): void => {
    const [id, inProgress] = native.graphTask();
    if (inProgress === 1 && !called.has(id)) called.clear();
    if (called.has(id)) return;
    called.add(id);
    hook(grad);
  };
}

/**
 * Calls `hook` once per run of the engine with the gradients of several tensors;
 * `torch.autograd.graph.register_multi_grad_hook`. With `mode: 'all'` it gets an array with null for each tensor without
 * a gradient in this run; with `mode: 'any'` it gets the gradient that is computed first. The hook cannot replace
 * gradients.
 *
 * @throws ValueError for another mode; TypeError if an argument has the wrong type.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const [a, b] = [torch.ones(2, { requiresGrad: true }), torch.ones(2, { requiresGrad: true })];
 * let total = 0;
 * const handle = torch.autograd.graph.registerMultiGradHook([a, b], (grads) => {
 *   for (const grad of grads) if (grad !== null) total += Number(grad.sum().item());
 * });
 * a.mul(b).sum().backward(); // total is 4
 * handle.remove();
 * ```
 */
export function registerMultiGradHook(
  tensors: readonly Tensor[],
  hook: (grad: Tensor | null) => void,
  options: MultiGradHookOptions & { mode: 'any' },
): RemovableHandle;
export function registerMultiGradHook(
  tensors: readonly Tensor[],
  hook: (grads: (Tensor | null)[]) => void,
  options?: MultiGradHookOptions & { mode?: 'all' },
): RemovableHandle;
export function registerMultiGradHook(
  tensors: readonly Tensor[],
  hook: (grads: never) => void,
  options: MultiGradHookOptions = {},
): RemovableHandle {
  const { mode = 'all' } = checkOptions('registerMultiGradHook', options, ['mode']);
  checkFunction('registerMultiGradHook', hook, 'hook');
  tensors.forEach((tensor, i) => {
    checkTensor('registerMultiGradHook', `tensors[${i}]`, tensor);
  });
  if (mode !== 'all' && mode !== 'any')
    throw new ValueError(`Expects mode to be one of ('all', 'any') but got ${String(mode)}`);
  const run = mode === 'all' ? allHooks(tensors, hook as never) : anyHooks(hook as never);
  const handles = tensors.flatMap((tensor, i) =>
    tensor.requiresGrad
      ? [
          tensor.registerHook((grad) => {
            run(i, grad);
          }),
        ]
      : [],
  );
  const remove = (): void => {
    for (const handle of handles) handle.remove();
  };
  return { remove, [Symbol.dispose]: remove };
}
