/** Which sizes of the arguments vary, and arguments with another size. */

import { isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';

/**
 * For each argument the dimensions that vary, with the name of the size: `{ 0: 'batch' }` for a tensor, arrays and objects
 * of these for nested arguments, and null for those that do not vary.
 */
export type DynamicShapes =
  | Readonly<Record<number, string>>
  | readonly (DynamicShapes | null)[]
  | { readonly [key: string]: DynamicShapes | null };

/** The varying dimensions of each tensor, and the size that they have. */
export interface DynamicSize {
  readonly name: string;
  readonly size: number;
  readonly dims: ReadonlyMap<Tensor, readonly number[]>;
}

const OPTION = "export.export(): option 'dynamicShapes'";

/** Dimensions with the same name have the same size; a program has one such name. */
export function readDynamicShapes(shapes: unknown, args: readonly unknown[]): DynamicSize | null {
  const dims = new Map<Tensor, number[]>();
  const names = new Set<string>();
  const sizes = new Set<number>();
  const readTensor = (tensor: Tensor, given: object, place: string): void => {
    for (const [key, name] of Object.entries(given)) {
      const dim = Number(key);
      if (!Number.isInteger(dim) || dim < 0 || dim >= native.dim(tensor)) {
        throw new ValueError(`${OPTION}: ${place} has ${native.dim(tensor)} dimensions, and no dimension ${key}`);
      }
      if (typeof name !== 'string' || !/^[A-Za-z_]\w*$/.test(name)) {
        throw new TypeError(`${OPTION}: dimension ${dim} of ${place} must have a name, not ${describeType(name)}`);
      }
      names.add(name);
      sizes.add(native.sizes(tensor)[dim]);
      dims.set(tensor, [...(dims.get(tensor) ?? []), dim]);
    }
  };
  const read = (given: unknown, value: unknown, place: string): void => {
    if (given === null || given === undefined) return;
    const refuse = (expected: string): never => {
      throw new TypeError(`${OPTION} must have ${expected} for ${place}, not ${describeType(given)}`);
    };
    if (native.isTensor(value)) {
      if (!isPlainObject(given)) refuse("an object such as { 0: 'batch' }");
      readTensor(value, given as object, place);
    } else if (Array.isArray(value)) {
      if (!Array.isArray(given) || given.length !== value.length) refuse(`an array of ${value.length} items`);
      value.forEach((item, i) => read((given as unknown[])[i], item, `${place}[${i}]`));
    } else if (isPlainObject(value)) {
      if (!isPlainObject(given)) refuse('an object');
      const object = given as Record<string, unknown>;
      const unknown = Object.keys(object).find((key) => !Object.hasOwn(value, key));
      if (unknown !== undefined) throw new TypeError(`${OPTION}: ${place} has no key '${unknown}'`);
      for (const [key, item] of Object.entries(value)) read(object[key], item, `${place}.${key}`);
    } else refuse('null');
  };
  read(shapes, args, 'args');
  if (dims.size === 0) return null;
  if (names.size > 1) {
    throw new ValueError(`${OPTION} names ${[...names].map((name) => `'${name}'`).join(' and ')}; one size may vary`);
  }
  if (sizes.size > 1)
    throw new ValueError(`${OPTION}: '${[...names][0]}' is ${[...sizes].join(' and ')} in the arguments`);
  const [size] = sizes;
  if (size < 2)
    throw new ValueError(`${OPTION}: the size '${[...names][0]}' must be at least 2 in the arguments, not ${size}`);
  return { name: [...names][0], size, dims };
}

/** A tensor whose varying dimensions have the next size, with the same order of dimensions in memory. */
function enlarged(tensor: Tensor, dims: readonly number[]): Tensor {
  const larger = dims.reduce((x, dim) => torchFunctions.cat([x, x.narrow(dim, 0, 1)], dim), tensor.detach());
  const strides = native.strides(tensor);
  const order = strides.map((_, d) => d).sort((a, b) => strides[b] - strides[a] || a - b);
  const inverse = order.map((_, d) => order.indexOf(d));
  return larger.permute(order).contiguous().permute(inverse);
}

/** The arguments with the next size. */
export function enlargedArguments(value: unknown, { dims }: DynamicSize): unknown {
  if (native.isTensor(value)) return dims.has(value) ? enlarged(value, dims.get(value)!) : value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => enlargedArguments(item, { dims } as DynamicSize));
    return Object.isFrozen(value) ? Object.freeze(items) : items;
  }
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, enlargedArguments(item, { dims } as DynamicSize)]),
  );
}
