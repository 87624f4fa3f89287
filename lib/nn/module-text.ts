/** Modules as Python prints them: class, options in Python's spelling, submodules indented. */

import { textOf } from '../describe';
import type { Module } from './module';

/** A value as Python's `repr`: `True`, `None`, `'mean'`, `(3, 3)`, `1e-05`. */
export function pythonRepr(value: unknown, depth = 0): string {
  if (depth > 8) return '...';
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value))
    return `(${value.map((item) => pythonRepr(item, depth + 1)).join(', ')}${value.length === 1 ? ',' : ''})`;
  if (typeof value === 'number' && !Number.isInteger(value)) {
    // Python switches to exponents one digit earlier, and writes them with two digits.
    const text = value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value);
    return text.replace(/e([+-])(\d)$/, 'e$10$2').replace('Infinity', 'inf');
  }
  return textOf(value);
}

/** A number that is a `float` in Python: `20.0`. */
export function pythonFloat(value: number | null): string {
  return value !== null && Number.isInteger(value) ? value.toFixed(1) : pythonRepr(value);
}

/** `name=value, ...`: the `extra_repr` of most modules. */
export function optionsRepr(options: Record<string, unknown>): string {
  return Object.entries(options)
    .map(([name, value]) => `${name}=${pythonRepr(value)}`)
    .join(', ');
}

function indented(text: string): string {
  return text.replaceAll(/\n(?=.*\S)/g, '\n  ');
}

/** The text of a module, given the texts of its parts. */
export function moduleText(name: string, extra: string, children: readonly string[]): string {
  const extraLines = extra === '' ? [] : extra.split('\n');
  const lines = [...extraLines, ...children.map(indented)];
  if (lines.length === 0) return `${name}()`;
  if (lines.length === 1 && children.length === 0) return `${name}(${lines[0]})`;
  return `${name}(\n  ${lines.join('\n  ')}\n)`;
}

/** The text of a module with its submodules, given as pairs of names and modules. */
export function treeText(module: Module, children: readonly [string, Module | null][]): string {
  return moduleText(
    module.constructor.name,
    module.extraRepr(),
    children.map(([name, child]) => `(${name}): ${child === null ? 'None' : child.toString()}`),
  );
}
