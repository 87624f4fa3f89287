/** Types of custom functions. */

import type { FunctionCtx } from './context';

/** The first argument of the `vmap` method of a custom function. */
export interface VmapInfo {
  /** The size of the mapped dimension. */
  batchSize: number;
  /** The option of `torch.vmap`. */
  randomness: 'error' | 'same' | 'different';
}

/* eslint-disable @typescript-eslint/no-explicit-any -- methods of any signature; the subclass declares it */

/** The methods and settings of a custom function: the user's class, or an object that a transform generates. */
export interface CustomFunction {
  readonly name: string;
  readonly generateVmapRule: boolean;
  readonly clearSavedTensorsOnAccess: boolean;
  readonly boxedGradsCall: boolean;
  forward(...args: any[]): any;
  setupContext(ctx: any, inputs: any, output: any): void;
  backward(ctx: any, ...gradOutputs: any[]): any;
  vjp(ctx: any, ...gradOutputs: any[]): any;
  jvp(ctx: any, ...tangents: any[]): any;
  vmap(info: VmapInfo, inDims: any, ...args: any[]): any;
}

type IsAny<T> = 0 extends 1 & T ? true : false;

/** The arguments of `apply`: those of `forward`, without the context if it takes one. */
export type ApplyArguments<F> = F extends { forward: (...args: infer A) => unknown }
  ? A extends [infer First, ...infer Rest]
    ? IsAny<First> extends true
      ? A
      : First extends FunctionCtx
        ? Rest
        : A
    : A
  : never;

/** The result of `apply`: that of `forward`. */
export type ApplyResult<F> = F extends { forward: (...args: any[]) => infer R } ? R : never;
/* eslint-enable @typescript-eslint/no-explicit-any */
