/** The optional arguments of `vjp`, `jvp`, `vhp` and `hvp`. */

import { checkBooleans, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Like, Tensors } from './tensors';

/** The options of `vjp`, `jvp`, `vhp` and `hvp`; the vector has the structure of `V`. */
export interface ProductOptions<V extends Tensors = Tensors> {
  /** The vector to multiply with; optional if it has one element, and then 1. */
  v?: Like<V> | null;
  /** Whether the output and the result can be differentiated. */
  createGraph?: boolean;
  /** Whether a result that does not depend on the inputs is an error; otherwise it is zeros. */
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
  checkBooleans(api, { createGraph, strict });
  return { v, createGraph, strict };
}
