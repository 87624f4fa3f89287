/** Checks of arguments that TypeScript code looks into before an operator does. */

import { native } from '../../native';

/** The type of a value as the operators name it in their messages. */
function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value !== 'object') return typeof value;
  return native.isTensor(value) ? 'Tensor' : ((value.constructor as { name?: string } | undefined)?.name ?? 'object');
}

/** Checks arguments that must be tensors, before their shapes are read. */
export function checkTensors(func: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) {
    const value = tensors[name];
    if (native.isTensor(value)) continue;
    if (value === undefined) throw new TypeError(`${func}(): missing required argument '${name}' (Tensor)`);
    throw new TypeError(`${func}(): argument '${name}' must be Tensor, not ${typeName(value)}`);
  }
}

/** Checks arguments that must be tensors or left out. */
export function checkOptionalTensors(func: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) {
    const value = tensors[name];
    if (value == null || native.isTensor(value)) continue;
    throw new TypeError(`${func}(): argument '${name}' must be Tensor or null, not ${typeName(value)}`);
  }
}

/** Checks arguments that must be numbers, which are compared or multiplied before an operator sees them. */
export function checkNumbers(func: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const name in numbers) {
    const value = numbers[name];
    if (typeof value === 'number') continue;
    if (value === undefined) throw new TypeError(`${func}(): missing required argument '${name}' (number)`);
    throw new TypeError(`${func}(): argument '${name}' must be a number, not ${typeName(value)}`);
  }
}

/** Checks an argument that must be an array. */
export function checkList(func: string, name: string, value: unknown): asserts value is readonly unknown[] {
  if (Array.isArray(value)) return;
  throw new TypeError(`${func}(): argument '${name}' must be an array of numbers, not ${typeName(value)}`);
}

/** A size for each of `count` dimensions: a number stands for all of them. */
export function expandSize(func: string, name: string, size: number | readonly number[], count: number): number[] {
  if (typeof size === 'number') return new Array<number>(count).fill(size);
  if (Array.isArray(size) && size.every((item) => typeof item === 'number')) {
    if (size.length === 1) return new Array<number>(count).fill(size[0] as number);
    if (size.length === count) return [...(size as number[])];
    throw new TypeError(`${func}(): argument '${name}' must have 1 or ${count} elements, not ${size.length}`);
  }
  throw new TypeError(`${func}(): argument '${name}' must be a number or an array of numbers, not ${typeName(size)}`);
}
