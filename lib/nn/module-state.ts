/** State dicts: collecting a module's state and loading it. */

import { noGrad } from '../autograd/modes';
import { describeType, quoted } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { sameShape, sizeText } from '../shapes';
import type { Tensor } from '../tensor';
import { emitLibtorchWarning } from '../warnings';
import { hooksFor } from './hooks';
import type { Module } from './module';
import { Parameter } from './parameter';
import { NameReader, pythonName } from './python-names';
import { registryOf } from './registry';
import type { Registry } from './registry';
import { isUninitialized } from './uninitialized';

/** A module's parameters and persistent buffers by name; `Module.state_dict()`. */
export type StateDict = Record<string, Tensor>;

/** The keys that {@link Module.loadStateDict} did not find, and those it did not expect. */
export interface IncompatibleKeys {
  missingKeys: string[];
  unexpectedKeys: string[];
}

/** The options of loading, and the lists that a module's `_loadFromStateDict` appends to. */
export interface LoadContext {
  /** The version of the module that created the state; undefined if unknown. */
  readonly version?: number;
  /** Whether to assign the tensors themselves instead of copying their values. */
  readonly assign: boolean;
  readonly missingKeys: string[];
  readonly unexpectedKeys: string[];
  readonly errors: string[];
}

// PyTorch's `_metadata`. It is not enumerable, so spreading the state into another object loses it, as in PyTorch.
const metadata = Symbol('metadata');

/** The version of each module's state, by its prefix: `''`, `'layers.0.'`. */
export type Versions = Record<string, number>;

/** Marks an object as a state dict. */
export function setVersions(state: object, versions: Versions): void {
  Object.defineProperty(state, metadata, { value: versions });
}

/** The versions in a state dict; undefined for any other object. */
export function versionsOf(state: object): Versions | undefined {
  return (state as { [metadata]?: Versions })[metadata];
}

/** Collects the state of a module and of all its submodules, by the names of properties or by Python's. */
export function collectState(module: Module, prefix: string, keepVars: boolean, usesPythonNames: boolean): StateDict {
  const state: StateDict = {};
  const versions: Versions = {};
  const collect = (part: Module, prefix: string): void => {
    for (const hook of hooksFor(part, 'stateDictPre')) hook(part, prefix, keepVars);
    const registry = registryOf(part);
    versions[prefix] = part._version;
    const keyOf = (name: string): string => prefix + (usesPythonNames ? pythonName(part, name) : name);
    const add = (name: string, tensor: Tensor | null): void => {
      if (tensor !== null) state[keyOf(name)] = keepVars || isUninitialized(tensor) ? tensor : tensor.detach();
    };
    for (const [name, parameter] of registry.entries('parameter')) add(name, parameter);
    for (const [name, buffer] of registry.entries('buffer')) if (registry.isPersistent(name)) add(name, buffer);
    for (const [name, child] of registry.entries('module')) if (child !== null) collect(child, `${keyOf(name)}.`);
    for (const hook of hooksFor(part, 'stateDictPost')) hook(part, state, prefix);
  };
  collect(module, prefix);
  setVersions(state, versions);
  return state;
}

function copyInto(
  module: Module,
  name: string,
  key: string,
  current: Tensor,
  given: unknown,
  context: LoadContext,
): void {
  const complain = (message: string): void => void context.errors.push(message);
  if (!native.isTensor(given)) {
    complain(
      `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received ${describeType(given)}`,
    );
    return;
  }
  if (isUninitialized(current)) {
    if (isUninitialized(given)) return;
    current.materialize(given.shape);
  }
  const [shape, wanted] = [given.shape, current.shape];
  if (!sameShape(shape, wanted) && !(wanted.length === 0 && sameShape(shape, [1]))) {
    complain(
      `size mismatch for ${key}: copying a param with shape ${sizeText(shape)} from checkpoint, the shape in current model is ${sizeText(wanted)}.`,
    );
    return;
  }
  const value = wanted.length < shape.length ? given.index(0) : given;
  if (current.isMeta && !value.isMeta && !context.assign) {
    emitLibtorchWarning(
      'UserWarning',
      `for ${key}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current model, which is a no-op. (Did you mean to pass \`assign: true\` to assign items in the state dictionary to their corresponding key in the module instead of copying them in place?)`,
    );
  }
  try {
    if (!context.assign) {
      noGrad(() => current.copy_(value));
    } else if (!(current instanceof Parameter)) {
      (module as unknown as Record<string, unknown>)[name] = value;
    } else {
      const isParameter = value instanceof Parameter;
      if (isParameter) native.requiresGrad_(value, current.requiresGrad);
      const parameter = isParameter ? value : new Parameter(value, current.requiresGrad);
      (module as unknown as Record<string, unknown>)[name] = parameter;
    }
  } catch (error) {
    complain(
      `While copying the parameter named "${key}", whose dimensions in the model are ${sizeText(wanted)} and whose dimensions in the checkpoint are ${sizeText(shape)}, an exception occurred : ${(error as Error).message}.`,
    );
  }
}

/** Loads a module's own parameters and buffers, and records missing and unexpected keys. */
export function loadOwnState(
  module: Module,
  registry: Registry,
  state: Record<string, unknown>,
  prefix: string,
  context: LoadContext,
): void {
  const own = new Map<string, Tensor>();
  const persistent = registry.entries('buffer').filter(([name]) => registry.isPersistent(name));
  for (const [name, tensor] of [...registry.entries('parameter'), ...persistent]) {
    if (tensor !== null) own.set(name, tensor);
  }
  for (const [name, tensor] of own) {
    const key = prefix + name;
    if (Object.hasOwn(state, key)) copyInto(module, name, key, tensor, state[key], context);
    else context.missingKeys.push(key);
  }
  const children = new Set(registry.entries('module').map(([name]) => name));
  for (const key of Object.keys(state)) {
    if (!key.startsWith(prefix)) continue;
    const [first, ...rest] = key.slice(prefix.length).split('.');
    if (rest.length > 0 ? !children.has(first) : !own.has(first)) context.unexpectedKeys.push(key);
  }
}

/** A state dict in the names of a module's properties; `originals` has the keys that were Python's. */
function inProperties(module: Module, given: Record<string, unknown>) {
  const reader = new NameReader(module);
  const state: Record<string, unknown> = {};
  const originals = new Map<string, string>();
  for (const [key, value] of Object.entries(given)) {
    const property = reader.toProperties(key);
    // The name of the property itself comes first; then Python's is one too many.
    const isTaken = property !== key && (Object.hasOwn(given, property) || Object.hasOwn(state, property));
    if (property !== key && !isTaken) originals.set(property, key);
    const descriptor = { value, enumerable: true, writable: true, configurable: true };
    Object.defineProperty(state, isTaken ? key : property, descriptor);
  }
  const versions = Object.entries(versionsOf(given) ?? {}).map(([prefix, version]) => [
    prefix === '' ? '' : `${reader.toProperties(prefix.slice(0, -1))}.`,
    version,
  ]);
  return { state, originals, versions: Object.fromEntries(versions) as Partial<Versions> };
}

/**
 * Loads the state of a module and of all its submodules. Keys may have the names of properties, or Python's.
 *
 * @throws RuntimeError that lists every key and shape that does not match.
 */
export function loadState(module: Module, given: unknown, strict: boolean, assign: boolean): IncompatibleKeys {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || native.isTensor(given)) {
    throw new TypeError(`Expected stateDict to be dict-like, got ${describeType(given)}.`);
  }
  const { state, originals, versions } = inProperties(module, given as Record<string, unknown>);
  const found = { missingKeys: [] as string[], unexpectedKeys: [] as string[], errors: [] as string[] };
  const load = (part: Module, state: Record<string, unknown>, prefix: string): void => {
    const context = { ...found, assign, version: versions[prefix] };
    for (const hook of hooksFor(part, 'loadPre')) hook(part, state, prefix, context);
    part._loadFromStateDict(state, prefix, context);
    for (const [name, child] of registryOf(part).entries('module')) {
      if (child === null) continue;
      const childPrefix = `${prefix}${name}.`;
      const entries = Object.entries(state).filter(([key]) => key.startsWith(childPrefix));
      load(child, Object.fromEntries(entries), childPrefix);
    }
    const { missingKeys, unexpectedKeys } = found;
    for (const hook of hooksFor(part, 'loadPost')) hook(part, { missingKeys, unexpectedKeys });
  };
  load(module, state, '');
  const { missingKeys, errors } = found;
  const unexpectedKeys = found.unexpectedKeys.map((key) => originals.get(key) ?? key);
  if (strict) {
    if (unexpectedKeys.length > 0) errors.unshift(`Unexpected key(s) in state_dict: ${quoted(unexpectedKeys, '"')}. `);
    if (missingKeys.length > 0) errors.unshift(`Missing key(s) in state_dict: ${quoted(missingKeys, '"')}. `);
  }
  if (errors.length > 0) {
    throw new RuntimeError(`Error(s) in loading state_dict for ${module.constructor.name}:\n\t${errors.join('\n\t')}`);
  }
  return { missingKeys, unexpectedKeys };
}
