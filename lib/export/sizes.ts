/** Sizes in a program: numbers, or expressions of symbols. */

import { at } from '../files/failure';
import { type Expression, parseExpression } from './expression';
import type { JsonReader } from './json-reader';

export type SymbolicSize = number | Expression;

/** `Symbol('s0', integer=True)` and `Integer(2)` as `s0` and `2`. */
function shortened(text: string): string {
  return text.replace(/Symbol\('(\w+)'[^()]*\)/g, '$1').replace(/(?:Integer|Float)\('?(-?[\d.]+)'?[^()]*\)/g, '$1');
}

/** Reads a `SymInt`. */
export function readSize(reader: JsonReader): SymbolicSize {
  const [kind, value] = reader.union();
  if (kind === 'as_int') return value.integer();
  if (kind !== 'as_expr') reader.fail('a size');
  const text = value.field('expr_str');
  const expression = at(text.place, () => parseExpression(text.string()));
  return { ...expression, text: shortened(expression.text) };
}

/** A size that must be a number: of a stored tensor. */
export function readStaticSize(reader: JsonReader): number {
  const size = readSize(reader);
  return typeof size === 'number' ? size : reader.fail('a number');
}
