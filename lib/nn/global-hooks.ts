/** Hooks of all modules, for debugging and profiling. */

import { checkFunction, checkOptions } from '../arguments';
import type { RemovableHandle } from '../autograd/hooks';
import type { Tensor } from '../tensor';
import { addHook } from './hooks';
import type { Module } from './module';
import type { ModuleGradients } from './module-hooks';

/**
 * Calls `hook` before `forward` of every module, before the module's own hooks;
 * `torch.nn.modules.module.register_module_forward_pre_hook`. It gets and may return what a hook of
 * {@link Module.registerForwardPreHook} does.
 *
 * @returns a handle with `remove()`, which `using` disposes
 * @throws TypeError if `hook` is not a function.
 * @example
 * ```ts
 * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.Tanh());
 * const names: string[] = [];
 * const handle = torch.nn.registerModuleForwardPreHook((module) => void names.push(module.constructor.name));
 * net(torch.ones(5, 2));
 * handle.remove();
 * names; // ['Sequential', 'Linear', 'Tanh']
 * ```
 */
export function registerModuleForwardPreHook(hook: (module: Module, args: unknown[]) => unknown): RemovableHandle {
  checkFunction('nn.registerModuleForwardPreHook', hook, 'hook');
  return addHook(null, 'forwardPre', hook);
}

/** The options of {@link registerModuleForwardHook}. */
export interface ModuleForwardHookOptions {
  /** Whether the hook runs after an error in `forward` too; false by default. */
  alwaysCall?: boolean;
}

/**
 * Calls `hook` after `forward` of every module, before the module's own hooks;
 * `torch.nn.modules.module.register_module_forward_hook`. It gets and may return what a hook of
 * {@link Module.registerForwardHook} does.
 *
 * @returns a handle with `remove()`, which `using` disposes
 * @throws TypeError if `hook` is not a function.
 * @example
 * ```ts
 * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.Tanh());
 * const handle = torch.nn.registerModuleForwardHook((module, _args, output) => {
 *   if ((output as torch.Tensor).isnan().any().item()) throw new Error(`NaN in ${module.constructor.name}`);
 * });
 * net(torch.ones(5, 2)).shape; // [5, 3]
 * handle.remove();
 * ```
 */
export function registerModuleForwardHook(
  hook: (module: Module, args: unknown[], output: unknown) => unknown,
  options: ModuleForwardHookOptions = {},
): RemovableHandle {
  const api = 'nn.registerModuleForwardHook';
  checkFunction(api, hook, 'hook');
  return addHook(null, 'forward', hook, checkOptions(api, options, ['alwaysCall']));
}

/**
 * Calls `hook` with the gradients of the results of every module, before the module's own hooks;
 * `torch.nn.modules.module.register_module_full_backward_pre_hook`. It gets and may return what a hook of
 * {@link Module.registerFullBackwardPreHook} does. While it is registered, modules cannot be called inside transforms.
 *
 * @returns a handle with `remove()`, which `using` disposes
 * @throws TypeError if `hook` is not a function.
 * @example
 * ```ts
 * const net = new torch.nn.Tanh();
 * using _ = torch.nn.registerModuleFullBackwardPreHook((_, [grad]) => [grad!.mul(10)]);
 * const x = torch.zeros([2], { requiresGrad: true });
 * net(x).sum().backward();
 * x.grad; // [10, 10]
 * ```
 */
export function registerModuleFullBackwardPreHook(
  hook: (module: Module, gradOutputs: ModuleGradients) => readonly (Tensor | null)[] | undefined | void,
): RemovableHandle {
  checkFunction('nn.registerModuleFullBackwardPreHook', hook, 'hook');
  return addHook(null, 'backwardPre', hook);
}

/**
 * Calls `hook` with the gradients of the arguments and results of every module, before the module's own hooks;
 * `torch.nn.modules.module.register_module_full_backward_hook`. It gets and may return what a hook of
 * {@link Module.registerFullBackwardHook} does. While it is registered, modules cannot be called inside transforms.
 *
 * @returns a handle with `remove()`, which `using` disposes
 * @throws TypeError if `hook` is not a function; in the backward pass, RuntimeError for a wrong number of gradients.
 * @example
 * ```ts
 * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.Tanh());
 * const norms: number[] = [];
 * using _ = torch.nn.registerModuleFullBackwardHook((_, __, [grad]) => void norms.push(grad!.norm().item()));
 * net(torch.ones(5, 2)).sum().backward();
 * norms.length; // 3
 * ```
 */
export function registerModuleFullBackwardHook(
  hook: (
    module: Module,
    gradInputs: ModuleGradients,
    gradOutputs: ModuleGradients,
  ) => readonly (Tensor | null)[] | undefined | void,
): RemovableHandle {
  checkFunction('nn.registerModuleFullBackwardHook', hook, 'hook');
  return addHook(null, 'backward', hook);
}
