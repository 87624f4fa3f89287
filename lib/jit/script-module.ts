/** A TorchScript module as a module. */

import { AttributeError } from '../errors';
import { type ScriptDescription, native } from '../native';
import { Module } from '../nn/module';
import { Parameter } from '../nn/parameter';
import { keepPythonName } from '../nn/python-names';
import { keepBeyondScopes } from '../scope';
import type { Tensor } from '../tensor';

type Properties = Record<string, unknown>;

/** Where the modules of a scripted module and their tensors are, in the order of native/jit/script.cpp. */
interface Layout {
  /** The parameters and buffers. */
  readonly tensors: readonly { owner: Properties; name: string; isParameter: boolean }[];
  /** The modules that have a training mode. */
  readonly modes: readonly Module[];
  readonly children: readonly { owner: Properties; name: string; child: ScriptModule }[];
}

/** What the calls and the writer need of a module. */
export interface ScriptState {
  readonly handle: unknown;
  readonly tensors: unknown[];
  readonly modes: boolean[];
}

/**
 * A model of Python's TorchScript, as a module: {@link load} returns it; `torch.jit.ScriptModule`. It can be trained,
 * converted with {@link Module.to}, and called under every transform.
 *
 * Parameters, buffers and submodules have the names that they have in Python. So have its other methods and attributes,
 * which are properties of the module unless a module here has a property of that name; {@link method} finds every method.
 * Submodules cannot be replaced: the code of the file calls those that it knows.
 *
 * A call takes the arguments of the method, and an object of named ones after them.
 *
 * | TorchScript | JavaScript |
 * | --- | --- |
 * | `Tensor`, `bool`, `str`, `None` | `Tensor`, boolean, string, null |
 * | `int` | number, or bigint if a number cannot represent it |
 * | `float`; `complex` | number; `Complex` |
 * | `List`, `Tuple` | array |
 * | `NamedTuple` | array with the names as properties; an object is accepted too |
 * | `Dict[str, T]`; other `Dict` | plain object; `Map` (accepted for both) |
 * | `Enum` | the name of the member |
 * | `torch.device`; `Generator` | string or `Device`; `Generator` |
 * | an object of a script class | plain object of its attributes; only as a result |
 *
 * @typeParam A - The arguments of `forward`.
 * @typeParam R - What `forward` returns.
 */
export class ScriptModule<A extends unknown[] = Tensor[], R = Tensor> extends Module {
  readonly #description: ScriptDescription;
  #children: readonly [name: string, child: ScriptModule][] = [];
  #layout: Layout | undefined;

  /** @internal Files make modules. */
  constructor(description: ScriptDescription) {
    super();
    this.#description = description;
    if (description.training !== null) this.training = description.training;
  }

  /**
   * Calls the method `forward` of the script, and the hooks that it has for the module.
   *
   * @throws NotImplementedError if the script has no `forward`; TypeError for arguments that do not fit its signature; the errors of
   * operators, and of the script, with the lines of the script in their message: `raise ValueError` is a ValueError,
   * an assertion a RuntimeError.
   */
  override forward(...args: A): R {
    return (this.#description.methods.includes('forward') ? this.#call('__call__', args) : super.forward()) as R;
  }

  /**
   * A method of the script by its name in Python.
   *
   * @throws AttributeError if it does not exist.
   * @example
   * ```ts
   * const model = torch.jit.load('scripted.pt');
   * const encode = model.method<[torch.Tensor], torch.Tensor>('encode');
   * encode(torch.ones(1, 2)).shape; // [1, 3]
   * ```
   */
  method<A extends unknown[] = Tensor[], R = Tensor>(name: string): (...args: A) => R {
    const { methods } = this.#description;
    if (!methods.includes(name)) {
      throw new AttributeError(
        `${this.#description.name} has no method '${name}'; it has ${methods.join(', ') || 'none'}`,
      );
    }
    return (...args) => this.#call(name, args) as R;
  }

  /** The signature of a method as Python writes it: `forward(x: Tensor, n: int = 2) -> Tensor`. */
  signature(method = 'forward'): string {
    this.method(method);
    return native.jitSignature(this.#description.handle, method);
  }

  override extraRepr(): string {
    return `original_name=${this.#description.name}`;
  }

  /** Adds the tensors and submodules. @internal */
  _assemble(modules: readonly ScriptModule[], parameters: readonly Parameter[], buffers: readonly Tensor[]): void {
    const { tensors, children, attributes, methods } = this.#description;
    for (const [name, index, kind] of tensors) {
      keepPythonName(this, name, () =>
        kind === 'parameter'
          ? this.registerParameter(name, index < 0 ? null : parameters[index])
          : this.registerBuffer(name, index < 0 ? null : buffers[index]),
      );
    }
    this.#children = children.map(([name, index]) => [name, modules[index]]);
    for (const [name, child] of this.#children) keepPythonName(this, name, () => this.registerModule(name, child));
    for (const name of attributes) {
      this.#define(name, {
        get: () => {
          const { handle, tensors, modes } = this._state();
          return native.jitGet(handle, name, tensors, modes);
        },
        set: (value: unknown) => {
          native.jitSet(this.#description.handle, name, value);
          native.moduleChanged();
        },
      });
    }
    for (const name of methods) this.#define(name, { value: this.method(name), writable: true });
  }

  /** What the native module needs for a call. @internal */
  _state(): ScriptState {
    this.#layout ??= this.#findLayout();
    const { tensors, modes, children } = this.#layout;
    for (const { owner, name, child } of children) {
      if (owner[name] === child) continue;
      throw new TypeError(`the submodule '${name}' of a scripted module was replaced, which its script does not see`);
    }
    return {
      handle: this.#description.handle,
      tensors: tensors.map(({ owner, name }) => owner[name]),
      modes: modes.map(({ training }) => Boolean(training)),
    };
  }

  #define(name: string, property: PropertyDescriptor): void {
    const own = Object.getOwnPropertyDescriptor(this, name);
    // A function's `name` and `length` are free.
    const isFree = own === undefined ? !(name in this) : own.configurable === true && own.enumerable !== true;
    if (isFree) Object.defineProperty(this, name, { ...property, enumerable: false, configurable: true });
  }

  #call(method: string, args: readonly unknown[]): unknown {
    const { handle, tensors, modes } = this._state();
    const [value, assigned] = native.jitCall(handle, method, tensors, modes, args);
    for (const [index, tensor] of assigned) this.#assign(index, tensor);
    return value;
  }

  /** Takes over what the script has assigned to a parameter or buffer. */
  #assign(index: number, tensor: Tensor | null): void {
    const { owner, name, isParameter } = this.#layout!.tensors[index];
    const before = owner[name];
    // A functional call has a plain tensor in the place of a parameter.
    const isOwn = isParameter && before instanceof Parameter && tensor !== null;
    owner[name] = isOwn ? new Parameter(tensor, before.requiresGrad) : tensor;
    keepBeyondScopes([owner[name]]);
  }

  #findLayout(): Layout {
    const layout = { tensors: [], modes: [], children: [] } as { [K in keyof Layout]: Layout[K][number][] };
    const seen = new Set<ScriptModule>();
    const visit = (module: ScriptModule): void => {
      if (seen.has(module)) return;
      seen.add(module);
      const owner = module as unknown as Properties;
      const { tensors, training } = module.#description;
      for (const [name, index, kind] of tensors) {
        if (index >= 0) layout.tensors.push({ owner, name, isParameter: kind === 'parameter' });
      }
      if (training !== null) layout.modes.push(module);
      for (const [name, child] of module.#children) layout.children.push({ owner, name, child });
      for (const [, child] of module.#children) visit(child);
    };
    visit(this as unknown as ScriptModule);
    return layout;
  }
}
