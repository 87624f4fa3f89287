/** Types that follow a transform: what comes out has the structure of what goes in. */

import type { Tensor } from '../tensor';

// Anything, once more with hints: the arrays and objects make TypeScript read `[a, b]` in a function that returns
// it, or an object of such, as a pair and not as a list.
type Anything = NonNullable<unknown> | null | undefined | void;
type Nested<Item> = [] | readonly Item[] | { readonly [key: string]: Item } | Anything;

/**
 * What a function to transform may return: anything. Arrays that are written out in it, down to the third level,
 * are taken for tuples, so that the structure of the result is known.
 */
export type Returned = Nested<Nested<Nested<Anything>>>;

/** A function to transform. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever arguments it has
export type Transformable = (...args: any[]) => Returned;

/** Which positional arguments to differentiate with respect to; negative numbers count from the end. */
export type Argnums = number | readonly number[];

/** The selected argument for a number, a tuple of the selected ones for an array, all of them for null. */
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

// The last argument is number 1 of the reversed ones with something put in front.
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

/** The result with the aux beside it, if there is one. */
export type WithAux<T, R, HasAux> = HasAux extends true ? [T, Aux<R>] : T;

/** The result with the value of the function and the aux beside it, where they were asked for. */
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

/** For every tensor of the output: the pytree of the selected inputs. */
export type JacobianOf<R, Inputs> = MapTree<R, Inputs>;
