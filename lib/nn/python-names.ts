/**
 * Names of Python in state dicts. A property here is in camel case, where Python's attribute is in snake case:
 * `runningMean` is `running_mean`.
 */

import type { Module } from './module';
import { registryOf } from './registry';

/** The names that the parts of a module had in the last state dict that was loaded, where they were Python's. */
const lastNames = new WeakMap<Module, Map<string, string>>();

/** Runs `register`, which gives a module a part whose name is that of Python already. */
export function keepPythonName<T>(module: Module, name: string, register: () => T): T {
  const part = register();
  lastNames.set(module, (lastNames.get(module) ?? new Map<string, string>()).set(name, name));
  return part;
}

export function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function snakeCase(name: string): string {
  return name.replace(/(?<=[^_A-Z])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Python's name of a property: the one that it was last loaded from, or else the property in snake case. */
export function pythonName(module: Module, property: string): string {
  return lastNames.get(module)?.get(property) ?? snakeCase(property);
}

/** Finds the properties that the names of a state dict mean. */
export class NameReader {
  /** The parameters, buffers and submodules of each module; null for what has no parts. */
  private readonly parts = new Map<Module, Map<string, Module | null>>();

  constructor(private readonly root: Module) {}

  /**
   * Translates a dotted name to property names. Where a part is missing as a property, its camel case spelling is tried;
   * other parts stay as they are.
   */
  toProperties(name: string): string {
    const parts = name.split('.');
    let owner: Module | null = this.root;
    for (let i = 0; i < parts.length && owner !== null; i++) {
      const known = this.partsOf(owner);
      const property = camelCase(parts[i]);
      if (!known.has(parts[i]) && known.has(property)) {
        lastNames.set(owner, (lastNames.get(owner) ?? new Map<string, string>()).set(property, parts[i]));
        parts[i] = property;
      }
      owner = known.get(parts[i]) ?? null;
    }
    return parts.join('.');
  }

  private partsOf(module: Module): Map<string, Module | null> {
    const known = this.parts.get(module);
    if (known !== undefined) return known;
    const registry = registryOf(module);
    const leaves = [...registry.entries('parameter'), ...registry.entries('buffer')].map(
      ([name]) => [name, null] as const,
    );
    const parts = new Map<string, Module | null>([...leaves, ...registry.entries('module')]);
    this.parts.set(module, parts);
    return parts;
  }
}
