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
