/** Types of transformed functions: the structure of a result follows from the structure of the arguments. */

import type { Tensor } from '../tensor';

// The empty tuple and the object are hints: with them TypeScript infers a returned `[a, b]` as a pair, not as a list.
type Anything = NonNullable<unknown> | null | undefined | void;
type Nested<Item> = [] | readonly Item[] | { readonly [key: string]: Item } | Anything;

/**
 * What a function to transform may return: anything. Array literals, down to the third level, are inferred as tuples,
 * so that the structure of the result is known.
 */
export type Returned = Nested<Nested<Nested<Anything>>>;

/** A function to transform. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any arguments
export type Transformable = (...args: any[]) => Returned;

/** Which positional arguments to differentiate with respect to; negative numbers count from the end. */
export type Argnums = number | readonly number[];

/** The selected argument for a number, a tuple of arguments for an array, all arguments for null. */
export type Selected<A extends readonly unknown[], N> = N extends null
  ? A
  : N extends readonly number[]
    ? { -readonly [K in keyof N]: Argument<A, N[K]> }
    : Argument<A, N>;

type Argument<A extends readonly unknown[], N> = `${N & number}` extends `-${infer K}`
  ? FromEnd<A, K>
  : `${N & number}` extends keyof A
    ? A[`${N & number}` & keyof A]
    : A[number];

// `-K` is entry `K` of the reversed arguments with one element in front.
type FromEnd<A extends readonly unknown[], K> = [unknown, ...Reversed<A>] extends infer R
  ? K extends keyof R
    ? R[K]
    : A[number]
  : never;

type Reversed<A extends readonly unknown[]> = A extends readonly [infer First, ...infer Rest]
  ? [...Reversed<Rest>, First]
  : [];

/** The output of a function that may return `[output, aux]`. */
export type Output<R, HasAux> = HasAux extends true ? (R extends readonly [infer O, unknown] ? O : never) : R;
/** The aux of a function that returns `[output, aux]`. */
export type Aux<R> = R extends readonly [unknown, infer A] ? A : never;

/** The result, in a pair with the aux if there is one. */
export type WithAux<T, R, HasAux> = HasAux extends true ? [T, Aux<R>] : T;

/** The result, in a tuple with the requested value and aux of the function. */
export type WithExtras<T, R, HasAux, ReturnValue> = ReturnValue extends true
  ? HasAux extends true
    ? [T, Output<R, true>, Aux<R>]
    : [T, R]
  : WithAux<T, R, HasAux>;

/** A pytree with every tensor replaced by `T`. */
export type MapTree<Tree, T> = Tree extends Tensor
  ? T
  : Tree extends readonly unknown[]
    ? { -readonly [K in keyof Tree]: MapTree<Tree[K], T> }
    : Tree extends object
      ? { [K in keyof Tree]: MapTree<Tree[K], T> }
      : Tree;

/** The output with the pytree of the selected inputs in place of every tensor. */
export type JacobianOf<R, Inputs> = MapTree<R, Inputs>;
