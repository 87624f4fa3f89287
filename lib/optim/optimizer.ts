/** `torch.optim.Optimizer`: the base class of all optimisers. */

import { inspect } from 'node:util';
import { checkFunction, checkOptions, isPlainObject } from '../arguments';
import { HookList } from '../autograd/hooks';
import type { RemovableHandle } from '../autograd/hooks';
import { enableGrad, setGradEnabled } from '../autograd/modes';
import { describeType } from '../describe';
import { NotImplementedError, RuntimeError } from '../errors';
import { pythonRepr } from '../nn/module-text';
import { keepBeyondScopes, scope } from '../scope';
import type { Tensor } from '../tensor';
import { checkGroup, groupsOf, readParams } from './params';
import type { ParamGroup, ParamGroupInput, Params } from './params';
import { packState, readGroups, readOptionsOf, readState } from './state-dict';
import type { OptimizerStateDict } from './state-dict';
import { scalarTensor } from './steps';
import type { StepOptions } from './steps';

/** Any optimiser, whatever its options. */
export type AnyOptimizer = Optimizer<object, object>;

/** The argument of a step: a function that computes the loss and its gradients again. */
export type StepArguments = readonly [closure?: () => unknown];

/** A hook before a step; what it returns replaces the arguments of the step. */
export type StepPreHook = (optimizer: AnyOptimizer, args: StepArguments) => StepArguments | undefined | void;
/** A hook after a step. */
export type StepPostHook = (optimizer: AnyOptimizer, args: StepArguments) => void;
/** A hook that gets a state dict, and may return another one. */
export type StateDictHook = (
  optimizer: AnyOptimizer,
  stateDict: OptimizerStateDict,
) => OptimizerStateDict | undefined | void;

const globalPreHooks = new HookList<StepPreHook>();
const globalPostHooks = new HookList<StepPostHook>();

/**
 * Adds a hook that is called before each step of every optimiser; `torch.optim.optimizer.register_optimizer_step_pre_hook`.
 */
export function registerOptimizerStepPreHook(hook: StepPreHook): RemovableHandle {
  checkFunction('registerOptimizerStepPreHook', hook, 'hook');
  return globalPreHooks.add(hook);
}

/**
 * Adds a hook that is called after each step of every optimiser; `torch.optim.optimizer.register_optimizer_step_post_hook`.
 */
export function registerOptimizerStepPostHook(hook: StepPostHook): RemovableHandle {
  checkFunction('registerOptimizerStepPostHook', hook, 'hook');
  return globalPostHooks.add(hook);
}

/** The option of the methods that register a hook. */
export interface HookOptions {
  /** Whether the hook is called before those that are registered already; false by default. */
  prepend?: boolean;
}

/**
 * The base class of all optimisers; `torch.optim.Optimizer`. A subclass passes the defaults of its options to the
 * constructor, and overrides {@link update} and, if a parameter has a state, {@link initialState}.
 *
 * `O` are the options, in camel case; `S` is the state of one parameter.
 *
 * @example
 * ```ts
 * class SignDescent extends torch.optim.Optimizer<{ lr: number }> {
 *   protected override update(param: torch.Tensor, grad: torch.Tensor, _: object, { lr }: { lr: number }) {
 *     param.sub_(grad.sign(), { alpha: lr });
 *   }
 * }
 *
 * const w = torch.tensor([1, -2], { requiresGrad: true });
 * const optimizer = new SignDescent([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.detach(); // [0.5, -1.5]
 * ```
 */
export class Optimizer<O extends object = Record<string, unknown>, S extends object = Record<string, unknown>> {
  /** The options of groups that do not have their own. */
  readonly defaults: Required<O>;
  /** The parameters, in groups with options; `param_groups`. The options may be changed between steps. */
  paramGroups: ParamGroup<O>[] = [];
  /** The state of each parameter that a step has changed. */
  state = new Map<Tensor, S>();
  /** Whether a step has been taken, which learning-rate schedulers check. @internal */
  declare _optCalled: boolean;

  readonly #stepPreHooks = new HookList<StepPreHook>();
  readonly #stepPostHooks = new HookList<StepPostHook>();
  readonly #stateDictPreHooks = new HookList<(optimizer: AnyOptimizer) => void>();
  readonly #stateDictPostHooks = new HookList<StateDictHook>();
  readonly #loadPreHooks = new HookList<StateDictHook>();
  readonly #loadPostHooks = new HookList<(optimizer: AnyOptimizer) => void>();

  /**
   * @param params - Tensors, pairs of names and tensors (`net.namedParameters()`), or groups: objects with `params` and
   * options of their own.
   * @param defaults - The options of groups that do not have their own.
   * @throws TypeError or ValueError for parameters that cannot be optimised.
   */
  constructor(params: Params<O>, defaults: Required<O>) {
    this.defaults = defaults;
    Object.defineProperty(this, '_optCalled', { value: false, writable: true, enumerable: false });
    for (const group of groupsOf(this.constructor.name, params)) this.addParamGroup(group);
  }

  /**
   * Adds parameters with options of their own, for example layers that were frozen until now; `add_param_group`.
   *
   * @throws TypeError unless the group is an object with `params`; ValueError for a tensor that is not a leaf, or that
   * the optimiser has already.
   * @example
   * ```ts
   * const [head, body] = [new torch.nn.Linear(2, 2), new torch.nn.Linear(2, 2)];
   * const optimizer = new torch.optim.SGD(head.parameters(), { lr: 0.1 });
   * optimizer.addParamGroup({ params: body.parameters(), lr: 0.01 });
   * optimizer.paramGroups.map((group) => group.lr); // [0.1, 0.01]
   * ```
   */
  addParamGroup(group: ParamGroupInput<O>): void {
    if (!isPlainObject(group)) throw new TypeError(`param_group must be an object, but got ${describeType(group)}`);
    const { params, names } = readParams(group.params);
    const given = Object.entries(group).filter(([name, value]) => name !== 'params' && value !== undefined);
    const options = Object.fromEntries(given);
    const complete = {
      params,
      ...options,
      ...(names === undefined ? {} : { paramNames: names }),
      ...Object.fromEntries(Object.entries(this.defaults).filter(([name]) => !(name in options))),
    } as ParamGroup<O>;
    const { differentiable = false } = this.defaults as { differentiable?: boolean };
    checkGroup(complete, this.paramGroups, differentiable);
    this.paramGroups.push(complete);
  }

  // --- steps --------------------------------------------------------------------------------------

  /**
   * Changes the parameters once, by their gradients; those without a gradient stay as they are. Frees what it computes
   * on the way. The optional function computes the loss and its gradients before the step, with recording enabled; the
   * step returns what it returned.
   *
   * @throws TypeError if `closure` is not a function, or returns a Promise; RuntimeError for gradients that the optimiser
   * cannot take.
   */
  step(): undefined;
  step<T>(closure: () => T): T;
  step(closure?: () => unknown): unknown {
    let args: StepArguments = closure === undefined ? [] : [closure];
    for (const hook of [...globalPreHooks.snapshot(), ...this.#stepPreHooks.snapshot()]) {
      const result: unknown = hook(this, args);
      if (result == null) continue;
      if (!Array.isArray(result)) {
        throw new RuntimeError(`a hook before step() must return nothing or an array, but got ${describeType(result)}`);
      }
      args = result as unknown as StepArguments;
    }
    if (args[0] !== undefined) checkFunction('step', args[0], 'closure');
    this._optCalled = true;
    const loss = this.run(args[0]);
    for (const hook of [...this.#stepPostHooks.snapshot(), ...globalPostHooks.snapshot()]) hook(this, args);
    return loss;
  }

  /** The step itself, without hooks. */
  protected run(closure?: () => unknown): unknown {
    const { differentiable = false } = this.defaults as { differentiable?: boolean };
    return setGradEnabled(differentiable, () => {
      const loss = closure === undefined ? undefined : enableGrad(closure);
      for (const group of this.paramGroups) this.updateGroup(group);
      return loss;
    });
  }

  /** Changes the parameters of a group, one after the other. */
  protected updateGroup(group: ParamGroup<O>): void {
    for (const param of group.params) {
      scope(() => {
        const { grad } = param;
        if (grad !== null) this.update(param, grad, this.stateOf(param, grad, group), group);
      });
    }
  }

  /**
   * Changes one parameter in place by its gradient; subclasses override it. What it creates is freed, except for
   * tensors in the state.
   */
  protected update(_param: Tensor, _grad: Tensor, _state: S, _group: ParamGroup<O>): void {
    throw new NotImplementedError(`${this.constructor.name} is missing the required "update" function`);
  }

  /** The state of a parameter before its first step; subclasses override it. */
  protected initialState(_param: Tensor, _grad: Tensor, _group: ParamGroup<O>): S {
    return {} as S;
  }

  /** The state of a parameter; a new one if this is its first step. */
  protected stateOf(param: Tensor, grad: Tensor, group: ParamGroup<O>): S {
    const known = this.state.get(param);
    if (known !== undefined && Object.keys(known).length > 0) return known;
    const state = this.initialState(param, grad, group);
    keepBeyondScopes(Object.values(state));
    if (Object.keys(state).length > 0) this.state.set(param, state);
    return state;
  }

  /**
   * Removes the gradients of all parameters; `zero_grad`.
   *
   * @param setToNull - Whether the gradients become null, which saves memory (the default), or zeros.
   */
  zeroGrad(setToNull = true): void {
    for (const param of this.paramGroups.flatMap((group) => group.params)) {
      if (setToNull) param.grad = null;
      else scope(() => void clear(param.grad));
    }
  }

  // --- state --------------------------------------------------------------------------------------

  /** The entries of a state that are tensors of one number, which old files have as numbers. */
  protected get scalarStates(): readonly string[] {
    return ['step'];
  }

  /**
   * The state of the optimiser: `state`, a Map from the number of each parameter to its state, and `param_groups`, the
   * options; `state_dict`. All names in it are Python's, so that `torch.save` writes what Python's `load_state_dict`
   * reads. The tensors are those of the optimiser, not copies.
   *
   * @example
   * ```ts
   * const net = new torch.nn.Linear(2, 1);
   * const optimizer = new torch.optim.AdamW(net.parameters(), { lr: 1e-3 });
   * torch.save({ net: net.stateDict(), optimizer: optimizer.stateDict() }, 'training.pt');
   * ```
   */
  stateDict(): OptimizerStateDict {
    for (const hook of this.#stateDictPreHooks.snapshot()) hook(this);
    let stateDict = packState(this.paramGroups, this.state);
    for (const hook of this.#stateDictPostHooks.snapshot()) stateDict = hook(this, stateDict) ?? stateDict;
    return stateDict;
  }

  /**
   * Continues from a state dict of this package or of Python; `load_state_dict`. Parameters are matched by their order.
   * State is moved to the device, and converted to the dtype, of its parameter; tensors that need neither are taken
   * over, not copied.
   *
   * @throws TypeError for anything else than a state dict; ValueError for other groups than this optimiser has.
   */
  loadStateDict(stateDict: OptimizerStateDict | Readonly<Record<string, unknown>>): void {
    let given = (isPlainObject(stateDict) ? { ...stateDict } : stateDict) as OptimizerStateDict;
    for (const hook of this.#loadPreHooks.snapshot()) given = hook(this, given) ?? given;
    const saved = readGroups(given, this.paramGroups);
    const state = readState(given, saved, this.paramGroups);
    this.paramGroups = this.paramGroups.map((group, i) => {
      const { params, paramNames } = group;
      const { params: _, ...options } = readOptionsOf(saved[i]);
      return {
        params,
        ...(paramNames === undefined ? {} : { paramNames }),
        ...this.optionsOfOldFiles(),
        ...options,
      } as ParamGroup<O>;
    });
    this.state = state as Map<Tensor, S>;
    for (const [param, values] of state) this.#afterLoading(param, values as Record<string, unknown>);
    for (const hook of this.#loadPostHooks.snapshot()) hook(this);
  }

  #afterLoading(param: unknown, values: Record<string, unknown>): void {
    const group = this.paramGroups.find(({ params }) => params.includes(param as Tensor));
    if (group === undefined) return;
    for (const name of this.scalarStates) {
      const value = values[name];
      if (typeof value === 'number') values[name] = scalarTensor(value, param as Tensor, group as StepOptions);
    }
    keepBeyondScopes(Object.values(values).flat());
  }

  /** The options that a state dict of an older version lacks: its features were off. */
  protected optionsOfOldFiles(): Partial<O> {
    const options = Object.entries(this.defaults as Record<string, unknown>).map(([name, value]) => {
      if (name === 'foreach' || name === 'fused') return [name, null];
      return [name, typeof value === 'boolean' ? false : value];
    });
    return Object.fromEntries(options) as Partial<O>;
  }

  // --- hooks --------------------------------------------------------------------------------------

  /** Adds a hook before each step of this optimiser; `register_step_pre_hook`. */
  registerStepPreHook(hook: StepPreHook): RemovableHandle {
    checkFunction('registerStepPreHook', hook, 'hook');
    return this.#stepPreHooks.add(hook);
  }

  /** Adds a hook after each step of this optimiser; `register_step_post_hook`. */
  registerStepPostHook(hook: StepPostHook): RemovableHandle {
    checkFunction('registerStepPostHook', hook, 'hook');
    return this.#stepPostHooks.add(hook);
  }

  /** Adds a hook before {@link stateDict} collects the state; `register_state_dict_pre_hook`. */
  registerStateDictPreHook(hook: (optimizer: AnyOptimizer) => void, options: HookOptions = {}): RemovableHandle {
    return addHook('registerStateDictPreHook', this.#stateDictPreHooks, hook, options);
  }

  /** Adds a hook that gets the result of {@link stateDict} and may replace it; `register_state_dict_post_hook`. */
  registerStateDictPostHook(hook: StateDictHook, options: HookOptions = {}): RemovableHandle {
    return addHook('registerStateDictPostHook', this.#stateDictPostHooks, hook, options);
  }

  /**
   * Adds a hook that gets the argument of {@link loadStateDict} and may replace it;
   * `register_load_state_dict_pre_hook`.
   */
  registerLoadStateDictPreHook(hook: StateDictHook, options: HookOptions = {}): RemovableHandle {
    return addHook('registerLoadStateDictPreHook', this.#loadPreHooks, hook, options);
  }

  /** Adds a hook after {@link loadStateDict}; `register_load_state_dict_post_hook`. */
  registerLoadStateDictPostHook(hook: (optimizer: AnyOptimizer) => void, options: HookOptions = {}): RemovableHandle {
    return addHook('registerLoadStateDictPostHook', this.#loadPostHooks, hook, options);
  }

  // --- text ---------------------------------------------------------------------------------------

  /** The options of each group. */
  toString(): string {
    const groups = this.paramGroups.map((group, i) => {
      const options = Object.entries(group).filter(([name]) => name !== 'params');
      const lines = options.map(([name, value]) => `    ${name}: ${pythonRepr(value)}\n`).sort();
      return `Parameter Group ${i}\n${lines.join('')}`;
    });
    return `${this.constructor.name} (\n${groups.join('\n')})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function addHook<T>(api: string, hooks: HookList<T>, hook: T, options: HookOptions): RemovableHandle {
  checkFunction(api, hook, 'hook');
  const { prepend = false } = checkOptions(api, options, ['prepend']);
  return hooks.add(hook, { prepend });
}

/** Sets a gradient to zeros, outside the graph. */
function clear(grad: Tensor | null): void {
  if (grad === null) return;
  (grad.gradFn === null ? grad.requiresGrad_(false) : grad.detach_()).zero_();
}
