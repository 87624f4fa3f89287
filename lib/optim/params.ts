/** What an optimiser optimises: tensors, tensors with names, or groups of them with options of their own. */

import { isPlainObject, valuesOfIterable } from '../arguments';
import { describeType } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { typename } from '../type-info';
import { emitLibtorchWarning } from '../warnings';

/** Tensors, or tensors with names as `namedParameters()` lists them. */
export type ParamList = Iterable<Tensor> | Iterable<readonly [string, Tensor]>;

/** Parameters with options of their own; `O` are the options of the optimiser. */
export type ParamGroupInput<O extends object> = { params: Tensor | ParamList } & Partial<O>;

/** The first argument of every optimiser. */
export type Params<O extends object> = ParamList | Iterable<ParamGroupInput<O>>;

/** Parameters that share the options of a step. */
export type ParamGroup<O extends object> = {
  /** The parameters. */
  params: Tensor[];
  /** Their names, if they were given with names. */
  paramNames?: string[];
} & Required<O>;

/**
 * The groups in the first argument of an optimiser.
 *
 * @throws TypeError for a tensor, or anything else that is not iterable; ValueError if it is empty.
 */
export function groupsOf<O extends object>(api: string, params: Params<O>): ParamGroupInput<O>[] {
  const given: unknown = params;
  if (native.isTensor(given)) {
    throw new TypeError(
      `params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${typename(given)}`,
    );
  }
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) {
    throw new TypeError(`${api}(): argument 'params' must be an iterable of Tensors, not ${describeType(given)}`);
  }
  const items = valuesOfIterable(given as Iterable<unknown>);
  if (items.length === 0) throw new ValueError('optimizer got an empty parameter list');
  if (isPlainObject(items[0])) return items as ParamGroupInput<O>[];
  return [{ params: items as Tensor[] } as unknown as ParamGroupInput<O>];
}

function listOf(given: unknown): unknown[] {
  if (native.isTensor(given)) return [given];
  if (given instanceof Set) {
    throw new TypeError(
      'optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets will change between runs. Please use an array instead.',
    );
  }
  if (typeof given === 'object' && given !== null && Symbol.iterator in given)
    return valuesOfIterable(given as Iterable<unknown>);
  throw new TypeError(`param group: 'params' must be a Tensor or an iterable of Tensors, not ${describeType(given)}`);
}

/**
 * Separates parameters from their names.
 *
 * @throws ValueError if only some have names; TypeError for anything else than tensors.
 */
export function readParams(given: unknown): { params: Tensor[]; names: string[] | undefined } {
  const names: string[] = [];
  const params = listOf(given).map((item) => {
    if (!Array.isArray(item)) return item as unknown;
    names.push(String(item[0]));
    return item[1] as unknown;
  });
  if (names.length > 0 && names.length < params.length) {
    throw new ValueError('all optimizer params should be with/without names. Some param names are missing');
  }
  for (const param of params) {
    if (native.isTensor(param)) continue;
    throw new TypeError(`optimizer can only optimize Tensors, but one of the params is ${typename(param)}`);
  }
  return { params: params as Tensor[], names: names.length > 0 ? names : undefined };
}

/**
 * Checks the parameters of a new group beside those of the groups that exist.
 *
 * @throws ValueError for a tensor that is not a leaf, for one that is in another group, or if only some groups have names.
 */
export function checkGroup<O extends object>(
  group: ParamGroup<O>,
  others: readonly ParamGroup<O>[],
  takesNonLeaves: boolean,
): void {
  const { params } = group;
  if (!takesNonLeaves && params.some((param) => !param.isLeaf && !param.retainsGrad)) {
    throw new ValueError("can't optimize a non-leaf Tensor");
  }
  if (new Set(params).size < params.length) {
    emitLibtorchWarning('UserWarning', 'optimizer contains a parameter group with duplicate parameters');
  }
  const isNamed = group.paramNames !== undefined;
  if (others.some((other) => (other.paramNames !== undefined) !== isNamed)) {
    throw new ValueError(
      `all optimizer param groups should be with/without names. cannot add param group ${isNamed ? 'with' : 'without'} names to the optimizer`,
    );
  }
  const known = new Set(others.flatMap((other) => other.params));
  if (params.some((param) => known.has(param))) {
    throw new ValueError('some parameters appear in more than one parameter group');
  }
}
