/** `inDims` and `outDims`: the mapped dimension of each argument and output of a function under `vmap`. */

import { isPlainObject } from '../arguments';
import { describeType, nameOf } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import * as pytree from '../pytree';
import type { AnyFunction } from '../types';

/** A dimension to map over, null for an unmapped argument, or a pytree of these. */
export type Dims = number | null | readonly Dims[] | { readonly [key: string]: Dims };

// Dims that contain themselves, and sparse arrays with 2^32 holes, are rejected elsewhere; this text must be finite.
const MAX_TEXT_DEPTH = 8;
const MAX_TEXT_ENTRIES = 16;

function dimsToString(dims: unknown, depth = 0): string {
  if (depth > MAX_TEXT_DEPTH) return '...';
  const list = (entries: readonly unknown[], text: (entry: unknown) => string): string => {
    const shown = Array.from(entries.slice(0, MAX_TEXT_ENTRIES), text);
    return (entries.length > shown.length ? [...shown, '...'] : shown).join(', ');
  };
  if (Array.isArray(dims)) return `[${list(dims, (dim) => dimsToString(dim, depth + 1))}]`;
  if (isPlainObject(dims)) {
    return `{${list(Object.keys(dims), (key) => `${key as string}: ${dimsToString(dims[key as string], depth + 1)}`)}}`;
  }
  return native.isTensor(dims)
    ? 'Tensor'
    : typeof dims === 'object' && dims !== null
      ? describeType(dims)
      : String(dims);
}

const isDim = (dim: unknown): boolean => dim === null || Number.isInteger(dim);

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** Says where dims do not match the structure of what they are for. */
function explainMismatch(name: string, dims: unknown, spec: pytree.TreeSpec, owner: string, item: string): string {
  const structure = `${owner} ${pytree.specToShortString(spec)}`;
  if (!Array.isArray(dims) || spec.kind === 'object' || spec.kind === 'custom') {
    return `${name} is ${dimsToString(dims)}, but ${structure}`;
  }
  const count = spec.kind === 'leaf' ? 1 : spec.children.length;
  if (spec.kind === 'leaf' || dims.length !== count) {
    return `${name} has ${counted(dims.length, 'entry', 'entries')}, but ${owner} ${counted(count, item, `${item}s`)}`;
  }
  const wrong = spec.children.findIndex((child, i) => pytree.broadcastPrefix(dims[i], child) === null);
  const expected = pytree.specToShortString(spec.children[wrong]);
  return `${name}[${wrong}] is ${dimsToString(dims[wrong])}, but ${item} ${wrong} is ${expected}`;
}

/** The arguments of a call of `vmap`. */
export interface Batch {
  size: number;
  /** The dimension of each leaf. */
  dims: (number | null)[];
  leaves: unknown[];
  spec: pytree.TreeSpec;
}

/** The flat arguments, each with its non-negative dimension or null, and the batch size. */
export function readBatch(func: AnyFunction, inDims: unknown, args: readonly unknown[]): Batch {
  const refuse = (why: string): ValueError =>
    new ValueError(`vmap(${nameOf(func)}, inDims=${dimsToString(inDims)}, ...)(<inputs>): ${why}`);
  if (!Number.isInteger(inDims) && !Array.isArray(inDims)) {
    const advice = isPlainObject(inDims)
      ? `\nAn array has one entry for each argument: write inDims: [${dimsToString(inDims)}].`
      : '';
    throw refuse(
      `expected \`inDims\` to be int or a (potentially nested) tuple matching the structure of inputs, got: ${describeType(inDims)}.${advice}`,
    );
  }
  if (args.length === 0) {
    throw new ValueError(
      `vmap(${nameOf(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no inputs. The latter is unsupported.`,
    );
  }
  const { leaves, spec } = pytree.flatten(args);
  const flatDims = pytree.broadcastPrefix(inDims, spec);
  if (flatDims === null) {
    const where = explainMismatch('inDims', inDims, spec, 'the function got', 'argument');
    throw refuse(`inDims is not compatible with the structure of \`inputs\`. ${where}.`);
  }
  const sizes: number[] = [];
  const dims = flatDims.map((dim, i) => {
    const leaf = leaves[i];
    if (!isDim(dim)) {
      throw refuse(
        `Got inDim=${dimsToString(dim)} for an input but inDim must be either an integer dimension or null.`,
      );
    }
    if (dim === null) return null;
    if (!native.isTensor(leaf)) {
      throw refuse(
        `Got inDim=${String(dim)} for an input but the input is of type ${describeType(leaf)}. We cannot vmap over non-Tensor arguments, please use null as the respective inDim`,
      );
    }
    const shape = native.sizes(leaf);
    const n = shape.length;
    const d = dim as number;
    if (d < -n || d >= n) {
      throw refuse(
        `Got inDim=${d} for some input, but that input is a Tensor of dimensionality ${n} so expected inDim to satisfy -${n} <= inDim < ${n}.`,
      );
    }
    const wrapped = d < 0 ? d + n : d;
    sizes.push(shape[wrapped]);
    return wrapped;
  });
  if (sizes.length === 0) throw new ValueError('vmap: Expected at least one Tensor to vmap over');
  if (sizes.some((size) => size !== sizes[0])) {
    throw new ValueError(
      `vmap: Expected all tensors to have the same size in the mapped dimension, got sizes [${sizes.join(', ')}] for the mapped dimension`,
    );
  }
  return { size: sizes[0], dims, leaves, spec };
}

/** @throws ValueError for an entry that is not a dimension. */
export function checkOutDims(func: AnyFunction, outDims: unknown): void {
  if (pytree.flatten(outDims).leaves.every(isDim)) return;
  throw new ValueError(
    `vmap(${nameOf(func)}, ..., outDims=${dimsToString(outDims)}): \`outDims\` must be an int, null or a collection of ints representing where in the outputs the vmapped dimension should appear.`,
  );
}

/** The dimension of each flat output. */
export function readOutDims(func: AnyFunction, outDims: unknown, spec: pytree.TreeSpec): (number | null)[] {
  // For a single tensor, an array of one dimension is accepted too.
  const single = spec.kind === 'leaf' && Array.isArray(outDims) && outDims.length === 1 ? outDims[0] : outDims;
  const dims = pytree.broadcastPrefix(single, spec);
  if (dims !== null) return dims as (number | null)[];
  const where = explainMismatch('outDims', outDims, spec, 'the function returned', 'output');
  throw new ValueError(
    `vmap(${nameOf(func)}, ..., outDims=${dimsToString(outDims)})(<inputs>): outDims is not compatible with the structure of \`outputs\`. ${where}.`,
  );
}
