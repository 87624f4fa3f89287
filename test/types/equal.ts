import type { Tensor } from 'torch-func';

/** Holds types to each other exactly: `any` equals nothing but itself. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * `is<Expected>()(value)` compiles only if the value's type is exactly that. Arrays and objects are
 * compared as they are written, so that `[Tensor, Tensor]` and `Tensor[]` differ.
 */
export declare function is<Expected>(): <Actual>(
  value: Actual,
  ...same: Equal<Actual, Expected> extends true ? [] : [error: 'the types differ', actual: Actual, expected: Expected]
) => void;

// Interfaces, aliases and mapped types taken apart, so that what a transform makes compares with what is written
// by hand.
type Plain<T> = T extends Tensor ? T : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

/** Like {@link is}, for structures: their tensors, lists, tuples and keys must be the same, however they are declared. */
export declare function isTree<Expected>(): <Actual>(
  value: Actual,
  ...same: Equal<Plain<Actual>, Plain<Expected>> extends true
    ? []
    : [error: 'the types differ', actual: Plain<Actual>, expected: Plain<Expected>]
) => void;
