/** The methods of modules that register hooks. */

import { checkFunction, checkOptions } from '../arguments';
import type { RemovableHandle } from '../autograd/hooks';
import type { Tensor } from '../tensor';
import { addHook } from './hooks';
import { Module } from './module';
import type { IncompatibleKeys, LoadContext, StateDict } from './module-state';

/** The options of hooks that have an order. */
export interface HookOptions {
  /** Whether the hook runs before those that are registered already; false by default. */
  prepend?: boolean;
}

/** The options of {@link Module.registerForwardHook}. */
export interface ForwardHookOptions extends HookOptions {
  /** Whether the hook runs after an error in `forward` too; false by default. */
  alwaysCall?: boolean;
}

/** The gradients of the arguments or results of a call, null for those without one. */
export type ModuleGradients = (Tensor | null)[];

declare module './module' {
  interface Module {
    /**
     * Calls `hook` with the arguments of each call of the module before `forward`; `Module.register_forward_pre_hook`.
     * An array that the hook returns replaces the arguments, any other value the only argument. Options of the call are
     * the last of the arguments, so Python's `with_kwargs` does not exist.
     *
     * @throws TypeError if `hook` is not a function.
     * @example
     * ```ts
     * const net = new torch.nn.Identity();
     * const handle = net.registerForwardPreHook((_, [x]) => (x as torch.Tensor).mul(2));
     * net(torch.ones(2)); // [2, 2]
     * handle.remove();
     * ```
     */
    registerForwardPreHook(hook: (module: this, args: unknown[]) => unknown, options?: HookOptions): RemovableHandle;

    /**
     * Calls `hook` with the arguments and the result of each call of the module after `forward`;
     * `Module.register_forward_hook`. A value that the hook returns replaces the result.
     *
     * @throws TypeError if `hook` is not a function.
     * @example
     * ```ts
     * const net = new torch.nn.Linear(2, 3);
     * const shapes: number[][] = [];
     * net.registerForwardHook((_module, _args, output) => void shapes.push((output as torch.Tensor).shape));
     * net(torch.ones(5, 2));
     * shapes; // [[5, 3]]
     * ```
     */
    registerForwardHook(
      hook: (module: this, args: unknown[], output: unknown) => unknown,
      options?: ForwardHookOptions,
    ): RemovableHandle;

    /**
     * Calls `hook` with the gradients of the module's results before those of its arguments are computed;
     * `Module.register_full_backward_pre_hook`. An array that the hook returns replaces them. Tensors count if they are
     * arguments or results themselves, or elements of an array of results. Not inside transforms.
     *
     * @throws TypeError if `hook` is not a function.
     * @example
     * ```ts
     * const net = new torch.nn.Tanh();
     * net.registerFullBackwardPreHook((_, [grad]) => [grad!.mul(10)]);
     * const x = torch.zeros([2], { requiresGrad: true });
     * net(x).sum().backward();
     * x.grad; // [10, 10]
     * ```
     */
    registerFullBackwardPreHook(
      hook: (module: this, gradOutputs: ModuleGradients) => readonly (Tensor | null)[] | undefined | void,
      options?: HookOptions,
    ): RemovableHandle;

    /**
     * Calls `hook` with the gradients of the module's arguments and results when both have been computed;
     * `Module.register_full_backward_hook`. An array that the hook returns replaces the gradients of the arguments. Not
     * inside transforms.
     *
     * @throws TypeError if `hook` is not a function; in the backward pass, RuntimeError for a wrong number of gradients.
     * @example
     * ```ts
     * const net = new torch.nn.Tanh();
     * net.registerFullBackwardHook((_module, [gradInput]) => [gradInput!.neg()]);
     * const x = torch.zeros([2], { requiresGrad: true });
     * net(x).sum().backward();
     * x.grad; // [-1, -1]
     * ```
     */
    registerFullBackwardHook(
      hook: (
        module: this,
        gradInputs: ModuleGradients,
        gradOutputs: ModuleGradients,
      ) => readonly (Tensor | null)[] | undefined | void,
      options?: HookOptions,
    ): RemovableHandle;

    /**
     * Calls `hook` before the module's state is collected; `Module.register_state_dict_pre_hook`.
     *
     * @throws TypeError if `hook` is not a function.
     */
    registerStateDictPreHook(hook: (module: this, prefix: string, keepVars: boolean) => void): RemovableHandle;

    /**
     * Calls `hook` with the state after that of the module and its submodules was collected. The hook may change it;
     * `Module.register_state_dict_post_hook`.
     *
     * @throws TypeError if `hook` is not a function.
     * @example
     * ```ts
     * const net = new torch.nn.Linear(1, 1);
     * net.registerStateDictPostHook((_module, state, prefix) => void delete state[`${prefix}bias`]);
     * Object.keys(net.stateDict()); // ['weight']
     * ```
     */
    registerStateDictPostHook(hook: (module: this, state: StateDict, prefix: string) => void): RemovableHandle;

    /**
     * Calls `hook` with the state before the module loads its part of it. The hook may change the state, whose names are
     * those of properties; `Module.register_load_state_dict_pre_hook`.
     *
     * @throws TypeError if `hook` is not a function.
     */
    registerLoadStateDictPreHook(
      hook: (module: this, state: Record<string, unknown>, prefix: string, context: LoadContext) => void,
    ): RemovableHandle;

    /**
     * Calls `hook` with the missing and unexpected keys after the module and its submodules have loaded. The hook may
     * change the lists; `Module.register_load_state_dict_post_hook`.
     *
     * @throws TypeError if `hook` is not a function.
     */
    registerLoadStateDictPostHook(hook: (module: this, keys: IncompatibleKeys) => void): RemovableHandle;
  }
}

const define = (methods: ThisType<Module> & Record<string, unknown>): void => {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Module.prototype, name, { value, writable: true, configurable: true });
  }
};

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- hooks of all kinds
type AnyHook = any;

define({
  registerForwardPreHook(hook: AnyHook, options: HookOptions = {}): RemovableHandle {
    checkFunction('registerForwardPreHook', hook, 'hook');
    return addHook(this, 'forwardPre', hook, checkOptions('registerForwardPreHook', options, ['prepend']));
  },

  registerForwardHook(hook: AnyHook, options: ForwardHookOptions = {}): RemovableHandle {
    checkFunction('registerForwardHook', hook, 'hook');
    return addHook(this, 'forward', hook, checkOptions('registerForwardHook', options, ['prepend', 'alwaysCall']));
  },

  registerFullBackwardPreHook(hook: AnyHook, options: HookOptions = {}): RemovableHandle {
    checkFunction('registerFullBackwardPreHook', hook, 'hook');
    return addHook(this, 'backwardPre', hook, checkOptions('registerFullBackwardPreHook', options, ['prepend']));
  },

  registerFullBackwardHook(hook: AnyHook, options: HookOptions = {}): RemovableHandle {
    checkFunction('registerFullBackwardHook', hook, 'hook');
    return addHook(this, 'backward', hook, checkOptions('registerFullBackwardHook', options, ['prepend']));
  },

  registerStateDictPreHook(hook: AnyHook): RemovableHandle {
    checkFunction('registerStateDictPreHook', hook, 'hook');
    return addHook(this, 'stateDictPre', hook);
  },

  registerStateDictPostHook(hook: AnyHook): RemovableHandle {
    checkFunction('registerStateDictPostHook', hook, 'hook');
    return addHook(this, 'stateDictPost', hook);
  },

  registerLoadStateDictPreHook(hook: AnyHook): RemovableHandle {
    checkFunction('registerLoadStateDictPreHook', hook, 'hook');
    return addHook(this, 'loadPre', hook);
  },

  registerLoadStateDictPostHook(hook: AnyHook): RemovableHandle {
    checkFunction('registerLoadStateDictPostHook', hook, 'hook');
    return addHook(this, 'loadPost', hook);
  },
});
