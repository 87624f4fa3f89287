/** What all transforms need: levels that are popped whatever happens, argument checks, wrapping. */

import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';
import type { AnyFunction, Argnums } from './types';

/** The name of a function for messages, as Python's `__name__`. */
export function nameOf(func: AnyFunction): string {
  const name: unknown = func.name;
  return typeof name === 'string' && name !== '' ? name : 'anonymous function';
}

/** The type of a value for messages. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'object' && typeof value !== 'function') return typeof value;
  const name: unknown = (value.constructor as { name?: unknown } | null | undefined)?.name;
  if (typeof name !== 'string' || name === '') return typeof value;
  // A module is a function, and has a class; those of JavaScript's own are AsyncFunction and the like.
  return typeof value === 'function' && name.endsWith('Function') ? 'function' : name;
}

/** A value as text for messages; its type where it cannot be made text. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeName(value);
  }
}

export function checkFunction(api: string, func: unknown): asserts func is AnyFunction {
  if (typeof func !== 'function') {
    throw new TypeError(`${api}: argument 'func' must be a function, not ${typeName(func)}`);
  }
}

/** Reads a transform's options, refusing names that it does not have: a typo must not go unnoticed. */
export function checkOptions(api: string, options: unknown, names: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options) || native.isTensor(options)) {
    throw new TypeError(`${api}: the options must be an object such as { ${names[0]} }, not ${typeName(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new TypeError(`${api}: unknown option '${name}'; the options are ${names.join(', ')}`);
    }
  }
}

/**
 * Calls the user's function inside a transform. It must be synchronous: after an `await` the levels
 * of the transform would stay pushed while other code runs.
 */
export function callSync(api: string, func: AnyFunction, args: readonly unknown[]): unknown {
  const result: unknown = func(...args);
  if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
    // Nobody will wait for it; a rejection must not end the process on top of this error.
    (result as Promise<unknown>).then(undefined, () => undefined);
    throw new TypeError(
      `${api}: the function returned a Promise. A transformed function must be synchronous: compute inside it, and await before or after the call`,
    );
  }
  return result;
}

const HOOKS_MESSAGE =
  "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open an issue with your use case.";

/**
 * Runs `body` on a new Grad level with gradients enabled. Order matters: the level is pushed before
 * grad mode changes, because it remembers the mode found, and popped after the mode is restored.
 */
export function atGradLevel<T>(body: (level: number) => T): T {
  const hooks = native.disableSavedTensorHooks(HOOKS_MESSAGE);
  try {
    const level = native.pushGrad();
    try {
      const gradMode = native.gradMode();
      native.setGradMode(true);
      try {
        return body(level);
      } finally {
        native.setGradMode(gradMode);
      }
    } finally {
      native.popLevel(level);
    }
  } finally {
    native.enableSavedTensorHooks(hooks);
  }
}

// How many jvp levels of this thread are active. All nested ones share one dual level, as in PyTorch.
let jvpNesting = 0;

/** Whether a jvp level of this thread is active. */
export function isInJvp(): boolean {
  return jvpNesting > 0;
}

/** Runs `body` on a new Jvp level with forward-mode gradients enabled. */
export function atJvpLevel<T>(body: (level: number) => T): T {
  const level = native.pushJvp();
  try {
    const forwardGradMode = native.forwardGradMode();
    native.setForwardGradMode(true);
    try {
      const dualLevel = jvpNesting === 0 ? native.enterDualLevel() : undefined;
      jvpNesting++;
      try {
        return body(level);
      } finally {
        jvpNesting--;
        if (dualLevel !== undefined) native.exitDualLevel(dualLevel);
      }
    } finally {
      native.setForwardGradMode(forwardGradMode);
    }
  } finally {
    native.popLevel(level);
  }
}

/** Runs `body` on a new Vmap level. */
export function atVmapLevel<T>(batchSize: number, randomness: string, body: (level: number) => T): T {
  const level = native.pushVmap(batchSize, randomness);
  try {
    return body(level);
  } finally {
    native.popLevel(level);
  }
}

/** Wraps every tensor of a pytree at a Grad level; the others are left as they are. */
export function wrapAll(tree: unknown, level: number): unknown {
  return pytree.treeMap(tree, (leaf) => (native.isTensor(leaf) ? native.wrapForGrad(leaf, level, false) : leaf));
}

/** Wraps the leaves to differentiate with respect to; all must be tensors. */
export function wrapDifferentiable(tree: unknown, level: number): unknown {
  return pytree.treeMap(tree, (leaf) => {
    if (!native.isTensor(leaf))
      throw new ValueError(`Thing passed to transform API must be Tensor, got ${typeName(leaf)}`);
    return native.wrapForGrad(leaf, level, true);
  });
}

/** Unwraps every tensor of a result one level; anything else than a tensor is an error. */
export function unwrapAll(tree: unknown, level: number): unknown {
  return pytree.treeMap(tree, (leaf) => {
    if (!native.isTensor(leaf)) throw new RuntimeError(`Expected tensors, got unsupported type ${typeName(leaf)}`);
    return native.unwrapForGrad(leaf, level);
  });
}

/** Unwraps a tensor that the transform made itself, and frees the wrapper. */
export function unwrapOwn(tensor: Tensor, level: number): Tensor {
  const value = native.unwrapForGrad(tensor, level);
  if (value !== tensor) tensor.dispose();
  return value;
}

/** The output of a function, and its aux where it returns `[output, aux]`; `api` is what messages begin with. */
export function splitAux(result: unknown, hasAux: boolean, api: string): { output: unknown; aux: unknown } {
  if (!hasAux) return { output: result, aux: undefined };
  if (!Array.isArray(result) || result.length !== 2) {
    throw new RuntimeError(`${api}: output of function f should be a tuple: (output, aux) if has_aux is True`);
  }
  return { output: result[0], aux: result[1] };
}

/** Checks argnums against the number of arguments and makes them non-negative. */
export function normalizeArgnums(argnums: Argnums, count: number): { list: number[]; isArray: boolean } {
  const isArray = Array.isArray(argnums);
  if (!isArray && !Number.isInteger(argnums)) {
    throw new RuntimeError(`argnums must be int or Tuple[int, ...], got: ${typeName(argnums)}`);
  }
  const given = (isArray ? argnums : [argnums]) as readonly number[];
  if (given.length === 0) throw new RuntimeError('argnums must be non-empty');
  const list = given.map((argnum) => {
    if (!Number.isInteger(argnum)) throw new RuntimeError(`argnum must be int, got: ${typeName(argnum)}`);
    if (argnum < -count || argnum >= count) {
      throw new RuntimeError(`Got argnum=${argnum}, but only ${count} positional inputs`);
    }
    return argnum < 0 ? argnum + count : argnum;
  });
  if (new Set(list).size !== list.length) {
    throw new RuntimeError(`argnums elements must be unique, got (${list.join(', ')})`);
  }
  return { list, isArray };
}

/** The selected arguments: the argument itself for a number, an array for an array. */
export function selectArgs(args: readonly unknown[], argnums: Argnums): unknown {
  const { list, isArray } = normalizeArgnums(argnums, args.length);
  return isArray ? list.map((i) => args[i]) : args[list[0]];
}

/**
 * The arguments wrapped at a Grad level: those selected require gradients, the others only take part
 * in the level. `diff` is the selected part, with the structure that the results will have.
 */
export function wrapArguments(
  args: readonly unknown[],
  argnums: Argnums | null,
  level: number,
): { wrapped: unknown[]; diff: unknown } {
  if (argnums === null) {
    const wrapped = args.map((arg) => wrapDifferentiable(arg, level));
    return { wrapped, diff: wrapped };
  }
  const { list, isArray } = normalizeArgnums(argnums, args.length);
  const wrapped = args.map((arg, i) => (list.includes(i) ? wrapDifferentiable(arg, level) : wrapAll(arg, level)));
  return { wrapped, diff: isArray ? list.map((i) => wrapped[i]) : wrapped[list[0]] };
}

/** The flat outputs of a transformed function, which must all be tensors, and at least one. */
export function tensorOutputs(output: unknown, api: string): { leaves: Tensor[]; spec: pytree.TreeSpec } {
  const { leaves, spec } = pytree.flatten(output);
  if (leaves.length === 0 || (leaves.length === 1 && leaves[0] == null)) {
    const got = leaves.length === 0 ? '[]' : `[${String(leaves[0])}]`;
    throw new RuntimeError(`${api}: Expected f to be a function that has non-empty output (got output = ${got})`);
  }
  for (const leaf of leaves) {
    if (!native.isTensor(leaf)) {
      throw new RuntimeError(
        `${api}: expected f(*primals) to return only tensors, got unsupported type ${typeName(leaf)}`,
      );
    }
  }
  return { leaves: leaves as Tensor[], spec };
}
