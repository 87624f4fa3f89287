/** State dicts of optimisers, as Python has them: options and state by Python's names, parameters by their numbers. */

import { isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { toPython, withOwnNames, withPythonNames } from './names';
import type { ParamGroup } from './params';

/** The state of an optimiser: what `torch.save` writes and Python's `load_state_dict` reads. */
export interface OptimizerStateDict {
  /** The state of each parameter, by its number. */
  state: Map<unknown, unknown>;
  /** The options of each group, and the numbers of its parameters as `params`. */
  param_groups: Record<string, unknown>[];
}

type Groups = readonly ParamGroup<object>[];

/** The state dict of groups and of the states of their parameters. */
export function packState(groups: Groups, state: ReadonlyMap<unknown, object>): OptimizerStateDict {
  const numbers = new Map<unknown, number>();
  let count = 0;
  const packed = groups.map((group) => {
    const { params } = group;
    for (const [i, param] of params.entries()) if (!numbers.has(param)) numbers.set(param, count + i);
    count += params.length;
    return { ...withPythonNames(group, ['params']), params: params.map((param) => numbers.get(param)) };
  });
  const entries = Array.from(state, ([key, value]) => [numbers.get(key) ?? key, withPythonNames(value)] as const);
  return { state: new Map<unknown, unknown>(entries), param_groups: packed };
}

/** The entries of a dict with integers as keys: a Map, or an object. */
function entriesOf(dict: unknown): [unknown, unknown][] {
  if (dict instanceof Map) return [...(dict as Map<unknown, unknown>)];
  if (!isPlainObject(dict)) {
    throw new TypeError(`loadStateDict(): 'state' must be a Map or an object, not ${describeType(dict)}`);
  }
  return Object.entries(dict).map(([key, value]) => [/^\d+$/.test(key) ? Number(key) : key, value]);
}

/** @throws TypeError for a value without `param_groups`; ValueError for other groups than the optimiser has. */
export function readGroups(stateDict: unknown, groups: Groups): Record<string, unknown>[] {
  const isDict = isPlainObject(stateDict) && 'state' in stateDict && Array.isArray(stateDict['param_groups']);
  if (!isDict) {
    const found = isPlainObject(stateDict) ? 'an object without them' : describeType(stateDict);
    throw new TypeError(`loadStateDict(): expected an object with 'state' and 'param_groups', got ${found}`);
  }
  const saved = stateDict['param_groups'] as Record<string, unknown>[];
  if (saved.length !== groups.length) {
    throw new ValueError('loaded state dict has a different number of parameter groups');
  }
  saved.forEach((group, i) => {
    const numbers: unknown = isPlainObject(group) ? group['params'] : undefined;
    if (Array.isArray(numbers) && numbers.length === groups[i].params.length) return;
    throw new ValueError(
      "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
    );
  });
  return saved;
}

/** The value with its tensors on the device, and in the dtype, that the state of a parameter has. */
function adapted(value: unknown, param: Tensor, key: string | undefined, isOnDevice: boolean): unknown {
  if (native.isTensor(value)) {
    if (key === 'step') return isOnDevice ? value.to(param.device, 'float32') : value;
    return param.isFloatingPoint() ? value.to(param.device, param.dtype) : value.to(param.device);
  }
  if (Array.isArray(value)) return value.map((item: unknown) => adapted(item, param, undefined, isOnDevice));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, adapted(item, param, name, isOnDevice)]),
  );
}

/** The states in a state dict by parameter; what belongs to no parameter keeps its key. */
export function readState(
  stateDict: object,
  saved: readonly Record<string, unknown>[],
  groups: Groups,
): Map<unknown, object> {
  const params = new Map<unknown, { param: Tensor; isOnDevice: boolean }>();
  saved.forEach((group, i) => {
    const isOnDevice = group['fused'] === true || group['capturable'] === true;
    const numbers = group['params'] as unknown[];
    for (const [k, number] of numbers.entries()) params.set(number, { param: groups[i].params[k], isOnDevice });
  });
  const state = new Map<unknown, object>();
  for (const [key, value] of entriesOf((stateDict as { state: unknown }).state)) {
    const known = params.get(key);
    if (known === undefined) {
      state.set(key, value as object);
      continue;
    }
    if (!isPlainObject(value)) {
      throw new TypeError(
        `loadStateDict(): the state of parameter ${String(key)} is ${describeType(value)}, not an object`,
      );
    }
    state.set(known.param, withOwnNames(adapted(value, known.param, undefined, known.isOnDevice) as object));
  }
  return state;
}

/** The options in a group of a state dict, with arrays copied: they must not change when the dict does. */
export function readOptionsOf(saved: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const options = withOwnNames(saved);
  for (const [name, value] of Object.entries(options)) {
    if (Array.isArray(value)) options[name] = Object.isFrozen(value) ? value : [...(value as unknown[])];
  }
  return options;
}

export { toPython };
