/** `torch.nn.Module`: the base of everything that has parameters. */

import { inspect } from 'node:util';
import { readOptions } from '../arguments';
import { describeType } from '../describe';
import type { DeviceLike } from '../device';
import type { Dtype } from '../dtype';
import { AttributeError, KeyError, NotImplementedError, ValueError } from '../errors';
import { typename } from '../functional/type-names';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { heldTensors } from '../scope';
import type { Tensor, ToOptions } from '../tensor';
import { Callable, invoke } from './callable';
import { conversionTo, convertOwn } from './module-conversion';
import { collectState, loadOwnState, loadState } from './module-state';
import type { IncompatibleKeys, LoadContext, StateDict } from './module-state';
import { treeText } from './module-text';
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
 * A module is called with the arguments of its `forward`: `net(x)`. `net.forward(x)` does the same.
 */
export interface Module {
  (...args: Parameters<this['forward']>): ReturnType<this['forward']>;
}

/**
 * The base of all modules; `torch.nn.Module`. Parameters, buffers and submodules are properties, and are
 * found because of what they are, a `Parameter`, a `Buffer`, another module, when somebody asks for them: a
 * property of a module costs no more than that of any object. A value that does not belong in the place of
 * one of them is an error then. Where Python has an iterator, this has an array.
 *
 * An instance is a function, so that it is called as in Python: `net(x)` is `net.forward(x)`, and goes
 * wherever a function goes, `torch.vmap(net)` for one. Names in `namedParameters()` and `stateDict()` are
 * those of the properties.
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

  /** Whether the module is in training mode, which `Dropout` and `BatchNorm` act upon; see {@link train}. */
  training = true;

  /** @internal */
  [invoke](args: unknown[]): unknown {
    this.#registry.lookOnce();
    return this.forward(...args) as unknown;
  }

  /** What the module computes, for a subclass to define. */
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
      // What every function has is not in the way.
      const own = Object.getOwnPropertyDescriptor(this, name);
      if (own === undefined || own.enumerable) throw new KeyError(`attribute '${name}' already exists`);
    }
    if (value !== null && !isRight) {
      if (kind === 'module') throw new TypeError(`${typename(value)} is not a Module subclass`);
      throw new TypeError(`cannot assign '${typename(value)}' object to ${kind} '${name}' (${REQUIRED[kind]})`);
    }
    // Before the value: a null in its place is then understood.
    registryOf(this).register(name, kind, persistent);
    properties[name] = value;
    return value;
  }

  /**
   * Adds a parameter under a name that need not be known beforehand, or says with null that the module
   * has none; `Module.register_parameter`. Returns it.
   *
   * @throws KeyError for a name with a dot, an empty one, or one that is taken; TypeError for anything but a
   * Parameter; ValueError for a tensor that an operator made.
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
   * Adds a buffer: a tensor that belongs to the state but is no parameter; `Module.register_buffer`. Returns
   * it, so that it can initialize a field. From then on any tensor may be assigned to the property.
   *
   * @throws KeyError for a name with a dot, an empty one, or one that is taken; TypeError for anything but a
   * tensor.
   */
  registerBuffer<T extends Tensor | null>(name: string, tensor: T, options: { persistent?: boolean } = {}): T {
    const { persistent = true } = readOptions<{ persistent: boolean }>('registerBuffer', [options], [], ['persistent']);
    return this.#register('buffer', name, tensor, native.isTensor(tensor), persistent);
  }

  /**
   * Adds a submodule; `Module.register_module`. Returns it.
   *
   * @throws KeyError for a name with a dot, an empty one, or one that is taken; TypeError for anything but a
   * module.
   */
  registerModule<T extends Module | null>(name: string, module: T): T {
    return this.#register('module', name, module, module instanceof Module);
  }

  /** `Module.add_module`, another name of {@link registerModule}. */
  addModule<T extends Module | null>(name: string, module: T): T {
    return this.registerModule(name, module);
  }

  // --- finding ----------------------------------------------------------------------------------

  /** The submodules directly below with their names, each once; `Module.named_children`. */
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

  /** The submodules directly below, each once; `Module.children`. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** The module and all below it, with their dotted names, its own first; `Module.named_modules`. */
  namedModules(options: NamedModulesOptions = {}): [string, Module][] {
    return walkModules(this, readOptions('namedModules', [options], [], ['prefix', 'removeDuplicate']));
  }

  /** The module and all below it, each once; `Module.modules`. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /**
   * The parameters with their dotted names; `Module.named_parameters`. `Object.fromEntries` makes them the
   * object that `torch.func.functionalCall` takes.
   */
  namedParameters(options: NamedMembersOptions = {}): [string, Parameter][] {
    return walkMembers(this, readOptions('namedParameters', [options], [], MEMBERS), (registry) =>
      registry.entries('parameter'),
    );
  }

  /** The parameters, each once; `Module.parameters`. */
  parameters(recurse = true): Parameter[] {
    return this.namedParameters({ recurse }).map(([, parameter]) => parameter);
  }

  /** The buffers with their dotted names; `Module.named_buffers`. */
  namedBuffers(options: NamedMembersOptions = {}): [string, Tensor][] {
    return walkMembers(this, readOptions('namedBuffers', [options], [], MEMBERS), (registry) =>
      registry.entries('buffer'),
    );
  }

  /** The buffers, each once; `Module.buffers`. */
  buffers(recurse = true): Tensor[] {
    return this.namedBuffers({ recurse }).map(([, buffer]) => buffer);
  }

  /**
   * The submodule of a dotted name, the module itself for an empty one; `Module.get_submodule`.
   *
   * @throws AttributeError if there is none.
   */
  getSubmodule(target: string): Module {
    return submoduleOf(this, target);
  }

  /**
   * Replaces the submodule of a dotted name, or adds one; `Module.set_submodule`.
   *
   * @throws ValueError for an empty name or if `module` is none; AttributeError if the path leads nowhere, or
   * with `strict` if there is no such submodule yet.
   */
  setSubmodule(target: string, module: Module, options: { strict?: boolean } = {}): void {
    const { strict = false } = readOptions<{ strict: boolean }>('setSubmodule', [options], [], ['strict']);
    if (target === '') throw new ValueError('Cannot set the submodule without a target name!');
    if (!(module instanceof Module))
      throw new ValueError(`\`module\` is not an nn.Module, found ${describeType(module)}`);
    const { parent, name } = locate(this, target);
    if (strict || name in parent) submoduleOf(parent, name);
    (parent as unknown as Record<string, Module>)[name] = module;
  }

  /**
   * The parameter of a dotted name; `Module.get_parameter`.
   *
   * @throws AttributeError if there is none.
   */
  getParameter(target: string): Parameter {
    const { value, name } = locate(this, target, { mustExist: true });
    if (!(value instanceof Parameter)) throw new AttributeError(`\`${name}\` is not an nn.Parameter`);
    return value;
  }

  /**
   * The buffer of a dotted name; `Module.get_buffer`.
   *
   * @throws AttributeError if there is none.
   */
  getBuffer(target: string): Tensor {
    const { parent, value, name } = locate(this, target, { mustExist: true });
    if (!registryOf(parent).has(name, 'buffer')) throw new AttributeError(`\`${name}\` is not a buffer`);
    return value as Tensor;
  }

  // --- state ------------------------------------------------------------------------------------

  /** The version of what the class keeps in a state; `Module._version`. @internal */
  get _version(): number {
    return 1;
  }

  /**
   * The parameters and persistent buffers, detached, by their dotted names; `Module.state_dict`. They share
   * the module's memory.
   */
  stateDict(options: { prefix?: string; keepVars?: boolean } = {}): StateDict {
    const names = ['prefix', 'keepVars'] as const;
    const { prefix = '', keepVars = false } = readOptions<{ prefix: string; keepVars: boolean }>(
      'stateDict',
      [options],
      [],
      names,
    );
    return collectState(this, prefix, keepVars);
  }

  /**
   * Copies the values of a state into the module's parameters and buffers; `Module.load_state_dict`. With
   * `assign` the tensors themselves become the module's; with `strict: false` missing and unexpected names
   * are only returned.
   *
   * @throws RuntimeError that lists missing and unexpected names, and shapes that differ.
   */
  loadStateDict(
    state: Readonly<Record<string, Tensor>>,
    options: { strict?: boolean; assign?: boolean } = {},
  ): IncompatibleKeys {
    const names = ['strict', 'assign'] as const;
    const { strict = true, assign = false } = readOptions<{ strict: boolean; assign: boolean }>(
      'loadStateDict',
      [options],
      [],
      names,
    );
    return loadState(this, state, strict, assign);
  }

  /** @internal */
  _loadFromStateDict(state: Record<string, unknown>, prefix: string, context: LoadContext): void {
    loadOwnState(this, this.#registry, state, prefix, context);
  }

  // --- modes and conversions ----------------------------------------------------------------------

  /**
   * Sets the mode of the module and of all below it: training, or with `false` evaluation;
   * `Module.train`. Returns the module.
   *
   * @throws ValueError for a mode that is no boolean.
   */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw new ValueError('training mode is expected to be boolean');
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** Sets evaluation mode; `Module.eval`. */
  eval(): this {
    return this.train(false);
  }

  /** Says of every parameter whether autograd records operations on it; `Module.requires_grad_`. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  /** Takes the gradients off the parameters, or with `false` fills them with zeros; `Module.zero_grad`. */
  zeroGrad(setToNull = true): void {
    for (const parameter of this.parameters()) {
      const { grad } = parameter;
      if (grad === null) continue;
      if (setToNull) parameter.grad = null;
      else (grad.gradFn === null ? grad.requiresGrad_(false) : grad.detach_()).zero_();
    }
  }

  /** Calls `fn` with every module below, and with this one last; `Module.apply`. Returns the module. */
  apply(fn: (module: Module) => void): this {
    if (typeof fn !== 'function') {
      throw new TypeError(
        `apply(): argument 'fn' must be a function, not ${describeType(fn)}; a module is called as net(x)`,
      );
    }
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Replaces every parameter, gradient and buffer by what `fn` makes of it. @internal */
  _apply(fn: (tensor: Tensor) => Tensor): this {
    for (const child of this.children()) child._apply(fn);
    convertOwn(this, this.#registry, fn);
    return this;
  }

  /**
   * Moves parameters and buffers to a device, and those that are floating-point or complex to a dtype;
   * `Module.to`. In place: the parameters stay the same objects where the device type allows it.
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

  /** Parameters and buffers on a device, without values; `Module.to_empty`. */
  toEmpty(options: { device: DeviceLike }): this {
    const { device } = readOptions<{ device: DeviceLike }>('toEmpty', [options], [], ['device']);
    return this._apply((tensor) => torchFunctions.emptyLike(tensor, { device }));
  }

  /** Floating-point parameters and buffers become float64; `Module.double`. */
  double(): this {
    return this.#toFloating('float64');
  }

  /** Floating-point parameters and buffers become float32; `Module.float`. */
  float(): this {
    return this.#toFloating('float32');
  }

  /** Floating-point parameters and buffers become float16; `Module.half`. */
  half(): this {
    return this.#toFloating('float16');
  }

  /** Floating-point parameters and buffers become bfloat16; `Module.bfloat16`. */
  bfloat16(): this {
    return this.#toFloating('bfloat16');
  }

  #toFloating(dtype: Dtype): this {
    return this._apply((tensor) => (tensor.isFloatingPoint() ? tensor.to(dtype) : tensor));
  }

  /** Parameters and buffers in CPU memory; `Module.cpu`. */
  cpu(): this {
    return this.to('cpu');
  }

  /** Parameters and buffers on a CUDA device, by default the current one; `Module.cuda`. */
  cuda(device: DeviceLike | number = 'cuda'): this {
    return this.to(typeof device === 'number' ? `cuda:${device}` : device);
  }

  /** The tensors among the properties of this module and of all below it. @internal */
  [heldTensors](): Tensor[] {
    return this.modules().flatMap((module) => Object.values(module).filter((value) => native.isTensor(value)));
  }

  // --- text ---------------------------------------------------------------------------------------

  /** What {@link toString} shows of the module itself, for a subclass to define; `Module.extra_repr`. */
  extraRepr(): string {
    return '';
  }

  /** The module and all below it, as Python prints them. */
  override toString(): string {
    return treeText(this, registryOf(this).entries('module'));
  }

  [inspect.custom](): string {
    // The prototype itself is inspected like any object.
    return #registry in this ? this.toString() : 'Module {}';
  }
}
