/** The structure of a program's inputs and outputs: Python's `TreeSpec`, as `torch.export` writes it. */

import { isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { JsonCursor } from '../files/json';
import { at } from '../files/failure';
import type * as pytree from '../pytree';
import { JsonReader } from './json-reader';

/** Structures are nested in JSON texts; deeper than any model's. */
const MAX_DEPTH = 300;

/** Types whose context is their keys. */
const DICTS = ['builtins.dict', 'collections.OrderedDict'];

const SEQUENCES = ['builtins.tuple', 'builtins.list', 'collections.deque'];

/** The fields of the named tuples in a program, by the serialized names of their classes. */
export type NamedTuples = ReadonlyMap<string, readonly string[]>;

function parse(text: string): JsonReader {
  const cursor = new JsonCursor(text, MAX_DEPTH);
  const value = cursor.value();
  cursor.end();
  return new JsonReader(value);
}

function readKeys(context: JsonReader, count: number): string[] {
  const text = context.string();
  const keys = at(context.place, () =>
    parse(text)
      .items()
      .map((key) => key.string()),
  );
  if (keys.length !== count || new Set(keys).size !== count) context.refuse(`must have ${count} different keys`);
  return keys;
}

function readSpec(node: JsonReader, namedTuples: NamedTuples): pytree.TreeSpec {
  const type = node.field('type');
  if (type.isNull) return { kind: 'leaf' };
  const name = type.string();
  const children = node
    .field('children_spec')
    .items()
    .map((child) => readSpec(child, namedTuples));
  const context = node.field('context');
  if (DICTS.includes(name)) return { kind: 'object', keys: readKeys(context, children.length), children };
  if (name === 'collections.defaultdict') {
    // Its context has the keys beside the type of missing values, which JavaScript does not have.
    const text = context.string();
    const keys = at(context.place, () =>
      parse(text)
        .field('dict_context')
        .items()
        .map((key) => key.string()),
    );
    if (keys.length !== children.length) context.refuse(`must have ${children.length} keys`);
    return { kind: 'object', keys, children };
  }
  if (SEQUENCES.includes(name)) return { kind: 'array', children };
  const tuple = name === 'collections.namedtuple' ? context.string() : name;
  const fields = namedTuples.get(tuple);
  if (fields?.length === children.length) return { kind: 'array', children, fields };
  return type.refuse(`is the class ${JSON.stringify(tuple.slice(0, 80))}, which is not a type of pytrees here`);
}

/** Reads a structure from the string in a program. */
export function readTreeSpec(reader: JsonReader, namedTuples: NamedTuples): pytree.TreeSpec {
  const text = reader.string();
  return at(reader.place, () => {
    const [protocol, root, ...rest] = parse(text).items();
    if (protocol?.integer() !== 1 || root === undefined || rest.length > 0) reader.refuse('must have protocol 1');
    return readSpec(root, namedTuples);
  });
}

/** Appends the leaves of a value that has a structure; the keys of an object may be in any order. */
export function flattenAs(
  value: unknown,
  spec: pytree.TreeSpec,
  leaves: unknown[],
  refuse: (expected: string, found: string) => never,
): void {
  if (spec.kind === 'leaf') {
    leaves.push(value);
  } else if (spec.kind === 'array') {
    if (!Array.isArray(value)) refuse('an array', describeType(value));
    if (value.length !== spec.children.length) {
      refuse(`an array of ${spec.children.length} values`, `one of ${value.length}`);
    }
    spec.children.forEach((child, i) => flattenAs((value as unknown[])[i], child, leaves, refuse));
  } else if (spec.kind === 'object') {
    const keys = spec.keys.join(', ');
    if (!isPlainObject(value)) refuse(`an object with the keys ${keys}`, describeType(value));
    const given = Object.keys(value);
    if (given.length !== spec.keys.length || !spec.keys.every((key) => Object.hasOwn(value, key))) {
      refuse(`an object with the keys ${keys}`, `one with ${given.join(', ') || 'none'}`);
    }
    spec.keys.forEach((key, i) => flattenAs(value[key], spec.children[i], leaves, refuse));
  }
}
