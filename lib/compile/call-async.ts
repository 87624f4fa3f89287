/** Operators and copies of values off the event loop: see Note [Asynchronous calls] (native/compile/async/async_queue.h). */

import { checkOptions } from '../arguments';
import { describeType } from '../describe';
import * as table from '../generated/table';
import type { OperatorTable } from '../generated/table';
import { native } from '../native';
import type { TypedArray } from '../native';
import { resultFunction } from '../operator';
import * as operators from '../operators';
import { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { asyncMethod, queueOfCalls } from './async';
import type { AsyncOptions, StartCall } from './async';

/** The arguments and the result of each overload of a function, of eight at most. */
type Overloads<F> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
  (...args: infer A4): infer R4;
  (...args: infer A5): infer R5;
  (...args: infer A6): infer R6;
  (...args: infer A7): infer R7;
  (...args: infer A8): infer R8;
}
  ? [A1, R1] | [A2, R2] | [A3, R3] | [A4, R4] | [A5, R5] | [A6, R6] | [A7, R7] | [A8, R8]
  : never;

/** The arguments of a call of an operator: those of one of its overloads. */
export type OperatorArguments<F extends AnyFunction> = Overloads<F>[0];

/** What a call of an operator with these arguments returns. */
export type OperatorResult<F extends AnyFunction, A> =
  Overloads<F> extends infer O ? (O extends [infer P, infer R] ? (A extends P ? R : never) : never) : never;

const NAMESPACES: readonly [functions: object, names: OperatorTable][] = [
  [operators.torchFunctions, table.torch],
  [operators.linalgFunctions, table.linalg],
  [operators.fftFunctions, table.fft],
  [operators.specialFunctions, table.special],
  [operators.nnFunctionalFunctions, table.nnFunctional],
  [operators.sparseFunctions, table.sparse],
  [operators.nestedFunctions, table.nested],
];

type AsyncFunction = (...args: unknown[]) => Promise<unknown>;

const found = new WeakMap<AnyFunction, AsyncFunction>();

/** The function that calls an operator asynchronously; made at the first such call. */
function asyncFunctionOf(f: unknown): AsyncFunction {
  const known = found.get(f as AnyFunction);
  if (known !== undefined) return known;
  for (const [functions, names] of NAMESPACES) {
    const name = typeof f === 'function' && Object.hasOwn(names, f.name) ? f.name : undefined;
    if (name === undefined || (functions as Record<string, unknown>)[name] !== f) continue;
    const start = resultFunction(name, native.asyncOperator(name, names[name], queueOfCalls()));
    const made = asyncMethod(
      (args) => start(...args) as number,
      f as AnyFunction,
      () => (value) => value,
    );
    found.set(f as AnyFunction, made);
    return made;
  }
  const given = typeof f === 'function' ? `the function '${f.name}'` : describeType(f);
  throw new TypeError(
    `callAsync(): argument 'operator' must be an operator of libtorch, such as torch.linalg.svd, not ${given}; ` +
      'torch.compile(f).async calls other functions',
  );
}

/**
 * Calls an operator off the event loop: `callAsync(f, args)` is a Promise of `f(...args)`. The operator sees what its
 * arguments hold at the call. As many calls run at once as {@link getNumThreads} says, each on one thread, in the same
 * queue as those of compiled functions: see {@link asyncQueue}. For several operators in a row, one call of
 * `torch.compile(f).async` takes less time.
 *
 * Some calls are made at once, on the event loop, and their Promise is for a result that is already there: those that record
 * gradients, write to arguments, return views of them, draw random numbers, or have tensors of other devices or layouts
 * than strided CPU tensors.
 *
 * @param operator an operator of `torch`, `torch.linalg`, `torch.fft`, `torch.special`, `torch.sparse` or
 * `torch.nn.functional`; not a method, nor a function that this package implements with several operators
 * @param args its arguments, as an array
 * @param options `signal`: an AbortSignal that drops the call if it has not started; the Promise is rejected at once, with
 * the signal's reason
 * @returns a Promise of the result; it is rejected with the errors of the operator
 * @throws TypeError for another function
 * @example
 * ```ts
 * const A = torch.tensor([[3, 0], [0, 4]]);
 * const { S } = await torch.callAsync(torch.linalg.svd, [A, { fullMatrices: false }]);
 * S; // [4, 3]
 * ```
 */
export function callAsync<F extends AnyFunction, const A extends OperatorArguments<F>>(
  operator: F,
  args: A,
  options?: Partial<AsyncOptions>,
): Promise<OperatorResult<F, A>>;
export function callAsync(operator: unknown, args: unknown, options?: Partial<AsyncOptions>): Promise<unknown> {
  const call = asyncFunctionOf(operator);
  const { signal } = checkOptions('callAsync', options, ['signal']);
  if (!Array.isArray(args)) {
    throw new TypeError(`callAsync(): argument 'args' must be an array of arguments, not ${describeType(args)}`);
  }
  return withSignal('callAsync', call, args, signal);
}

function withSignal(api: string, call: AsyncFunction, args: readonly unknown[], signal: unknown): Promise<unknown> {
  if (signal === undefined) return call(...args);
  if (signal instanceof AbortSignal) return call(...args, { signal });
  throw new TypeError(`${api}(): option 'signal' must be an AbortSignal, not ${describeType(signal)}`);
}

declare module '../tensor' {
  interface Tensor {
    /**
     * A Promise of a copy of the values, as {@link data} returns them. Values of more than 256 KB are copied off the event
     * loop, also those of other devices. The copy has what the tensor holds at the call. See {@link callAsync}.
     *
     * @param options `signal`: an AbortSignal that drops the copy if it has not started
     * @example
     * ```ts
     * const x = torch.ones(1000, 1000);
     * const copy = x.dataAsync();
     * x.zero_();
     * (await copy)[0]; // 1
     * ```
     */
    dataAsync(options?: Partial<AsyncOptions>): Promise<TypedArray>;
  }
}

const start: StartCall = ([tensor]) => native.startData(queueOfCalls(), tensor as Tensor);
const copy = asyncMethod(
  start,
  (tensor) => (tensor as Tensor).data(),
  () => (value) => value,
);

Tensor.prototype.dataAsync = function dataAsync(options) {
  const { signal } = checkOptions('dataAsync', options, ['signal']);
  return withSignal('dataAsync', copy, [this], signal) as Promise<TypedArray>;
};
