/**
 * Arguments as Python takes them, for functions written in TypeScript: optional ones by position or
 * by name, names in one trailing options object.
 */

import { describeType } from './describe';
import { native } from './native';
import type { AnyFunction } from './types';

type Prefixes<P extends readonly unknown[]> = P extends readonly []
  ? []
  : P | (P extends readonly [...infer Init, unknown] ? Prefixes<Init> : []);

type WithOptions<P, O> = P extends readonly unknown[] ? [...{ [K in keyof P]: P[K] | undefined }, options: O] : never;

/**
 * The rest parameter of a function whose optional arguments `P` (a tuple, in Python's order) may
 * also be given by name: any number of them by position, then an options object `O`.
 *
 * A function declared with `...rest: Optional<[p: number, training: boolean], DropoutOptions>` can be
 * called as `dropout(x)`, `dropout(x, 0.5, true)`, `dropout(x, 0.5, { training: false })`.
 */
export type Optional<P extends readonly unknown[], O> = Partial<P> | WithOptions<Prefixes<P>, O>;

/** Whether a value is an options object: plain, of this realm or another, and no complex number. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || native.isTensor(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return !('re' in value && 'im' in value);
}

/**
 * Reads optional arguments into one object. `undefined` counts as not given.
 *
 * @param api - PyTorch's name of the function, for messages.
 * @param args - What came after the required arguments.
 * @param positional - Their names in Python's order.
 * @param keywordOnly - The names that may only be given by name.
 * @param required - How many arguments came before `args`, for messages.
 * @throws TypeError, in Python's words, for too many arguments, an unknown name, or one given twice.
 */
export function readOptions<O extends object>(
  api: string,
  args: readonly unknown[],
  positional: readonly (keyof O & string)[],
  keywordOnly: readonly (keyof O & string)[] = [],
  required = 1,
): Partial<O> {
  const last = args.at(-1);
  const options = isOptions(last) ? last : {};
  const values = isOptions(last) ? args.slice(0, -1) : args;
  if (values.length > positional.length) {
    const most = required + positional.length;
    throw new TypeError(
      `${api}() takes ${positional.length === 0 ? '' : `from ${required} to `}${most} positional arguments but ${required + values.length} were given`,
    );
  }
  const read: Record<string, unknown> = {};
  values.forEach((value, i) => {
    if (value !== undefined) read[positional[i]] = value;
  });
  const known: readonly string[] = [...positional, ...keywordOnly];
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) {
      throw new TypeError(
        `${api}() got an unexpected keyword argument '${name}'${known.length === 0 ? '' : `; the options are ${known.join(', ')}`}`,
      );
    }
    if (value === undefined) continue;
    if (name in read) throw new TypeError(`${api}() got multiple values for argument '${name}'`);
    read[name] = value;
  }
  return read as Partial<O>;
}

export function checkFunction(api: string, func: unknown): asserts func is AnyFunction {
  if (typeof func !== 'function') {
    throw new TypeError(`${api}: argument 'func' must be a function, not ${describeType(func)}`);
  }
}

/** Reads a transform's options, refusing names that it does not have: a typo must not go unnoticed. */
export function checkOptions(api: string, options: unknown, names: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options) || native.isTensor(options)) {
    throw new TypeError(`${api}: the options must be an object such as { ${names[0]} }, not ${describeType(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new TypeError(`${api}: unknown option '${name}'; the options are ${names.join(', ')}`);
    }
  }
}

/** Checks arguments that must be tensors, before their shapes are read. */
export function checkTensors(func: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) {
    const value = tensors[name];
    if (native.isTensor(value)) continue;
    if (value === undefined) throw new TypeError(`${func}(): missing required argument '${name}' (Tensor)`);
    throw new TypeError(`${func}(): argument '${name}' must be Tensor, not ${describeType(value)}`);
  }
}

/** Checks arguments that must be tensors if they are given. */
export function checkOptionalTensors(func: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) {
    const value = tensors[name];
    if (value == null || native.isTensor(value)) continue;
    throw new TypeError(`${func}(): argument '${name}' must be Tensor or null, not ${describeType(value)}`);
  }
}

/** Checks arguments that must be numbers, because they are used before an operator checks them. */
export function checkNumbers(func: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const name in numbers) {
    const value = numbers[name];
    if (typeof value === 'number') continue;
    if (value === undefined) throw new TypeError(`${func}(): missing required argument '${name}' (number)`);
    throw new TypeError(`${func}(): argument '${name}' must be a number, not ${describeType(value)}`);
  }
}

/** Checks an argument that must be an array. */
export function checkList(func: string, name: string, value: unknown): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return;
  throw new TypeError(`${func}(): argument '${name}' must be an array of numbers, not ${describeType(value)}`);
}
