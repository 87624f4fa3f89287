/**
 * Pytrees: nested arrays, plain objects and instances of registered classes, with all other values as leaves; PyTorch's
 * `torch.utils._pytree`. Every transform takes and returns them.
 *
 * JavaScript has one array type for Python's tuples and lists, so pytrees do not distinguish them.
 */

import { inspect, isDeepStrictEqual } from 'node:util';
import { isPlainObject } from './arguments';
import { describeType, quoted } from './describe';
import { ValueError } from './errors';

/** How the values of a class are flattened and rebuilt; see {@link registerPytreeNode}. */
export interface PytreeNode<T> {
  /**
   * The children, and a context with all other data that is needed to rebuild the value. Two structures are equal only
   * if their contexts are deeply equal.
   */
  flatten(value: T): { children: unknown[]; context: unknown };
  unflatten(children: unknown[], context: unknown): T;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a class of any shape
type Class = abstract new (...args: any[]) => unknown;

const registered = new Map<Class, PytreeNode<unknown>>();

/**
 * Makes the instances of a class nodes of pytrees instead of leaves.
 *
 * PyTorch: `torch.utils._pytree.register_pytree_node`.
 *
 * @example
 * ```ts
 * class Pair { constructor(public a: torch.Tensor, public b: torch.Tensor) {} }
 * torch.registerPytreeNode(Pair, {
 *   flatten: (pair) => ({ children: [pair.a, pair.b], context: null }),
 *   unflatten: ([a, b]) => new Pair(a as torch.Tensor, b as torch.Tensor),
 * });
 * const product = (pair: Pair) => pair.a.dot(pair.b);
 * torch.func.grad(product)(new Pair(torch.tensor([1, 2]), torch.tensor([3, 4]))).a; // [3, 4]
 * ```
 */
export function registerPytreeNode<T>(type: abstract new (...args: never[]) => T, node: PytreeNode<T>): void {
  if (typeof type !== 'function') {
    throw new TypeError(`registerPytreeNode(): argument 'type' must be a class, not ${describeType(type)}`);
  }
  for (const name of ['flatten', 'unflatten'] as const) {
    const method: unknown = (node as Partial<PytreeNode<T>> | null | undefined)?.[name];
    if (typeof method === 'function') continue;
    throw new TypeError(
      `registerPytreeNode(): argument 'node' must have a function '${name}', not ${describeType(method)}`,
    );
  }
  if (registered.has(type as Class)) throw new ValueError(`${type.name} is already registered as pytree node.`);
  registered.set(type as Class, node as PytreeNode<unknown>);
}

/** The structure of a pytree without its leaves. */
export type TreeSpec =
  | { readonly kind: 'leaf' }
  | {
      readonly kind: 'array';
      readonly children: readonly TreeSpec[];
      /** The names of an operator's results, by position. */
      readonly fields?: readonly (string | undefined)[];
    }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly children: readonly TreeSpec[] }
  | {
      readonly kind: 'custom';
      readonly type: Class;
      readonly context: unknown;
      readonly children: readonly TreeSpec[];
    };

const LEAF: TreeSpec = { kind: 'leaf' };

// Deeper than any structure of tensors; a cyclic structure ends here.
const MAX_DEPTH = 1000;

function nodeOf(value: object): PytreeNode<unknown> | undefined {
  return registered.size === 0 ? undefined : registered.get(value.constructor as Class);
}

function flattenNode(node: PytreeNode<unknown>, value: object): { children: unknown[]; context: unknown } {
  const parts: unknown = node.flatten(value);
  const children = (parts as { children?: unknown } | null | undefined)?.children;
  if (Array.isArray(children)) return parts as { children: unknown[]; context: unknown };
  throw new TypeError(
    `the pytree node ${describeType(value)}: flatten must return an object with an array of children, but 'children' is ${describeType(children)}`,
  );
}

type IsLeaf = (value: unknown) => boolean;

function flattenInto(value: unknown, leaves: unknown[], depth: number, isLeaf?: IsLeaf): TreeSpec {
  if (typeof value === 'object' && value !== null && isLeaf?.(value) !== true) {
    if (depth > MAX_DEPTH) throw new ValueError('the structure is nested too deeply, or contains itself');
    if (Array.isArray(value)) {
      const children: TreeSpec[] = [];
      for (let i = 0; i < value.length; i++) {
        const item: unknown = value[i];
        if (item === undefined && !(i in value)) {
          throw new ValueError(`an array with holes (position ${i} of ${value.length}) cannot be flattened`);
        }
        children.push(flattenInto(item, leaves, depth + 1, isLeaf));
      }
      const { _fields: fields } = value as { _fields?: readonly (string | undefined)[] };
      return fields === undefined ? { kind: 'array', children } : { kind: 'array', children, fields };
    }
    if (isPlainObject(value)) {
      const keys = Object.keys(value);
      return { kind: 'object', keys, children: keys.map((key) => flattenInto(value[key], leaves, depth + 1, isLeaf)) };
    }
    const node = nodeOf(value);
    if (node !== undefined) {
      const { children, context } = flattenNode(node, value);
      return {
        kind: 'custom',
        type: value.constructor as Class,
        context,
        children: children.map((child) => flattenInto(child, leaves, depth + 1, isLeaf)),
      };
    }
  }
  leaves.push(value);
  return LEAF;
}

/**
 * The leaves of a pytree, in order, and its structure. The keys of an object keep their insertion order, as in Python's
 * dicts.
 *
 * @param isLeaf - Which nodes are leaves as well.
 * @throws ValueError for a structure that contains itself.
 */
export function flatten(tree: unknown, isLeaf?: IsLeaf): { leaves: unknown[]; spec: TreeSpec } {
  const leaves: unknown[] = [];
  const spec = flattenInto(tree, leaves, 0, isLeaf);
  return { leaves, spec };
}

/** The number of leaves of a structure. */
export function leafCount(spec: TreeSpec): number {
  return spec.kind === 'leaf' ? 1 : spec.children.reduce((sum, child) => sum + leafCount(child), 0);
}

/** Where the leaf at a position of the flat list is, as an expression: `layers[0].weight`; empty for the root. */
export function leafPath(spec: TreeSpec, index: number): string {
  let path = '';
  let left = index;
  for (let node = spec; node.kind !== 'leaf';) {
    let i = 0;
    for (let count = leafCount(node.children[0]); left >= count; count = leafCount(node.children[i])) {
      left -= count;
      i += 1;
    }
    const key = node.kind === 'object' ? node.keys[i] : String(i);
    const isName = node.kind === 'object' && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key);
    path += isName ? `${path === '' ? '' : '.'}${key}` : `[${node.kind === 'object' ? JSON.stringify(key) : key}]`;
    node = node.children[i];
  }
  return path;
}

/**
 * Gives the items of an array names. As in native/operators/results.cpp they are not enumerable: the array prints and
 * iterates as an array.
 */
export function withFields(items: unknown[], fields: readonly (string | undefined)[]): unknown[] {
  fields.forEach((name, i) => {
    if (name !== undefined) Object.defineProperty(items, name, { value: items[i], writable: true });
  });
  return Object.defineProperty(items, '_fields', { value: fields, writable: true });
}

function build(spec: TreeSpec, next: () => unknown): unknown {
  switch (spec.kind) {
    case 'leaf':
      return next();
    case 'array': {
      const items = spec.children.map((child) => build(child, next));
      return spec.fields === undefined ? items : withFields(items, spec.fields);
    }
    case 'object': {
      const result: Record<string, unknown> = {};
      spec.keys.forEach((key, i) => {
        const child = build(spec.children[i], next);
        // An assignment would change the prototype.
        if (key === '__proto__') {
          Object.defineProperty(result, key, { value: child, enumerable: true, configurable: true, writable: true });
        } else {
          result[key] = child;
        }
      });
      return result;
    }
    case 'custom':
      return registered.get(spec.type)!.unflatten(
        spec.children.map((child) => build(child, next)),
        spec.context,
      );
  }
}

/**
 * The pytree with this structure and these leaves.
 *
 * @throws ValueError if the number of leaves does not match the structure.
 */
export function unflatten(leaves: readonly unknown[], spec: TreeSpec): unknown {
  const expected = leafCount(spec);
  if (leaves.length !== expected) {
    throw new ValueError(
      `treespec.unflatten(leaves): \`leaves\` has length ${leaves.length} but the spec refers to a pytree that holds ${expected} items (${specToString(spec)}).`,
    );
  }
  let i = 0;
  return build(spec, () => leaves[i++]);
}

/** The pytree with `f` applied to every leaf. */
export function treeMap(tree: unknown, f: (leaf: unknown) => unknown, isLeaf?: IsLeaf): unknown {
  if (typeof tree !== 'object' || tree === null) return f(tree);
  const { leaves, spec } = flatten(tree, isLeaf);
  return unflatten(leaves.map(f), spec);
}

/** Whether two structures are equal, including the order of an object's keys. */
export function specEquals(a: TreeSpec, b: TreeSpec): boolean {
  if (a.kind === 'leaf' || b.kind === 'leaf') return a.kind === b.kind;
  if (a.kind !== b.kind || a.children.length !== b.children.length) return false;
  if (a.kind === 'object' && b.kind === 'object' && a.keys.some((key, i) => key !== b.keys[i])) return false;
  if (a.kind === 'custom' && b.kind === 'custom' && (a.type !== b.type || !isDeepStrictEqual(a.context, b.context)))
    return false;
  return a.children.every((child, i) => specEquals(child, b.children[i]));
}

/**
 * Expands a prefix of a structure to one value per leaf: a leaf of the prefix stands for all leaves below it. Null if
 * the prefix does not match.
 */
export function broadcastPrefix(prefix: unknown, spec: TreeSpec): unknown[] | null {
  const result: unknown[] = [];
  const walk = (part: unknown, full: TreeSpec): boolean => {
    const isNode =
      typeof part === 'object' &&
      part !== null &&
      (Array.isArray(part) || isPlainObject(part) || nodeOf(part) !== undefined);
    if (!isNode) {
      for (let n = leafCount(full); n > 0; n--) result.push(part);
      return true;
    }
    if (full.kind === 'array') {
      return (
        Array.isArray(part) && part.length === full.children.length && part.every((p, i) => walk(p, full.children[i]))
      );
    }
    if (full.kind === 'object') {
      if (!isPlainObject(part) || Object.keys(part).length !== full.keys.length) return false;
      return full.keys.every((key, i) => Object.hasOwn(part, key) && walk(part[key], full.children[i]));
    }
    if (full.kind === 'custom') {
      if (part.constructor !== full.type) return false;
      const { children } = flattenNode(nodeOf(part)!, part);
      return children.length === full.children.length && children.every((p, i) => walk(p, full.children[i]));
    }
    return false;
  };
  return walk(prefix, spec) ? result : null;
}

// On one line of any length.
const contextText = (context: unknown): string => inspect(context, { breakLength: Infinity, compact: true, depth: 4 });

/** The structure as PyTorch prints a `TreeSpec`. */
export function specToString(spec: TreeSpec, indent = 0): string {
  if (spec.kind === 'leaf') return '*';
  const [type, context] =
    spec.kind === 'array'
      ? ['tuple', 'None']
      : spec.kind === 'object'
        ? ['dict', `[${quoted(spec.keys)}]`]
        : [spec.type.name, contextText(spec.context)];
  const separator = `,\n${' '.repeat(indent + 2)}`;
  const children = spec.children.map((child) => specToString(child, indent + 2)).join(separator);
  return `TreeSpec(${type}, ${context}, [${children}])`;
}

/** The structure with `*` for every leaf: `(*, {'a': *})`. */
export function specToShortString(spec: TreeSpec): string {
  if (spec.kind === 'leaf') return '*';
  const children = spec.children.map(specToShortString);
  if (spec.kind === 'object') return `{${spec.keys.map((key, i) => `'${key}': ${children[i]}`).join(', ')}}`;
  const inner = children.length === 1 ? `${children[0]},` : children.join(', ');
  if (spec.kind === 'array') return `(${inner})`;
  // Two structures may differ only in their contexts.
  const context = spec.context == null ? '' : `; ${contextText(spec.context)}`;
  return `${spec.type.name}(${inner}${context})`;
}
