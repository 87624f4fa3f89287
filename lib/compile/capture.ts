/** The first call with a signature: runs the function, and records the operators below all transforms. */

import { isPlainObject } from '../arguments';
import { Complex } from '../complex';
import { describeType } from '../describe';
import { Device } from '../device';
import { native } from '../native';
import { resultFunction } from '../operator';
import * as pytree from '../pytree';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { OwnArguments } from './own-arguments';

type Flat = ReturnType<typeof pytree.flatten>;

const beginCapture = resultFunction('beginCapture', native.beginCapture);

/** What came of a recorded call. */
export interface Captured {
  /** What the function returned. */
  value: unknown;
  /** The recording, for the addon. */
  capture: unknown;
  /** Why the recording cannot be repeated; `''` if it can. */
  incomplete: string;
  outputs: OutputTemplate;
}

/** How the result of a later call is made of the tensors that it computes. */
export interface OutputTemplate {
  spec: pytree.TreeSpec;
  /** For each leaf the position of its tensor among the results, or -1. */
  positions: number[];
  /** The other leaves: values that are not tensors, and tensors from outside of the function. */
  constants: unknown[];
  /** For each result the index of a tensor that the graph computes, or -1 - k for the k-th tensor of the arguments. */
  sources: number[];
  tensors: Tensor[];
}

/** The tensors of the arguments, in the order in which the addon reads them. */
export function tensorsOf(value: unknown, into: Tensor[] = [], depth = 0): Tensor[] {
  if (native.isTensor(value)) into.push(value);
  else if (depth > 100) return into;
  else if (Array.isArray(value)) for (const item of value as unknown[]) tensorsOf(item, into, depth + 1);
  else if (isPlainObject(value)) for (const key of Object.keys(value)) tensorsOf(value[key], into, depth + 1);
  return into;
}

/** @param isHeld - Whether a tensor of the result is the same object in every call. */
function templateOf(
  { leaves, spec }: Flat,
  inputs: readonly Tensor[],
  isHeld: (tensor: Tensor) => boolean,
): OutputTemplate {
  const template: OutputTemplate = { spec, positions: [], constants: [], sources: [], tensors: [] };
  const known = new Map<Tensor, number>();
  for (const leaf of leaves) {
    if (!native.isTensor(leaf) || isHeld(leaf)) {
      template.positions.push(-1);
      template.constants.push(leaf);
      continue;
    }
    let position = known.get(leaf);
    if (position === undefined) {
      position = template.sources.length;
      known.set(leaf, position);
      const argument = inputs.indexOf(leaf);
      if (argument < 0) template.tensors.push(leaf);
      template.sources.push(argument < 0 ? template.tensors.length - 1 : -1 - argument);
    }
    template.positions.push(position);
    template.constants.push(undefined);
  }
  return template;
}

/** Whether a value may hold tensors that a later call does not find, because it is no node of a pytree. */
function mayHoldTensors(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null || native.isTensor(value)) return false;
  return !(value instanceof Device || value instanceof Complex);
}

/** Why the function has done what cannot be repeated; null if it can. */
function whyNotRepeatable(own: OwnArguments, results: readonly unknown[]): string | null {
  const isDisposed = (leaf: unknown): boolean => native.isTensor(leaf) && leaf.isDisposed;
  return (
    own.whyNotRepeatable() ?? (results.some(isDisposed) ? 'the function returns a tensor that is disposed of' : null)
  );
}

/** Why results may hold tensors that a later call would not compute; null if they do not. */
function whyNotRebuilt(results: readonly unknown[]): string | null {
  const holder = results.find(mayHoldTensors);
  if (holder === undefined) return null;
  const type = describeType(holder);
  const isObject = type === 'object' || type === 'Object';
  const what = type === 'function' ? 'a function' : isObject ? 'an object' : `an object of class ${type}`;
  return `the function returns ${what}, which may hold tensors`;
}

/**
 * Calls the function and records it.
 *
 * @param api - `compile` expects to find values again that the library reads, and returns tensors from outside as the
 * objects that they are.
 * @param strict - Whether what cannot be repeated is an error at once.
 * @param signature - What belongs to the signature of the call besides its arguments.
 */
export function captureCall(
  api: 'compile' | 'fx.makeFx' | 'export.export',
  func: AnyFunction,
  args: readonly unknown[],
  strict: boolean,
  signature: readonly unknown[] = [],
): Captured {
  const isCompiled = api === 'compile';
  const own = new OwnArguments(args);
  const capture: unknown = beginCapture(strict ? `torch.${api}` : '', isCompiled, ...own.values, ...signature);
  let value: unknown;
  let result: Flat;
  try {
    value = callSync(api, func, own.values);
    result = pytree.flatten(value);
    // What an exported program may return is the matter of its format.
    const reason =
      whyNotRepeatable(own, result.leaves) ?? (api === 'export.export' ? null : whyNotRebuilt(result.leaves));
    if (reason !== null) native.breakRecording(reason);
  } finally {
    native.stopCapture(capture);
    own.giveBack();
  }
  const isHeld = (tensor: Tensor): boolean => isCompiled && !own.has(tensor) && native.existedBefore(capture, tensor);
  const outputs = templateOf(result, tensorsOf(own.values), isHeld);
  const computed = outputs.tensors.filter((tensor) => !tensor.isDisposed);
  const incomplete = native.finishCapture(capture, computed);
  if (result.leaves.some(own.has)) value = pytree.unflatten(result.leaves.map(own.given), result.spec);
  return { value, capture, incomplete, outputs };
}

/** The result of a call, from the tensors that it computed. */
export function rebuildOutput(template: OutputTemplate, results: readonly unknown[]): unknown {
  const leaves = template.positions.map((position, i) => (position < 0 ? template.constants[i] : results[position]));
  return pytree.unflatten(leaves, template.spec);
}
