/** The structure of arguments and results as Python's `TreeSpec`: what tree-spec.ts reads. */

import { describeType } from '../describe';
import { type JsonValue, jsonText } from '../files/json-text';
import type * as pytree from '../pytree';

const PROTOCOL = 1;

const LEAF: JsonValue = { type: null, context: null, children_spec: [] };

const node = (type: string, context: string, children: readonly JsonValue[]): JsonValue => ({
  type: `builtins.${type}`,
  context,
  children_spec: children,
});

/**
 * @param value - The value that has the structure: its frozen arrays are tuples in Python, the others lists.
 * @param place - Where the value is, for errors.
 */
function specJson(spec: pytree.TreeSpec, value: unknown, place: string): JsonValue {
  switch (spec.kind) {
    case 'leaf':
      return LEAF;
    case 'array': {
      const items = spec.children.map((child, i) => specJson(child, (value as unknown[])[i], `${place}[${i}]`));
      return node(Object.isFrozen(value) ? 'tuple' : 'list', 'null', items);
    }
    case 'object': {
      const items = spec.children.map((child, i) => {
        const key = spec.keys[i];
        return specJson(child, (value as Record<string, unknown>)[key], `${place}[${JSON.stringify(key)}]`);
      });
      return node('dict', jsonText(spec.keys), items);
    }
    case 'custom':
      throw new TypeError(
        `export.export(): ${place} is ${describeType(value)}, which is not a type of pytrees in Python`,
      );
  }
}

/** The results of a function: all arrays are tuples, as those that Python's functions return. */
function resultJson(spec: pytree.TreeSpec, place: string): JsonValue {
  if (spec.kind === 'leaf') return LEAF;
  if (spec.kind === 'custom') {
    throw new TypeError(
      `export.export(): ${place} has an instance of the class ${spec.type.name}, which is not a type of pytrees in Python`,
    );
  }
  const children = spec.children.map((child) => resultJson(child, place));
  return spec.kind === 'array' ? node('tuple', 'null', children) : node('dict', jsonText(spec.keys), children);
}

/** The text of the structure of arguments, by position and by name. */
export function argumentSpecText(
  positional: pytree.TreeSpec,
  named: pytree.TreeSpec,
  args: readonly unknown[],
  kwargs: object,
): string {
  const children = positional.kind === 'array' ? positional.children : [];
  const items = children.map((child, i) => specJson(child, args[i], `the argument ${i}`));
  const root = node('tuple', 'null', [node('tuple', 'null', items), specJson(named, kwargs, "option 'kwargs'")]);
  return jsonText([PROTOCOL, root]);
}

/** The text of the structure of results. */
export const resultSpecText = (spec: pytree.TreeSpec): string => jsonText([PROTOCOL, resultJson(spec, 'the result')]);
