/** `torch.func.functional_call`: a module as a function of its parameters. */

import { checkOptions } from '../arguments';
import { duringFunctionalCall } from '../compile/functional-calls';
import { describeType, quoted, textOf } from '../describe';
import { KeyError, RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { Callable } from '../nn/callable';
import type { Module } from '../nn/module';
import { locate } from '../nn/module-walk';
import { registryOf } from '../nn/registry';
import type { Registry, Swapped } from '../nn/registry';
import type { Tensor } from '../tensor';

/** Tensors by the names of the parameters and buffers that they replace. */
export type TensorDict = Record<string, Tensor>;

/** The options of {@link functionalCall}. */
export interface FunctionalCallOptions {
  /** Named arguments of the module's `forward`: an object passed after `args`. */
  kwargs?: object | null;
  /**
   * Whether a tensor given for one name of a tied parameter replaces it under all of its names; true by default.
   */
  tieWeights?: boolean;
  /** Whether the names must be exactly those of all parameters and buffers; false by default. */
  strict?: boolean;
}

/** The arguments of a module as an array, or its only argument. */
export type CallArguments<M extends Module> = Parameters<M['forward']> | Parameters<M['forward']>[0];

/** @throws TypeError for anything other than a module. */
export function checkModule(api: string, name: string, value: unknown): asserts value is Module {
  if (value instanceof Callable) return;
  throw new TypeError(`${api}(): argument '${name}' must be a torch.nn.Module, not ${describeType(value)}`);
}

function isDict(value: unknown): value is TensorDict {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !native.isTensor(value);
}

/** Merges the objects, and maps each name to the object that it came from. */
function merged(given: unknown): { tensors: TensorDict; sources: Map<string, TensorDict> } {
  if (!Array.isArray(given) && !isDict(given)) {
    throw new ValueError(
      `Expected parameterAndBufferDicts to be a dict, or a list/tuple of dicts, but got ${describeType(given)}`,
    );
  }
  const dicts: unknown[] = Array.isArray(given) ? given : [given];
  if (!dicts.every(isDict)) {
    throw new ValueError('Expected all elements of parameterAndBufferDicts to be dictionaries');
  }
  // Without a prototype: `__proto__` is a name as any other.
  const tensors = Object.create(null) as TensorDict;
  const sources = new Map<string, TensorDict>();
  const repeated = new Set<string>();
  for (const dict of dicts) {
    for (const [name, tensor] of Object.entries(dict)) {
      if (sources.has(name)) repeated.add(name);
      sources.set(name, dict);
      tensors[name] = tensor;
    }
  }
  if (repeated.size > 0) {
    throw new ValueError(
      `[${quoted([...repeated])}] appeared in multiple dictionaries; behavior of functional call is ambiguous`,
    );
  }
  return { tensors, sources };
}

function allNames(module: Module): [string, Tensor][] {
  return [...module.namedParameters({ removeDuplicate: false }), ...module.namedBuffers({ removeDuplicate: false })];
}

/** Adds the other names of tied parameters for which one name is given. */
function untied(module: Module, tensors: TensorDict): TensorDict {
  const groups = new Map<Tensor, string[]>();
  for (const [name, tensor] of allNames(module)) {
    const group = groups.get(tensor);
    if (group === undefined) groups.set(tensor, [name]);
    else group.push(name);
  }
  const result = Object.assign(Object.create(null), tensors) as TensorDict;
  for (const group of groups.values()) {
    const given = group.filter((name) => Object.hasOwn(tensors, name));
    if (group.length === 1 || given.length === 0) continue;
    if (given.some((name) => tensors[name] !== tensors[given[0]])) {
      throw new ValueError(
        `functional_call got multiple values for keys [${quoted([...group].sort())}], which are tied. Consider using tieWeights=false`,
      );
    }
    for (const name of group) result[name] = tensors[given[0]];
  }
  return result;
}

function checkNames(module: Module, tensors: TensorDict): void {
  const known = new Set(allNames(module).map(([name]) => name));
  const given = Object.keys(tensors);
  const unexpected = given.filter((name) => !known.has(name)).sort();
  const missing = [...known].filter((name) => !Object.hasOwn(tensors, name)).sort();
  const errors = [];
  if (unexpected.length > 0) errors.push(`Unexpected key(s): ${quoted(unexpected)}.`);
  if (missing.length > 0) errors.push(`Missing key(s): ${quoted(missing)}.`);
  if (errors.length > 0) {
    throw new RuntimeError(`Error(s) in reparametrizing for ${module.constructor.name}:\n\t${errors.join('\n\t')}`);
  }
}

const notAModule = (path: string, _: string, value: unknown): Error =>
  new TypeError(`submodule \`${path}\`: ${textOf(value)} is not an instance of torch.nn.Module`);

interface Replacement {
  path: string;
  name: string;
  registry: Registry;
  old: Swapped;
}

function replace(root: Module, path: string, tensor: unknown): Replacement {
  const { parent, name, value: current } = locate(root, path, { refuse: notAModule });
  if (name === '') throw new KeyError('tensor name can\'t be empty string ""');
  if (!native.isTensor(tensor) && tensor !== null) {
    throw new TypeError(`${textOf(tensor)} is not an instance of torch.Tensor\nIt was given for '${path}'.`);
  }
  if (current != null && !native.isTensor(current)) {
    throw new TypeError(`attribute \`${name}\`: ${textOf(current)} is not an instance of torch.Tensor`);
  }
  const registry = registryOf(parent);
  registry.scanOnce();
  return { path, name, registry, old: registry.swap(name, tensor) };
}

// All tensors are restored before anything can throw.
function restore(replaced: readonly Replacement[], sources: ReadonlyMap<string, TensorDict>): void {
  const changed = replaced
    .toReversed()
    .map(({ path, name, registry, old }) => [path, registry.restore(name, old)] as const);
  for (const [path, now] of changed) {
    const source = sources.get(path);
    if (source === undefined || now === undefined || now === source[path]) continue;
    if (!Reflect.set(source, path, now)) {
      throw new TypeError(
        `functionalCall(): the module replaced the tensor '${path}', but the object that it was given in is read-only`,
      );
    }
  }
}

/**
 * Calls a module with other tensors in place of its parameters and buffers; `torch.func.functional_call`. This makes
 * the module a function of its parameters, for use with every transform. Afterwards, also after an exception, the
 * module has its own tensors again.
 *
 * @param module - The module.
 * @param parameterAndBufferDicts - Tensors by name, such as
 *   `Object.fromEntries(module.namedParameters())`, or an array of several such objects. Tensors without a name there
 *   stay. If the module replaces one of the tensors, as with recomputed running statistics, the object holds the new
 *   tensor afterwards.
 * @param args - An array of the module's arguments, or its only argument. Wrap an argument that is itself an array.
 * @throws ValueError if a name occurs twice or tied parameters get different tensors; RuntimeError with `strict` for
 *   missing and unexpected names; AttributeError if a name does not exist; TypeError for non-tensor values.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(3, 1);
 * const params = Object.fromEntries(net.namedParameters());
 * const loss = (params: Record<string, torch.Tensor>, x: torch.Tensor, y: torch.Tensor) =>
 *   torch.func.functionalCall(net, params, x).sub(y).square().sum();
 *
 * const gradient = torch.func.grad(loss)(params, torch.ones(3), torch.ones(1));
 * gradient.weight.shape; // [1, 3]
 * const perSample = torch.vmap(torch.func.grad(loss), { inDims: [null, 0, 0] });
 * perSample(params, torch.ones(5, 3), torch.ones(5, 1)).bias.shape; // [5, 1]
 * ```
 */
export function functionalCall<M extends Module>(
  module: M,
  parameterAndBufferDicts: Readonly<TensorDict> | readonly Readonly<TensorDict>[],
  args?: CallArguments<M> | null,
  options: FunctionalCallOptions = {},
): ReturnType<M['forward']> {
  checkModule('functionalCall', 'module', module);
  checkOptions('functionalCall', options, ['kwargs', 'tieWeights', 'strict']);
  const { kwargs = null, tieWeights = true, strict = false } = options;
  const { tensors: given, sources } = merged(parameterAndBufferDicts);
  const tensors = tieWeights ? untied(module, given) : given;
  if (strict) checkNames(module, tensors);
  const positional: unknown[] = Array.isArray(args) ? args : args == null ? [] : [args];
  const replaced: Replacement[] = [];
  try {
    for (const [path, tensor] of Object.entries(tensors)) replaced.push(replace(module, path, tensor));
    const all = (kwargs === null ? positional : [...positional, kwargs]) as never;
    return duringFunctionalCall(() => module(...all) as ReturnType<M['forward']>);
  } finally {
    restore(replaced, sources);
  }
}
