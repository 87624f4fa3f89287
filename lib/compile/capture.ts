/** The first call with a signature: runs the function, and records the operators below all transforms. */

import { native } from '../native';
import { isPlainObject } from '../arguments';
import { resultFunction } from '../operator';
import * as pytree from '../pytree';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';

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
  /** The leaves that are not tensors. */
  constants: unknown[];
  /** For each result the index of a tensor that the graph computes, or -1 - k for the k-th tensor of the arguments. */
  sources: number[];
  tensors: Tensor[];
}

/** The tensors of the arguments, in the order in which the addon reads them. */
function tensorsOf(value: unknown, into: Tensor[] = [], depth = 0): Tensor[] {
  if (native.isTensor(value)) into.push(value);
  else if (depth > 100) return into;
  else if (Array.isArray(value)) for (const item of value as unknown[]) tensorsOf(item, into, depth + 1);
  else if (isPlainObject(value)) for (const key of Object.keys(value)) tensorsOf(value[key], into, depth + 1);
  return into;
}

function templateOf(value: unknown, args: readonly unknown[]): OutputTemplate {
  const inputs = tensorsOf(args);
  const { leaves, spec } = pytree.flatten(value);
  const template: OutputTemplate = { spec, positions: [], constants: [], sources: [], tensors: [] };
  const known = new Map<Tensor, number>();
  for (const leaf of leaves) {
    if (!native.isTensor(leaf)) {
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

/**
 * The arguments with tensors of their own, which share memory with the given ones: so a tensor that is given twice, or
 * that the function also knows from outside, is another one in each place.
 */
function withOwnTensors(value: unknown, originals: Map<Tensor, Tensor>, depth = 0): unknown {
  if (native.isTensor(value)) {
    const copy = native.shallowCopy(value);
    originals.set(copy, value);
    return copy;
  }
  if (depth > 100) return value;
  const before = originals.size;
  const own = (item: unknown): unknown => withOwnTensors(item, originals, depth + 1);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (let i = 0; i < value.length; i++) {
      // The addon refuses arrays with holes, of which there may be billions.
      if (!(i in value)) return value;
      items.push(own(value[i]));
    }
    return originals.size > before ? items : value;
  }
  if (!isPlainObject(value)) return value;
  const properties = Object.getOwnPropertyDescriptors(value);
  for (const key of Object.keys(value)) {
    properties[key] = { value: own(value[key]), writable: true, enumerable: true, configurable: true };
  }
  return originals.size > before ? Object.create(Object.getPrototypeOf(value) as object | null, properties) : value;
}

/**
 * Calls the function and records it.
 *
 * @param strict - Whether what cannot be repeated is an error at once.
 */
export function captureCall(api: string, func: AnyFunction, args: readonly unknown[], strict: boolean): Captured {
  const originals = new Map<Tensor, Tensor>();
  const own = args.map((arg) => withOwnTensors(arg, originals));
  const capture: unknown = beginCapture(strict, api === 'compile', ...own);
  let value: unknown;
  try {
    value = callSync(api, func, own);
  } finally {
    native.stopCapture(capture);
    for (const [copy, original] of originals) native.takeShape(original, copy);
  }
  const outputs = templateOf(value, own);
  const incomplete = native.finishCapture(capture, outputs.tensors);
  if (outputs.sources.some((source) => source < 0)) {
    value = pytree.treeMap(value, (leaf) => originals.get(leaf as Tensor) ?? leaf);
  }
  return { value, capture, incomplete, outputs };
}

/** The result of a call, from the tensors that it computed. */
export function rebuildOutput(template: OutputTemplate, results: readonly unknown[]): unknown {
  const leaves = template.positions.map((position, i) => (position < 0 ? template.constants[i] : results[position]));
  return pytree.unflatten(leaves, template.spec);
}
