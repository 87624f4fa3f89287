/** `torch.nn.Module`: the base class of all modules. */

import { inspect } from 'node:util';
import { checkFunction, checkOptions } from '../arguments';
import { describeType } from '../describe';
import type { DeviceLike } from '../device';
import type { Dtype } from '../dtype';
import { AttributeError, KeyError, NotImplementedError, ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { heldTensors } from '../scope';
import type { Tensor, ToOptions } from '../tensor';
import { typename } from '../type-info';
import { Callable, invoke } from './callable';
import { callWithHooks, mayHaveHooks } from './hooks';
import { conversionTo, convertOwn } from './module-conversion';
import { collectState, loadOwnState, loadState } from './module-state';
import type { IncompatibleKeys, LoadContext, StateDict } from './module-state';
import { treeText } from './module-text';
import { defineTraining } from './module-training';
import { locate, submoduleOf, walkMembers, walkModules } from './module-walk';
import type { NamedMembersOptions, NamedModulesOptions } from './module-walk';
import { Parameter } from './parameter';
import { checkName, Registry, registryOf } from './registry';
import type { Kind } from './registry';

const MEMBERS = ['prefix', 'recurse', 'removeDuplicate'] as const;

const REQUIRED: Record<Kind, string> = {
  parameter: 'torch.nn.Parameter or null required',
  buffer: 'torch Tensor or null required',
  module: 'torch.nn.Module or null required',
};

/**
 * Calls `forward`: `net(x)` is `net.forward(x)`.
 */
export interface Module {
  (...args: Parameters<this['forward']>): ReturnType<this['forward']>;
}

/**
 * The base class of all modules; `torch.nn.Module`. Parameters, buffers and submodules are ordinary
 * properties. They are discovered lazily, by the type of their values (`Parameter`, `Buffer`, `Module`), so
 * property access has no overhead. Assigning a value of the wrong type is reported at the next scan. Methods
 * that return iterators in Python return arrays here.
 *
 * An instance is a function: `net(x)` calls `net.forward(x)`, and a module can be passed wherever a function is
 * expected, for example `torch.vmap(net)`. Names in `namedParameters()` and `stateDict()` are property names.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const { nn } = torch;
 *
 * class Net extends nn.Module {
 *   hidden = new nn.Linear(2, 3);
 *   scale = new nn.Parameter(torch.ones(3));
 *   override forward(x: torch.Tensor) {
 *     return this.hidden(x).mul(this.scale).tanh();
 *   }
 * }
 *
 * const net = new Net();
 * net(torch.zeros(5, 2)).shape; // [5, 3]
 * net.namedParameters().map(([name]) => name); // ['scale', 'hidden.weight', 'hidden.bias']
 * ```
 */
export class Module extends Callable {
  readonly #registry = new Registry(this);

  /** Whether the module is in training mode, which `Dropout` and `BatchNorm` depend on; see {@link train}. */
  declare training: boolean;

  constructor() {
    super();
    defineTraining(this);
  }

  /** @internal */
  [invoke](args: unknown[]): unknown {
    this.#registry.scanOnce();
    return mayHaveHooks() ? callWithHooks(this, args) : (this.forward(...args) as unknown);
  }

  /** Computes the module's output; subclasses override it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each subclass has its own arguments and result
  forward(..._args: any[]): any {
    throw new NotImplementedError(`Module [${this.constructor.name}] is missing the required "forward" function`);
  }

  // --- registering ------------------------------------------------------------------------------

  #register<T>(kind: Kind, name: string, value: T, isRight: boolean, persistent = true): T {
    if (typeof name !== 'string') throw new TypeError(`${kind} name should be a string. Got ${typename(name)}`);
    checkName(kind, name);
    const properties = this as unknown as Record<string, unknown>;
    if (properties[name] !== undefined && !registryOf(this).has(name, kind)) {
      // Built-in function properties (`name`, `length`) do not count as taken.
      const own = Object.getOwnPropertyDescriptor(this, name);
      if (own === undefined || own.enumerable) throw new KeyError(`attribute '${name}' already exists`);
    }
    if (value !== null && !isRight) {
      if (kind === 'module') throw new TypeError(`${typename(value)} is not a Module subclass`);
      throw new TypeError(`cannot assign '${typename(value)}' object to ${kind} '${name}' (${REQUIRED[kind]})`);
    }
    // Register first, so that a null value is recognised.
    registryOf(this).register(name, kind, persistent);
    properties[name] = value;
    return value;
  }

  /**
   * Adds a parameter under a computed name, or declares with null that the parameter is absent;
   * `Module.register_parameter`. Returns the parameter.
   *
   * @throws KeyError for an empty name, a name with a dot, or a name that is taken; TypeError for a value that
   * is not a Parameter; ValueError for a non-leaf tensor.
   */
  registerParameter<T extends Parameter | null>(name: string, parameter: T): T {
    if (parameter instanceof Parameter && parameter.gradFn !== null) {
      throw new ValueError(
        `Cannot assign non-leaf Tensor to parameter '${name}'. Model parameters must be created explicitly. To express '${name}' as a function of another Tensor, compute the value in the forward() method.`,
      );
    }
    return this.#register('parameter', name, parameter, parameter instanceof Parameter);
  }

  /**
   * Adds a buffer: a tensor that is part of the state but not a parameter; `Module.register_buffer`. Returns
   * the buffer, so that the call can initialise a field. Any tensor may be assigned to the property later.
   *
   * @throws KeyError for an empty name, a name with a dot, or a name that is taken; TypeError for a value that
   * is not a tensor.
   */
  registerBuffer<T extends Tensor | null>(name: string, tensor: T, options: { persistent?: boolean } = {}): T {
    const { persistent = true } = checkOptions('registerBuffer', options, ['persistent']);
    return this.#register('buffer', name, tensor, native.isTensor(tensor), persistent);
  }

  /**
   * Adds a submodule; `Module.register_module`. Returns it.
   *
   * @throws KeyError for an empty name, a name with a dot, or a name that is taken; TypeError for a value that
   * is not a module.
   */
  registerModule<T extends Module | null>(name: string, module: T): T {
    return this.#register('module', name, module, module instanceof Module);
  }

  /** Adds a submodule; `Module.add_module`. The same as {@link registerModule}. */
  addModule<T extends Module | null>(name: string, module: T): T {
    return this.registerModule(name, module);
  }

  // --- finding ----------------------------------------------------------------------------------

  /** The direct submodules with their names, without duplicates; `Module.named_children`. */
  namedChildren(): [string, Module][] {
    const seen = new Set<Module>();
    return registryOf(this)
      .entries('module')
      .filter((entry): entry is [string, Module] => {
        const isNew = entry[1] !== null && !seen.has(entry[1]);
        if (isNew) seen.add(entry[1]!);
        return isNew;
      });
  }

  /** The direct submodules, without duplicates; `Module.children`. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** The module itself, then all submodules, with their dotted names; `Module.named_modules`. */
  namedModules(options: NamedModulesOptions = {}): [string, Module][] {
    return walkModules(this, checkOptions('namedModules', options, ['prefix', 'removeDuplicate']));
  }

  /** The module itself, then all submodules, without duplicates; `Module.modules`. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /**
   * The parameters with their dotted names; `Module.named_parameters`. `Object.fromEntries` converts them to
   * the object that `torch.func.functionalCall` takes.
   */
  namedParameters(options: NamedMembersOptions = {}): [string, Parameter][] {
    return walkMembers(this, checkOptions('namedParameters', options, MEMBERS), (registry) =>
      registry.entries('parameter'),
    );
  }

  /** The parameters, without duplicates; `Module.parameters`. */
  parameters(recurse = true): Parameter[] {
    return this.namedParameters({ recurse }).map(([, parameter]) => parameter);
  }

  /** The buffers with their dotted names; `Module.named_buffers`. */
  namedBuffers(options: NamedMembersOptions = {}): [string, Tensor][] {
    return walkMembers(this, checkOptions('namedBuffers', options, MEMBERS), (registry) => registry.entries('buffer'));
  }

  /** The buffers, without duplicates; `Module.buffers`. */
  buffers(recurse = true): Tensor[] {
    return this.namedBuffers({ recurse }).map(([, buffer]) => buffer);
  }

  /**
   * The submodule with a dotted name; the module itself for the empty name; `Module.get_submodule`.
   *
   * @throws AttributeError if it does not exist.
   */
  getSubmodule(target: string): Module {
    return submoduleOf(this, target);
  }

  /**
   * Replaces or adds the submodule with a dotted name; `Module.set_submodule`.
   *
   * @throws ValueError for an empty name, or if `module` is not a module; AttributeError if the path does not
   * exist, or with `strict` if the submodule does not exist yet.
   */
  setSubmodule(target: string, module: Module, options: { strict?: boolean } = {}): void {
    const { strict = false } = checkOptions('setSubmodule', options, ['strict']);
    if (target === '') throw new ValueError('Cannot set the submodule without a target name!');
    if (!(module instanceof Module))
      throw new ValueError(`\`module\` is not an nn.Module, found ${describeType(module)}`);
    const { parent, name } = locate(this, target);
    if (strict || name in parent) submoduleOf(parent, name);
    (parent as unknown as Record<string, Module>)[name] = module;
  }

  /**
   * The parameter with a dotted name; `Module.get_parameter`.
   *
   * @throws AttributeError if it does not exist.
   */
  getParameter(target: string): Parameter {
    const { value, name } = locate(this, target, { mustExist: true });
    if (!(value instanceof Parameter)) throw new AttributeError(`\`${name}\` is not an nn.Parameter`);
    return value;
  }

  /**
   * The buffer with a dotted name; `Module.get_buffer`.
   *
   * @throws AttributeError if it does not exist.
   */
  getBuffer(target: string): Tensor {
    const { parent, value, name } = locate(this, target, { mustExist: true });
    if (!registryOf(parent).has(name, 'buffer')) throw new AttributeError(`\`${name}\` is not a buffer`);
    return value as Tensor;
  }

  // --- state ------------------------------------------------------------------------------------

  /** The version of the class's state format; `Module._version`. @internal */
  get _version(): number {
    return 1;
  }

  /**
   * The parameters and persistent buffers, detached, by dotted name; `Module.state_dict`. They share memory
   * with the module. `names: 'python'` gives the names that they have in Python: those under which they were last
   * loaded, or else the names of properties in snake case.
   *
   * @throws ValueError if `names` is anything else.
   * @example
   * ```ts
   * const norm = new torch.nn.BatchNorm1d(2, { affine: false });
   * Object.keys(norm.stateDict()); // ['runningMean', 'runningVar', 'numBatchesTracked']
   * Object.keys(norm.stateDict({ names: 'python' })); // ['running_mean', 'running_var', 'num_batches_tracked']
   * ```
   */
  stateDict(options: { prefix?: string; keepVars?: boolean; names?: 'properties' | 'python' } = {}): StateDict {
    const known = ['prefix', 'keepVars', 'names'] as const;
    const { prefix = '', keepVars = false, names = 'properties' } = checkOptions('stateDict', options, known);
    if (names !== 'properties' && names !== 'python') {
      throw new ValueError(`stateDict(): option 'names' must be 'properties' or 'python', not ${String(names)}`);
    }
    return collectState(this, prefix, keepVars, names === 'python');
  }

  /**
   * Copies a state dict into the module's parameters and buffers; `Module.load_state_dict`. Its keys may have the
   * names of properties, or Python's: `running_mean` is loaded into `runningMean`. `assign: true`
   * assigns the tensors themselves. With `strict: false`, missing and unexpected keys are returned instead of
   * being an error.
   *
   * @throws RuntimeError that lists missing and unexpected keys and mismatched shapes.
   */
  loadStateDict(
    state: Readonly<Record<string, Tensor>>,
    options: { strict?: boolean; assign?: boolean } = {},
  ): IncompatibleKeys {
    const names = ['strict', 'assign'] as const;
    const { strict = true, assign = false } = checkOptions('loadStateDict', options, names);
    return loadState(this, state, strict, assign);
  }

  /** @internal */
  _loadFromStateDict(state: Record<string, unknown>, prefix: string, context: LoadContext): void {
    loadOwnState(this, this.#registry, state, prefix, context);
  }

  // --- modes and conversions ----------------------------------------------------------------------

  /**
   * Sets training mode, or evaluation mode with `false`, for the module and all its submodules;
   * `Module.train`. Returns the module.
   *
   * @throws ValueError if `mode` is not a boolean.
   */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw new ValueError('training mode is expected to be boolean');
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** Sets evaluation mode for the module and all its submodules; `Module.eval`. Returns the module. */
  eval(): this {
    return this.train(false);
  }

  /** Sets for all parameters whether autograd records operations on them; `Module.requires_grad_`. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  /** Sets the gradients of all parameters to null, or to zeros with `false`; `Module.zero_grad`. */
  zeroGrad(setToNull = true): void {
    for (const parameter of this.parameters()) {
      const { grad } = parameter;
      if (grad === null) continue;
      if (setToNull) parameter.grad = null;
      else (grad.gradFn === null ? grad.requiresGrad_(false) : grad.detach_()).zero_();
    }
  }

  /** Calls `fn` with every submodule and then with the module itself; `Module.apply`. Returns the module. */
  apply(fn: (module: Module) => void): this {
    checkFunction('apply', fn, 'fn');
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Replaces every parameter, gradient and buffer with the result of `fn`. @internal */
  _apply(fn: (tensor: Tensor) => Tensor): this {
    for (const child of this.children()) child._apply(fn);
    convertOwn(this, this.#registry, fn);
    return this;
  }

  /**
   * Converts all parameters and buffers to a device, and floating-point and complex ones to a dtype;
   * `Module.to`. In place: the parameters remain the same objects if the device type allows it.
   *
   * @throws TypeError for a dtype that is neither floating-point nor complex.
   * @example
   * ```ts
   * const net = new torch.nn.Linear(2, 3).to('cpu', 'float64');
   * net.weight.dtype; // 'float64'
   * ```
   */
  to(target: Dtype | DeviceLike | Tensor, options?: ToOptions): this;
  to(device: DeviceLike, dtype: Dtype, options?: ToOptions): this;
  to(options: ToOptions): this;
  to(...args: unknown[]): this {
    return this._apply(conversionTo(args));
  }

  /** Moves parameters and buffers to a device without copying their values; `Module.to_empty`. */
  toEmpty(options: { device: DeviceLike }): this {
    const { device } = checkOptions('toEmpty', options, ['device']);
    return this._apply((tensor) => torchFunctions.emptyLike(tensor, { device }));
  }

  /** Converts floating-point parameters and buffers to float64; `Module.double`. */
  double(): this {
    return this.#toFloating('float64');
  }

  /** Converts floating-point parameters and buffers to float32; `Module.float`. */
  float(): this {
    return this.#toFloating('float32');
  }

  /** Converts floating-point parameters and buffers to float16; `Module.half`. */
  half(): this {
    return this.#toFloating('float16');
  }

  /** Converts floating-point parameters and buffers to bfloat16; `Module.bfloat16`. */
  bfloat16(): this {
    return this.#toFloating('bfloat16');
  }

  #toFloating(dtype: Dtype): this {
    return this._apply((tensor) => (tensor.isFloatingPoint() ? tensor.to(dtype) : tensor));
  }

  /** Moves parameters and buffers to CPU memory; `Module.cpu`. */
  cpu(): this {
    return this.to('cpu');
  }

  /** Moves parameters and buffers to a CUDA device, by default the current one; `Module.cuda`. */
  cuda(device: DeviceLike | number = 'cuda'): this {
    return this.to(typeof device === 'number' ? `cuda:${device}` : device);
  }

  /** All tensors among the properties of the module and its submodules. @internal */
  [heldTensors](): Tensor[] {
    return this.modules().flatMap((module) => Object.values(module).filter((value) => native.isTensor(value)));
  }

  // --- text ---------------------------------------------------------------------------------------

  /** The module's own options as {@link toString} prints them; subclasses override it. `Module.extra_repr`. */
  extraRepr(): string {
    return '';
  }

  /** The module and all its submodules, as Python prints them. */
  override toString(): string {
    return treeText(this, registryOf(this).entries('module'));
  }

  [inspect.custom](): string {
    // The prototype itself has no registry.
    return #registry in this ? this.toString() : 'Module {}';
  }
}
