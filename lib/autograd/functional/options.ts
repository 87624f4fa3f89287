/** The optional arguments that four of the functions share. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Like, Tensors } from './tensors';

/** The options of `vjp`, `jvp`, `vhp` and `hvp`; `V` is what the vector has the form of. */
export interface ProductOptions<V extends Tensors = Tensors> {
  /** The vector to multiply with; it may be left out where it would have one element, and is then 1. */
  v?: Like<V> | null;
  /** Whether the output and the result can be differentiated in turn. */
  createGraph?: boolean;
  /** Whether a result that does not depend on the inputs is an error instead of zeros. */
  strict?: boolean;
}

/** The optional arguments by position, by name, or both. */
export type ProductRest<V extends Tensors> = Optional<
  [v: Like<V> | null, createGraph: boolean, strict: boolean],
  ProductOptions<V>
>;

/** Reads the optional arguments of one of the functions. */
export function readProductOptions(
  api: string,
  rest: readonly unknown[],
): { v: unknown; createGraph: boolean; strict: boolean } {
  const {
    v = null,
    createGraph = false,
    strict = false,
  } = readOptions<ProductOptions>(api, rest, ['v', 'createGraph', 'strict'], [], 2);
  return { v, createGraph, strict };
}
