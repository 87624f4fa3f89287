/** Containers that hold parameters. */

import { isPlainObject, valuesOfIterable } from '../../arguments';
import { describeType, textOf } from '../../describe';
import { IndexError, KeyError, RuntimeError } from '../../errors';
import { native } from '../../native';
import type { Tensor } from '../../tensor';
import { Module } from '../module';
import { Parameter } from '../parameter';

/** What a container has of a value: of a tensor, a parameter. */
type Held<T> = T extends Parameter ? T : T extends Tensor ? Parameter : T;

const asParameter = (value: unknown): unknown =>
  native.isTensor(value) && !(value instanceof Parameter) ? new Parameter(value) : value;

const PYTHON_TYPES: Readonly<Record<string, string>> = { number: 'float', string: 'str', boolean: 'bool' };

/** A value as Python prints it in a container; `typeText` is the type of a tensor. */
function line(name: string, value: unknown, typeText: (tensor: Tensor) => string): string {
  if (native.isTensor(value)) {
    const device = value.isCuda ? ` (${String(value.device)})` : '';
    return `  (${name}): Parameter containing: [${typeText(value)} of size ${value.shape.join('x')}${device}]`;
  }
  const type = Number.isInteger(value) ? 'int' : (PYTHON_TYPES[typeof value] ?? describeType(value));
  return `  (${name}): Object of type: ${type}`;
}

/**
 * A list of parameters, which it registers; `torch.nn.ParameterList`. Tensors become parameters; other values are kept, and
 * are not part of the state.
 *
 * @example
 * ```ts
 * class Net extends torch.nn.Module {
 *   weights = new torch.nn.ParameterList([torch.ones(2, 3), torch.zeros(3)]);
 * }
 * const net = new Net();
 * net.weights[1].shape; // [3]
 * net.namedParameters().map(([name]) => name); // ['weights.0', 'weights.1']
 * ```
 */
export class ParameterList<T = Parameter> extends Module {
  [index: number]: Held<T>;
  #size = 0;

  /** @throws TypeError for values that are not iterable. */
  constructor(values?: Iterable<T> | null) {
    super();
    if (values != null) this.extend(values);
  }

  /** The number of values. */
  override get length(): number {
    return this.#size;
  }

  /** The values in order. */
  [Symbol.iterator](): ArrayIterator<Held<T>> {
    return Array.from({ length: this.#size }, (_, i) => this[i]).values();
  }

  #index(index: number): number {
    const position = index < 0 ? index + this.#size : index;
    if (Number.isInteger(position) && position >= 0 && position < this.#size) return position;
    throw new IndexError(`index ${textOf(index)} is out of range`);
  }

  /**
   * The value at a position; a negative position counts from the end.
   *
   * @throws IndexError for a position out of range.
   */
  at(index: number): Held<T> {
    return this[this.#index(index)];
  }

  /**
   * Replaces the value at a position; a negative position counts from the end. Returns the list.
   *
   * @throws IndexError for a position out of range.
   */
  set(index: number, value: T): this {
    this[this.#index(index)] = asParameter(value) as Held<T>;
    return this;
  }

  /** Adds a value at the end; `append`. Returns the list. */
  append(value: T): this {
    this.#size += 1;
    return this.set(-1, value);
  }

  /**
   * Adds values at the end; `extend`. Returns the list.
   *
   * @throws TypeError for a value that is not iterable, and for a tensor.
   */
  extend(values: Iterable<T>): this {
    const isIterable = typeof (values as Partial<Iterable<T>> | null)?.[Symbol.iterator] === 'function';
    if (!isIterable || native.isTensor(values)) {
      throw new TypeError(`ParameterList.extend should be called with an iterable, but got ${describeType(values)}`);
    }
    // A copy: the list may extend itself.
    for (const value of valuesOfIterable(values)) this.append(value as T);
    return this;
  }

  /** @throws RuntimeError: a list of parameters cannot be called. */
  override forward(..._args: unknown[]): never {
    throw new RuntimeError('ParameterList should not be called.');
  }

  override extraRepr(): string {
    return [...this].map((value, i) => line(String(i), value, (tensor) => `torch.${tensor.dtype}`)).join('\n');
  }
}

/**
 * Parameters by name, which it registers; `torch.nn.ParameterDict`. Tensors become parameters; other values are kept, and are
 * not part of the state. Names may not contain a dot. As in Python, the names of an object are sorted, and those of pairs or
 * a Map keep their order.
 *
 * @example
 * ```ts
 * const dict = new torch.nn.ParameterDict({ scale: torch.ones(3), bias: torch.zeros(3) });
 * dict.get('scale')!.shape; // [3]
 * dict.namedParameters().map(([name]) => name); // ['bias', 'scale']
 * ```
 */
export class ParameterDict<T = Parameter> extends Module {
  readonly #names = new Set<string>();

  constructor(parameters?: Readonly<Record<string, T>> | Iterable<readonly [string, T]> | null) {
    super();
    if (parameters != null) this.update(parameters);
  }

  get #properties(): Record<string, Held<T>> {
    return this as unknown as Record<string, Held<T>>;
  }

  /** The number of values. */
  get size(): number {
    return this.#names.size;
  }

  /** The value with a name, or undefined. */
  get(name: string): Held<T> | undefined {
    return this.has(name) ? this.#properties[name] : undefined;
  }

  /**
   * Adds or replaces a value. Returns the container.
   *
   * @throws KeyError for a name that is a built-in property of modules, or is not allowed; TypeError for a name that is not
   * a string.
   */
  set(name: string, value: T): this {
    const held = asParameter(value) as Held<T>;
    if (held instanceof Parameter) {
      this.registerParameter(name, held);
    } else {
      if (typeof name !== 'string') {
        throw new TypeError(`ParameterDict.set(): argument 'name' must be a string, not ${describeType(name)}`);
      }
      if (!this.has(name) && name in this) throw new KeyError(`attribute '${name}' already exists`);
      delete this.#properties[name];
      this.#properties[name] = held;
    }
    this.#names.add(name);
    return this;
  }

  /** Whether a value with this name exists. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Removes a value; returns whether it existed. */
  delete(name: string): boolean {
    return this.#names.delete(name) && delete this.#properties[name];
  }

  /** Removes all values. */
  clear(): void {
    for (const name of this.keys()) this.delete(name);
  }

  /**
   * Removes and returns a value; `pop`.
   *
   * @throws KeyError if it does not exist.
   */
  pop(name: string): Held<T> {
    if (!this.has(name)) throw new KeyError(`ParameterDict has no value '${textOf(name)}'`);
    const value = this.#properties[name];
    this.delete(name);
    return value;
  }

  /** The value with a name, which is added if it does not exist; `setdefault`. */
  setDefault(name: string, value: T): Held<T> {
    if (!this.has(name)) this.set(name, value);
    return this.#properties[name];
  }

  /** A container with the same values; `copy`. */
  copy(): ParameterDict<T> {
    return new ParameterDict<T>(this.entries() as unknown as [string, T][]);
  }

  /** The names in order. */
  keys(): string[] {
    return [...this.#names];
  }

  /** The values in order. */
  values(): Held<T>[] {
    return this.keys().map((name) => this.#properties[name]);
  }

  /** The names and values in order. */
  entries(): [string, Held<T>][] {
    return this.keys().map((name) => [name, this.#properties[name]]);
  }

  /** The names and values in order. */
  [Symbol.iterator](): ArrayIterator<[string, Held<T>]> {
    return this.entries().values();
  }

  /**
   * Adds the values of an object, sorted by name, of another container, or of pairs.
   *
   * @throws TypeError for anything else.
   */
  update(parameters: Readonly<Record<string, T>> | Iterable<readonly [string, T]>): void {
    const isIterable = typeof (parameters as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] === 'function';
    if (!isIterable && !isPlainObject(parameters)) {
      throw new TypeError(
        `ParameterDict.update should be called with an object of parameters, or pairs of names and parameters, but got ${describeType(parameters)}`,
      );
    }
    const sorted = () => Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
    const entries: unknown[] = isIterable ? valuesOfIterable(parameters as Iterable<unknown>) : sorted();
    entries.forEach((entry, position) => {
      if (!Array.isArray(entry) || entry.length !== 2) {
        throw new TypeError(
          `ParameterDict update sequence element #${position} should be a pair of a name and a value, not ${describeType(entry)}`,
        );
      }
      this.set(entry[0] as string, entry[1] as T);
    });
  }

  /** @throws RuntimeError: a container of parameters cannot be called. */
  override forward(..._args: unknown[]): never {
    throw new RuntimeError('ParameterDict should not be called.');
  }

  override extraRepr(): string {
    const typeText = (tensor: Tensor): string => tensor.type();
    return this.entries()
      .map(([name, value]) => line(name, value, typeText))
      .join('\n');
  }
}
