/** Traversing a module's tree: all modules, all tensors, one entry by its dotted name. */

import { describeType } from '../describe';
import { AttributeError } from '../errors';
import type { Tensor } from '../tensor';
import { Callable } from './callable';
import type { Module } from './module';
import { registryOf } from './registry';
import type { Registry } from './registry';

/** The options of `Module.namedModules` and of the methods built on it. */
export interface NamedModulesOptions {
  /** A prefix for every name, followed by a dot; empty by default. */
  prefix?: string;
  /** Whether an entry with several names is listed under its first name only; true by default. */
  removeDuplicate?: boolean;
}

/** The options of `Module.namedParameters` and `Module.namedBuffers`. */
export interface NamedMembersOptions extends NamedModulesOptions {
  /** Whether to include the tensors of submodules; true by default. */
  recurse?: boolean;
}

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** The module and all its submodules with their names. */
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

/** The tensors that `entries` returns for each module, with their names. */
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

/** The error for a step of a dotted name that leads to something other than a module. */
type NotAModule = (path: string, name: string, value: unknown) => Error;

const notAModule: NotAModule = (_, name) => new AttributeError(`\`${name}\` is not an nn.Module`);

function follow(root: Module, steps: readonly string[], refuse: NotAModule): Module {
  return steps.reduce((module, name, i) => {
    if (!(name in module)) throw noAttribute(module, name);
    const next = (module as unknown as Record<string, unknown>)[name];
    if (!(next instanceof Callable)) throw refuse(steps.slice(0, i + 1).join('.'), name, next);
    return next as Module;
  }, root);
}

function stepsOf(target: unknown): string[] {
  if (typeof target === 'string') return target.split('.');
  throw new TypeError(`argument 'target' must be a string such as 'layers.0', not ${describeType(target)}`);
}

/** The submodule with a dotted name; the module itself for an empty name. */
export function submoduleOf(root: Module, target: string): Module {
  const steps = stepsOf(target);
  return target === '' ? root : follow(root, steps, notAModule);
}

/** The last part of a dotted name, the module that it is a property of, and the value of that property. */
export function locate(
  root: Module,
  target: string,
  { mustExist = false, refuse = notAModule }: { mustExist?: boolean; refuse?: NotAModule } = {},
): { parent: Module; name: string; value: unknown } {
  const steps = stepsOf(target);
  const name = steps.pop()!;
  const parent = follow(root, steps, refuse);
  if (mustExist && !(name in parent)) throw noAttribute(parent, name);
  return { parent, name, value: (parent as unknown as Record<string, unknown>)[name] };
}
