/**
 * Arguments of functions written in TypeScript, as Python takes them: optional arguments by position or by name, the
 * named ones in one trailing options object. One reader and one wording of each mistake for all of them.
 */

import { describeType } from './describe';
import { ValueError } from './errors';
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

/**
 * Whether a value is a plain object: made by braces or without a prototype, in this realm or another (a `vm` context,
 * jest). The prototype of such an object inherits nothing, whichever realm it is of.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** Whether a value is an options object: a plain object that is not a complex number. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  return isPlainObject(value) && !('re' in value && 'im' in value);
}

function unknownOption(api: string, name: string, names: readonly string[]): TypeError {
  const known = names.length === 0 ? 'there are no options' : `the options are ${names.join(', ')}`;
  return new TypeError(`${api}(): unknown option '${name}'; ${known}`);
}

/**
 * Checks an options object and returns it; an empty one for `undefined`. A misspelled name must not go unnoticed.
 *
 * @throws TypeError for a value that is not an options object, or an unknown name.
 */
export function checkOptions<O extends object>(
  api: string,
  options: O | undefined,
  names: readonly (keyof O & string)[],
): Partial<O> {
  if (options === undefined) return {};
  if (!isOptions(options)) {
    throw new TypeError(
      `${api}(): the options must be a plain object such as { ${names[0]}: ... }, not ${describeType(options)}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!(names as readonly string[]).includes(name)) throw unknownOption(api, name, names);
  }
  return options;
}

/**
 * Reads optional arguments into one object. `undefined` counts as not given.
 *
 * @param api - The name of the function, for messages.
 * @param args - The arguments after the required ones.
 * @param positional - Their names in Python's order.
 * @param keywordOnly - The names that may only be given by name.
 * @param required - The number of arguments before `args`, for messages.
 * @throws TypeError for an unknown option; in Python's words for too many arguments, or one given twice.
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
  const names: readonly string[] = [...positional, ...keywordOnly];
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) throw unknownOption(api, name, names);
    if (value === undefined) continue;
    if (name in read) throw new TypeError(`${api}() got multiple values for argument '${name}'`);
    read[name] = value;
  }
  return read as Partial<O>;
}

/** @throws TypeError for an argument that is not a function. */
export function checkFunction(api: string, func: unknown, name = 'func'): asserts func is AnyFunction {
  if (typeof func === 'function') return;
  throw new TypeError(`${api}(): argument '${name}' must be a function, not ${describeType(func)}`);
}

/** Checks arguments that must be booleans. */
export function checkBooleans(api: string, booleans: Readonly<Record<string, unknown>>): void {
  for (const name in booleans) {
    if (typeof booleans[name] === 'boolean') continue;
    throw new TypeError(`${api}(): argument '${name}' must be a boolean, not ${describeType(booleans[name])}`);
  }
}

/** Checks arguments that must be numbers, because they are used before an operator checks them. */
export function checkNumbers(api: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const name in numbers) {
    const value = numbers[name];
    if (typeof value === 'number') continue;
    if (value === undefined) throw new TypeError(`${api}(): missing required argument '${name}' (number)`);
    throw new TypeError(`${api}(): argument '${name}' must be a number, not ${describeType(value)}`);
  }
}

/**
 * A copy of an array.
 *
 * @throws ValueError at the first hole: a sparse array may have 2^32 of them, which take minutes to walk.
 */
export function copyDense(values: readonly unknown[]): unknown[] {
  const copy: unknown[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] === undefined && !(i in values)) {
      throw new ValueError(`an array with holes (position ${i} of ${values.length}) cannot be copied`);
    }
    copy.push(values[i]);
  }
  return copy;
}

/**
 * The values of an iterable.
 *
 * @throws ValueError at the first hole of an array.
 */
export function valuesOfIterable(values: Iterable<unknown>): unknown[] {
  return Array.isArray(values) ? copyDense(values as unknown[]) : [...values];
}

/** Checks an argument that must be an array. */
export function checkList(api: string, name: string, value: unknown): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return;
  throw new TypeError(`${api}(): argument '${name}' must be an array of numbers, not ${describeType(value)}`);
}
