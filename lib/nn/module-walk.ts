/** Ways through the tree of a module: all modules, all tensors, one by its dotted name. */

import { describeType } from '../describe';
import { AttributeError } from '../errors';
import type { Tensor } from '../tensor';
import { Callable } from './callable';
import { registryOf } from './module';
import type { Module } from './module';
import type { Registry } from './registry';

/** The options of `Module.namedModules` and of those that go through it. */
export interface NamedModulesOptions {
  /** Goes before every name, with a dot; empty by default. */
  prefix?: string;
  /** Whether what is reached by several names comes under the first only; true by default. */
  removeDuplicate?: boolean;
}

/** The options of `Module.namedParameters` and `Module.namedBuffers`. */
export interface NamedMembersOptions extends NamedModulesOptions {
  /** Whether those of the submodules come too; true by default. */
  recurse?: boolean;
}

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** The module and all below it with their names. */
export function walkModules(root: Module, options: NamedModulesOptions): [string, Module][] {
  const { prefix = '', removeDuplicate = true } = options;
  const found: [string, Module][] = [];
  const seen = new Set<Module>();
  const walk = (module: Module, path: string): void => {
    if (seen.has(module)) return;
    if (removeDuplicate) seen.add(module);
    found.push([path, module]);
    for (const [name, child] of registryOf(module).entries('module')) {
      if (child !== null) walk(child, joined(path, name));
    }
  };
  walk(root, prefix);
  return found;
}

/** The tensors that `entries` gives of each module, with their names. */
export function walkMembers<T extends Tensor>(
  root: Module,
  options: NamedMembersOptions,
  entries: (registry: Registry) => [string, T | null][],
): [string, T][] {
  const { prefix = '', recurse = true, removeDuplicate = true } = options;
  const modules: [string, Module][] = recurse ? walkModules(root, { prefix, removeDuplicate }) : [[prefix, root]];
  const found: [string, T][] = [];
  const seen = new Set<T>();
  for (const [path, module] of modules) {
    for (const [name, tensor] of entries(registryOf(module))) {
      if (tensor === null || seen.has(tensor)) continue;
      if (removeDuplicate) seen.add(tensor);
      found.push([joined(path, name), tensor]);
    }
  }
  return found;
}

function noAttribute(module: Module, name: string): AttributeError {
  return new AttributeError(`${module.constructor.name} has no attribute \`${name}\``);
}

function step(module: Module, name: string): Module {
  if (!(name in module)) throw noAttribute(module, name);
  const next = (module as unknown as Record<string, unknown>)[name];
  if (!(next instanceof Callable)) throw new AttributeError(`\`${name}\` is not an nn.Module`);
  return next as Module;
}

function checkTarget(target: unknown): void {
  if (typeof target === 'string') return;
  throw new TypeError(`argument 'target' must be a string such as 'layers.0', not ${describeType(target)}`);
}

/** The submodule of a dotted name, the module itself for an empty one. */
export function submoduleOf(root: Module, target: string): Module {
  checkTarget(target);
  return target === '' ? root : target.split('.').reduce(step, root);
}

/** The module that the last part of a dotted name belongs to, that part, and what is there. */
export function locate(
  root: Module,
  target: string,
  mustExist = false,
): { parent: Module; name: string; value: unknown } {
  checkTarget(target);
  const dot = target.lastIndexOf('.');
  const parent = submoduleOf(root, target.slice(0, Math.max(dot, 0)));
  const name = target.slice(dot + 1);
  if (mustExist && !(name in parent)) throw noAttribute(parent, name);
  return { parent, name, value: (parent as unknown as Record<string, unknown>)[name] };
}
