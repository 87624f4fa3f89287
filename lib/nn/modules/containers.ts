/** Containers: modules that hold other modules. */

import { copyDense, isOptions } from '../../arguments';
import { textOf, describeType } from '../../describe';
import { AssertionError, IndexError } from '../../errors';
import type { Tensor } from '../../tensor';
import { emitLibtorchWarning } from '../../warnings';
import { Module } from '../module';
import { moduleText, pythonRepr } from '../module-text';
import { registryOf } from '../registry';

/** The common base of {@link Sequential} and {@link ModuleList}: modules named 0, 1, 2, ... */
abstract class NumberedModules<M extends Module> extends Module {
  [index: number]: M;

  #entries(): [string, M][] {
    return registryOf(this).entries('module') as [string, M][];
  }

  /** The number of modules. */
  override get length(): number {
    return this.#entries().length;
  }

  /** The modules in order; a module that occurs twice is returned twice. */
  [Symbol.iterator](): ArrayIterator<M> {
    return this.#entries()
      .map(([, module]) => module)
      .values();
  }

  #at(index: number): [string, M] {
    const entry = Number.isInteger(index) ? this.#entries().at(index) : undefined;
    if (entry === undefined) throw new IndexError(`index ${textOf(index)} is out of range`);
    return entry;
  }

  /**
   * The module at a position; a negative position counts from the end.
   *
   * @throws IndexError for a position out of range.
   */
  at(index: number): M {
    return this.#at(index)[1];
  }

  /** Adds a module at the end; `append`. Returns the container. */
  append(module: M): this {
    this.registerModule(String(this.length), module);
    return this;
  }

  /**
   * Adds modules at the end; `extend`. Returns the container.
   *
   * @throws TypeError for a value that is not iterable.
   */
  extend(modules: Iterable<M>): this {
    if (typeof (modules as Partial<Iterable<M>> | null)?.[Symbol.iterator] !== 'function') {
      throw new TypeError(
        `${this.constructor.name}.extend should be called with an iterable, but got ${describeType(modules)}`,
      );
    }
    // A copy: the container may extend itself.
    for (const module of Array.isArray(modules) ? copyDense(modules) : [...modules]) this.append(module as M);
    return this;
  }

  /**
   * Inserts a module before a position; a negative position counts from the end; `insert`. Returns the
   * container.
   *
   * @throws IndexError for a position out of range; AssertionError for a value that is not a module.
   */
  insert(index: number, module: M): this {
    if (!(module instanceof Module)) throw new AssertionError('module should be of type: Module');
    const modules = [...this];
    const size = modules.length;
    if (!(Number.isInteger(index) && -size <= index && index <= size)) {
      throw new IndexError(`Index out of range: ${textOf(index)}`);
    }
    modules.splice(index, 0, module);
    return this.#refill(modules);
  }

  /**
   * Removes and returns the module at a position, by default the last; `pop`. The modules after it are
   * renumbered.
   *
   * @throws IndexError for a position out of range.
   */
  pop(index = -1): M {
    const [name, module] = this.#at(index);
    this.#refill(
      this.#entries()
        .filter(([key]) => key !== name)
        .map(([, other]) => other),
    );
    return module;
  }

  #refill(modules: readonly M[]): this {
    const properties = this as unknown as Record<string, M>;
    for (const [name] of this.#entries()) delete properties[name];
    modules.forEach((module, i) => this.registerModule(String(i), module));
    return this;
  }
}

/**
 * Calls modules in sequence, each with the result of the previous one; `torch.nn.Sequential`. Takes the
 * modules as arguments, or one object whose keys are their names.
 *
 * @example
 * ```ts
 * const { nn } = torch;
 * const net = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
 * net(torch.zeros(5, 2)).shape; // [5, 1]
 * net.namedParameters()[0][0]; // '0.weight'
 * ```
 */
export class Sequential extends NumberedModules<Module> {
  constructor(modules: Readonly<Record<string, Module>>);
  constructor(...modules: Module[]);
  constructor(...given: unknown[]) {
    super();
    const [first] = given;
    if (given.length === 1 && isOptions(first)) {
      for (const [name, module] of Object.entries(first)) this.registerModule(name, module as Module);
    } else {
      given.forEach((module, i) => this.registerModule(String(i), module as Module));
    }
  }

  override forward(input: Tensor): Tensor {
    let value = input;
    for (const module of this as Iterable<Module | null>) {
      if (module === null) throw new TypeError('Sequential: a module is null and cannot be called');
      value = module(value) as Tensor;
    }
    return value;
  }
}

/**
 * A list of modules that registers them as submodules; `torch.nn.ModuleList`.
 *
 * @example
 * ```ts
 * class Net extends torch.nn.Module {
 *   layers = new torch.nn.ModuleList([4, 8, 2].map((size) => new torch.nn.Linear(size, size)));
 * }
 * const net = new Net();
 * net.layers[1].inFeatures; // 8
 * net.namedParameters()[2][0]; // 'layers.1.weight'
 * ```
 */
export class ModuleList<M extends Module = Module> extends NumberedModules<M> {
  constructor(modules?: Iterable<M> | null) {
    super();
    if (modules != null) this.extend(modules);
  }

  /** Prints consecutive equal modules once. */
  override toString(): string {
    const runs: { start: number; end: number; text: string }[] = [];
    [...this].forEach((module, i) => {
      const text = pythonRepr(module);
      const last = runs.at(-1);
      if (last?.text === text) last.end = i;
      else runs.push({ start: i, end: i, text });
    });
    const lines = runs.map(({ start, end, text }) =>
      start === end ? `(${start}): ${text}` : `(${start}-${end}): ${end - start + 1} x ${text}`,
    );
    return moduleText(this.constructor.name, '', lines);
  }
}

/**
 * A module with submodules of given names; `torch.nn.Container`. Deprecated in PyTorch: extend {@link Module}, which
 * registers modules among its properties itself. Warns.
 *
 * @example
 * ```ts
 * new torch.nn.Container({ act: new torch.nn.Tanh() }).namedChildren()[0][0]; // 'act'
 * ```
 */
export class Container extends Module {
  constructor(modules: Readonly<Record<string, Module>> | null = {}) {
    super();
    emitLibtorchWarning(
      'FutureWarning',
      '`nn.Container` is deprecated. All of its functionality is now implemented in `nn.Module`. Subclass that instead.',
    );
    for (const [name, module] of Object.entries(modules ?? {})) this.addModule(name, module);
  }
}

/** A map of modules that registers them as submodules; `torch.nn.ModuleDict`. Names may not contain a dot. */
export class ModuleDict<M extends Module = Module> extends Module {
  constructor(modules?: Readonly<Record<string, M>> | Iterable<readonly [string, M]> | null) {
    super();
    if (modules != null) this.update(modules);
  }

  /** The number of modules. */
  get size(): number {
    return this.entries().length;
  }

  /** The module with a name, or undefined. */
  get(name: string): M | undefined {
    return this.has(name) ? (this as unknown as Record<string, M>)[name] : undefined;
  }

  /**
   * Adds or replaces a module. Returns the container.
   *
   * @throws KeyError for a name that is a built-in property of modules, or is not allowed.
   */
  set(name: string, module: M): this {
    this.registerModule(name, module);
    return this;
  }

  /** Whether a module with this name exists. */
  has(name: string): boolean {
    return registryOf(this).has(name, 'module');
  }

  /** Removes a module; returns whether it existed. */
  delete(name: string): boolean {
    return this.has(name) && delete (this as unknown as Record<string, M>)[name];
  }

  /** Removes all modules. */
  clear(): void {
    for (const name of this.keys()) this.delete(name);
  }

  /** The names in order. */
  keys(): string[] {
    return this.entries().map(([name]) => name);
  }

  /** The modules in order. */
  values(): M[] {
    return this.entries().map(([, module]) => module);
  }

  /** The names and modules in order. */
  entries(): [string, M][] {
    return registryOf(this).entries('module') as [string, M][];
  }

  /** The names and modules in order. */
  [Symbol.iterator](): ArrayIterator<[string, M]> {
    return this.entries().values();
  }

  /** Adds the modules of an object, of another container, or of pairs. */
  update(modules: Readonly<Record<string, M>> | Iterable<readonly [string, M]>): void {
    const isIterable = typeof (modules as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] === 'function';
    if (!isIterable && (typeof modules !== 'object' || modules === null)) {
      throw new TypeError(
        `ModuleDict.update should be called with an object of modules, or pairs of names and modules, but got ${describeType(modules)}`,
      );
    }
    let position = 0;
    for (const entry of (isIterable ? modules : Object.entries(modules)) as Iterable<unknown>) {
      if (!Array.isArray(entry) || entry.length !== 2) {
        throw new TypeError(
          `ModuleDict update sequence element #${position} should be a pair of a name and a module, not ${describeType(entry)}`,
        );
      }
      this.set(entry[0] as string, entry[1] as M);
      position += 1;
    }
  }
}
