/** The arguments of a recorded call, as the function gets them. */

import { isPlainObject } from '../arguments';
import { native } from '../native';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';

type Container = unknown[] | Record<string, unknown>;

/** An array or object among the arguments, and what was in it when the call began. */
interface Given {
  given: Container;
  /** What the function gets: the array or object itself, if there is no tensor in it. */
  own: Container;
  keys: readonly string[] | null;
  items: readonly unknown[];
}

const keysOf = (container: Container): string[] | null => (Array.isArray(container) ? null : Object.keys(container));
const itemsOf = (container: Container): unknown[] =>
  Array.isArray(container) ? container.slice() : Object.values(container);

type Fields = readonly (string | undefined)[];

const fieldsOf = (array: unknown[]): Fields | undefined => (array as { _fields?: Fields })._fields;

/** Whether there is more in an array or object than the signature of a call shows: symbols, names of an array, ... */
function hidesProperties(container: Container): boolean {
  const count = Reflect.ownKeys(container).length;
  if (!Array.isArray(container)) return count !== Object.keys(container).length;
  const fields = fieldsOf(container);
  const names = fields === undefined ? 0 : new Set([...fields.filter((name) => name !== undefined), '_fields']).size;
  return count !== container.length + 1 + names;
}

function differs<T>(before: readonly T[] | null, now: readonly T[] | null): boolean {
  if (before === null || now === null) return before !== now;
  return before.length !== now.length || before.some((item, i) => !Object.is(item, now[i]));
}

const isChanged = ({ own, keys, items }: Given): boolean => differs(items, itemsOf(own)) || differs(keys, keysOf(own));

/**
 * The arguments with tensors of their own, which share memory with the given ones: so a tensor that is given twice, or
 * that the function also knows from outside, is another one in each place. Arrays and objects that hold tensors are
 * copies.
 */
export class OwnArguments {
  readonly values: readonly unknown[];
  readonly #tensors = new Map<Tensor, Tensor>();
  readonly #containers: Given[] = [];

  constructor(args: readonly unknown[]) {
    this.values = args.map((arg) => this.#own(arg, 0));
  }

  /** Why the function has done to its arguments what a recording cannot repeat; null if it has not. */
  whyNotRepeatable(): string | null {
    if (this.#containers.some(isChanged)) return 'the function changes an array or object among its arguments';
    if (this.#containers.some(({ given }) => hidesProperties(given))) {
      return 'an array among the arguments has named properties, or an object has some with symbols as keys, or not enumerable';
    }
    return [...this.#tensors.keys()].some((own) => own.isDisposed) ? 'the function disposes of an argument' : null;
  }

  /** Whether this is a tensor of the function's own. */
  readonly has = (value: unknown): boolean => this.#tensors.has(value as Tensor);

  /** The tensor of the caller in the place of that of the function; anything else as it is. */
  readonly given = (value: unknown): unknown => this.#tensors.get(value as Tensor) ?? value;

  /** Does to the given arguments what the function has done to its own, except for what their memory shows already. */
  giveBack(): void {
    for (const [own, given] of this.#tensors) {
      if (own.isDisposed) given.dispose();
      else if (!given.isDisposed) native.takeState(given, own);
    }
    for (const container of this.#containers) {
      if (container.own !== container.given && isChanged(container)) this.#refill(container);
    }
  }

  #refill({ given, own }: Given): void {
    const original = (value: unknown): unknown =>
      this.#containers.find((container) => container.own === value)?.given ?? this.given(value);
    if (Array.isArray(given)) {
      given.splice(0, given.length, ...(own as unknown[]).map(original));
      return;
    }
    for (const key of Object.keys(given)) delete given[key];
    for (const [key, value] of Object.entries(own)) given[key] = original(value);
  }

  #own(value: unknown, depth: number): unknown {
    if (native.isTensor(value)) {
      const own = native.shallowCopy(value);
      this.#tensors.set(own, value);
      return own;
    }
    if (depth > 100) return value;
    if (!Array.isArray(value) && !isPlainObject(value)) return value;
    const given: Container = value;
    const own = this.#ownContainer(given, depth);
    if (own !== null) this.#containers.push({ given, own, keys: keysOf(own), items: itemsOf(own) });
    return own ?? value;
  }

  /** The array or object itself if there is no tensor in it; null for an array with holes, which the addon refuses. */
  #ownContainer(given: Container, depth: number): Container | null {
    const before = this.#tensors.size;
    if (Array.isArray(given)) {
      const items: unknown[] = [];
      for (let i = 0; i < given.length; i++) {
        // There may be billions of holes.
        if (!(i in given)) return null;
        items.push(this.#own(given[i], depth + 1));
      }
      if (this.#tensors.size === before) return given;
      const fields = fieldsOf(given);
      return fields === undefined ? items : pytree.withFields(items, fields);
    }
    const properties = Object.getOwnPropertyDescriptors(given);
    for (const key of Object.keys(given)) {
      const value = this.#own(given[key], depth + 1);
      properties[key] = { value, writable: true, enumerable: true, configurable: true };
    }
    if (this.#tensors.size === before) return given;
    return Object.create(Object.getPrototypeOf(given) as object | null, properties) as Container;
  }
}
