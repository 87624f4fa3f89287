/** Python's values as JavaScript's. */

import { Complex } from '../complex';
import { Device } from '../device';
import { ValueError } from '../errors';
import { native } from '../native';
import { type Versions, setVersions } from '../nn/module-state';
import { PyDict, PyGlobal, PySequence, PySet, describePython } from '../pickle/values';
import { PyDtype } from './globals';

/** Deeper than any checkpoint is nested. Keeps a hostile file from exhausting the stack. */
const MAX_DEPTH = 500;

/** Converts what the pickle reader returned. An object that occurs twice stays one object. */
export function toJavaScript(value: unknown): unknown {
  return new Conversion().convert(value, 0);
}

class Conversion {
  private readonly done = new Map<unknown, unknown>();

  convert(value: unknown, depth: number): unknown {
    if (value === null || typeof value !== 'object') return value;
    if (native.isTensor(value) || value instanceof Device || value instanceof Complex) return value;
    if (value instanceof Uint8Array) return value;
    if (value instanceof PyGlobal && value.value instanceof PyDtype) return value.value.dtype;
    if (this.done.has(value)) return this.done.get(value);
    if (depth > MAX_DEPTH) throw new ValueError(`the value is nested more than ${MAX_DEPTH} times`);
    if (value instanceof PySequence) return this.sequence(value, depth + 1);
    if (value instanceof PyDict) return this.dict(value, depth + 1);
    if (value instanceof PySet) return this.set(value, depth + 1);
    throw new ValueError(`${describePython(value)} is not a value that JavaScript has`);
  }

  private sequence(value: PySequence, depth: number): unknown[] {
    const array: unknown[] = [];
    this.done.set(value, array);
    for (const item of value.items) array.push(this.convert(item, depth));
    // A frozen array stands for a tuple.
    return value.isList ? array : (Object.freeze(array) as unknown[]);
  }

  private dict(value: PyDict, depth: number): unknown {
    if (![...value.entries.keys()].every((key) => typeof key === 'string')) return this.map(value, depth);
    const object: Record<string, unknown> = {};
    this.done.set(value, object);
    for (const [key, item] of value.entries) {
      // An assignment to '__proto__' would set the prototype.
      const property = { value: this.convert(item, depth), enumerable: true, writable: true, configurable: true };
      Object.defineProperty(object, key as string, property);
    }
    if (value.isOrdered) setVersions(object, versionsOf(value.attributes));
    return object;
  }

  private map(value: PyDict, depth: number): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    this.done.set(value, map);
    for (const [key, item] of value.entries) map.set(this.convert(key, depth), this.convert(item, depth));
    return map;
  }

  private set(value: PySet, depth: number): Set<unknown> {
    const set = new Set<unknown>();
    this.done.set(value, set);
    for (const item of value.items) set.add(this.convert(item, depth));
    return set;
  }
}

/** The versions of modules in the attribute `_metadata` of a state dict: `{'bn': {'version': 2}}`. */
function versionsOf(attributes: PyDict | undefined): Versions {
  const versions: Versions = Object.create(null) as Versions;
  const metadata = attributes?.entries.get('_metadata');
  if (!(metadata instanceof PyDict)) return versions;
  for (const [path, entry] of metadata.entries) {
    const version = entry instanceof PyDict ? entry.entries.get('version') : undefined;
    if (typeof path === 'string' && typeof version === 'number') versions[path === '' ? '' : `${path}.`] = version;
  }
  return versions;
}
