/**
 * `torch.nn.utils.parametrize`: parameters that modules compute from others.
 *
 * As in Python, a parametrized module gets a class of its own, a subclass of its class, with an accessor in place of the
 * parameter. The originals are in `module.parametrizations[name]`.
 */

import { checkOptions } from '../../arguments';
import { enterMode, runInMode } from '../../autograd/guard';
import type { ModeGuard } from '../../autograd/guard';
import { noGrad } from '../../autograd/modes';
import { ValueError } from '../../errors';
import { native } from '../../native';
import type { Tensor } from '../../tensor';
import { typename } from '../../type-info';
import { Module } from '../module';
import { ModuleDict } from '../modules/containers';
import { Parameter } from '../parameter';
import { registryOf } from '../registry';
import { ParametrizationList, checkUnchanged, inverseOf, register, setData } from './parametrization-list';

export { ParametrizationList } from './parametrization-list';

/** A module with parametrizations. */
type Parametrized = Module & { parametrizations: ModuleDict<ParametrizationList> };

/** The class that a module had before its first parametrization. */
const originalClasses = new WeakMap<Module, object>();

let cacheDepth = 0;
const cache = new Map<ParametrizationList, Tensor>();

/**
 * Computes each parametrized tensor once while `body` runs or, with `using`, until the end of the block;
 * `torch.nn.utils.parametrize.cached`. For models that use a tensor several times.
 *
 * @throws TypeError if `body` returns a Promise.
 * @example
 * ```ts
 * const { parametrizations, parametrize } = torch.nn.utils;
 * const cell = parametrizations.orthogonal(new torch.nn.Linear(4, 4));
 * parametrize.cached(() => cell.weight === cell.weight); // true
 * ```
 */
export function cached(): ModeGuard;
export function cached<T>(body: () => T): T;
export function cached(body?: () => unknown): unknown {
  const enter = () => {
    cacheDepth += 1;
    return () => {
      cacheDepth -= 1;
      if (cacheDepth === 0) cache.clear();
    };
  };
  return body === undefined ? enterMode('cached', enter) : runInMode('cached', enter, body);
}

function valueOf(list: ParametrizationList): Tensor {
  if (cacheDepth === 0) return list.forward();
  let value = cache.get(list);
  if (value === undefined) cache.set(list, (value = list.forward()));
  return value;
}

/** Gives a module a class of its own, in which parameters can be accessors. */
function injectClass(module: Module): void {
  const original = Object.getPrototypeOf(module) as object;
  const { constructor } = original as { constructor: new () => Module };
  const name = `Parametrized${constructor.name}`;
  const subclass = { [name]: class extends constructor {} }[name];
  originalClasses.set(module, original);
  Object.setPrototypeOf(module, subclass.prototype as object);
}

function injectAccessor(module: Parametrized, name: string): void {
  const listOf = (self: Parametrized): ParametrizationList => self.parametrizations.get(name)!;
  Object.defineProperty(Object.getPrototypeOf(module) as object, name, {
    configurable: true,
    get(this: Parametrized) {
      return valueOf(listOf(this));
    },
    set(this: Parametrized, value: Tensor) {
      listOf(this).rightInverse(value);
    },
  });
}

function checkModule(api: string, name: string, module: unknown): asserts module is Module {
  if (module instanceof Module) return;
  throw new TypeError(`${api}(): argument '${name}' must be a Module, not ${typename(module)}`);
}

/**
 * Replaces a parameter or buffer with the result of a module, which is computed whenever it is used;
 * `torch.nn.utils.parametrize.register_parametrization`. The original is registered as
 * `parametrizations.<name>.original`. Further parametrizations apply to the result of earlier ones. If the module has a
 * method `rightInverse`, it initialises the original, and values can be assigned to the parameter.
 *
 * @param module - The module with the parameter, which is changed and returned.
 * @param tensorName - The name of a parameter or buffer of the module.
 * @param parametrization - Computes the parameter from the original.
 * @param options - `unsafe`: whether the dtype and the shape may change; false by default.
 * @throws ValueError if there is no such parameter, or the parametrization changes dtype or shape.
 * @example
 * ```ts
 * class Symmetric extends torch.nn.Module {
 *   override forward(x: torch.Tensor) {
 *     return x.triu().add(x.triu(1).mT);
 *   }
 * }
 * const layer = new torch.nn.Linear(3, 3);
 * torch.nn.utils.parametrize.registerParametrization(layer, 'weight', new Symmetric());
 * layer.weight.equal(layer.weight.mT); // true
 * layer.namedParameters().map(([name]) => name); // ['bias', 'parametrizations.weight.original']
 * ```
 */
export function registerParametrization<M extends Module>(
  module: M,
  tensorName: string,
  parametrization: Module,
  options: { unsafe?: boolean } = {},
): M {
  const { unsafe = false } = checkOptions('registerParametrization', options, ['unsafe']);
  checkModule('registerParametrization', 'module', module);
  checkModule('registerParametrization', 'parametrization', parametrization);
  parametrization.train(module.training);
  if (isParametrized(module, tensorName)) {
    addParametrization(module as Module as Parametrized, tensorName, parametrization, unsafe);
    return module;
  }
  const registry = registryOf(module);
  if (!registry.has(tensorName, 'parameter') && !registry.has(tensorName, 'buffer')) {
    throw new ValueError(
      `Module '${module.toString()}' does not have a parameter, a buffer, or a parametrized element with name '${tensorName}'`,
    );
  }
  const properties = module as unknown as Record<string, unknown>;
  const list = new ParametrizationList([parametrization], properties[tensorName] as Tensor, unsafe);
  delete properties[tensorName];
  if (!isParametrized(module)) {
    injectClass(module);
    module.registerModule('parametrizations', new ModuleDict());
  }
  const parametrized = module as Module as Parametrized;
  injectAccessor(parametrized, tensorName);
  parametrized.parametrizations.set(tensorName, list);
  native.moduleChanged();
  return module;
}

function addParametrization(module: Parametrized, name: string, parametrization: Module, unsafe: boolean): void {
  const list = module.parametrizations.get(name)!;
  if (!unsafe) {
    const value = valueOf(list);
    const result: unknown = parametrization.forward(value);
    checkUnchanged('Registering a parametrization', `parametrized`, value, result);
    const inverse = inverseOf(parametrization);
    if (inverse !== null) {
      const original = noGrad(() => inverse(result as Tensor));
      checkUnchanged('rightInverse of a parametrization', 'original', value, original);
    }
  }
  list.append(parametrization);
  list.unsafe ||= unsafe;
  native.moduleChanged();
}

/**
 * Whether a module has a parametrization, or one of the tensor with a name; `torch.nn.utils.parametrize.is_parametrized`.
 */
export function isParametrized(module: Module, tensorName?: string | null): boolean {
  const { parametrizations } = module as { parametrizations?: unknown };
  if (!(parametrizations instanceof ModuleDict)) return false;
  return tensorName == null ? parametrizations.size > 0 : parametrizations.has(tensorName);
}

/**
 * Removes the parametrizations of a tensor, and makes it a parameter or buffer again;
 * `torch.nn.utils.parametrize.remove_parametrizations`. Returns the module.
 *
 * @param options - `leaveParametrized`: whether the tensor keeps the value that the parametrization gives it (the
 * default), or gets that of the original.
 * @throws ValueError if the tensor has no parametrization, or several originals of which it cannot get the value.
 */
export function removeParametrizations<M extends Module>(
  module: M,
  tensorName: string,
  options: { leaveParametrized?: boolean } = {},
): M {
  const { leaveParametrized = true } = checkOptions('removeParametrizations', options, ['leaveParametrized']);
  if (!isParametrized(module, tensorName)) {
    throw new ValueError(`Module ${module.toString()} does not have a parametrization on ${tensorName}`);
  }
  const parametrized = module as Module as Parametrized;
  const list = parametrized.parametrizations.get(tensorName)!;
  if (!list.isTensor && !leaveParametrized) {
    throw new ValueError(
      'Cannot leave unparametrized (`leaveParametrized: false`) a tensor that is parametrized in terms of a sequence of tensors.',
    );
  }
  let tensor: Tensor;
  if (list.isTensor) {
    tensor = list.original!;
    if (leaveParametrized)
      setData(
        tensor,
        noGrad(() => valueOf(list)),
      );
  } else {
    tensor = valueOf(list);
    if (tensor.requiresGrad) tensor = new Parameter(tensor);
  }
  delete (Object.getPrototypeOf(module) as Record<string, unknown>)[tensorName];
  parametrized.parametrizations.delete(tensorName);
  register(module, tensorName, tensor);
  if (!isParametrized(module)) {
    delete (module as { parametrizations?: unknown }).parametrizations;
    Object.setPrototypeOf(module, originalClasses.get(module)!);
    originalClasses.delete(module);
  }
  native.moduleChanged();
  return module;
}

/**
 * The class that a module had before it was parametrized; `torch.nn.utils.parametrize.type_before_parametrizations`.
 */
export function typeBeforeParametrizations(module: Module): unknown {
  return (originalClasses.get(module) ?? module).constructor;
}

/**
 * Gives a module the parametrizations of another, and shares the originals;
 * `torch.nn.utils.parametrize.transfer_parametrizations_and_params`. Returns the second module.
 *
 * @param tensorName - The tensor whose parametrizations are transferred; by default all.
 */
export function transferParametrizationsAndParams<M extends Module>(
  fromModule: Module,
  toModule: M,
  tensorName?: string | null,
): M {
  if (!isParametrized(fromModule)) return toModule;
  const { parametrizations } = fromModule as Parametrized;
  const target = toModule as unknown as Record<string, unknown>;
  for (const name of tensorName == null ? parametrizations.keys() : [tensorName]) {
    const from = parametrizations.get(name);
    if (from === undefined) throw new ValueError(`the module does not have a parametrization on ${name}`);
    if (!(name in toModule)) target[name] = new Parameter(valueOf(from));
    for (const parametrization of from) registerParametrization(toModule, name, parametrization);
    const to = (toModule as Module as Parametrized).parametrizations.get(name)!;
    for (const original of from.originalNames()) {
      (to as unknown as Record<string, unknown>)[original] = (from as unknown as Record<string, unknown>)[original];
    }
  }
  return toModule;
}
