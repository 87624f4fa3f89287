/** JSON text of values, with the integers and floats that Python tells apart. */

import { Float } from '../float';

/** A value that has a JSON text. Numbers are integers; a {@link Float} is a float even if it is integral. */
export type JsonValue =
  null | boolean | number | bigint | string | Float | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Python's names of floats that JSON does not have. */
const NOT_FINITE: ReadonlyMap<number, string> = new Map([
  [Infinity, '"Infinity"'],
  [-Infinity, '"-Infinity"'],
  [NaN, '"NaN"'],
]);

function floatText(value: number): string {
  const name = NOT_FINITE.get(value);
  if (name !== undefined) return name;
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The text of a value. */
export function jsonText(value: JsonValue): string {
  if (value instanceof Float) return floatText(value.float);
  if (typeof value === 'number' && !Number.isInteger(value)) return floatText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(jsonText).join(', ')}]`;
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${jsonText(item)}`);
  return `{${entries.join(', ')}}`;
}
