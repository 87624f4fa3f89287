/**
 * The operators of the generated table as functions, one per name. The native part of a function holds its overloads
 * and chooses one at each call. Only declarations are generated; no operator has JavaScript code of its own.
 */

import type { DeviceLike } from './device';
import type { Dtype } from './dtype';
import type { FftFunctions } from './generated/fft-functions';
import type { LinalgFunctions } from './generated/linalg-functions';
import type { NestedFunctions } from './generated/nested-functions';
import type { NnFunctionalFunctions } from './generated/nn-functional-functions';
import type { SparseFunctions } from './generated/sparse-functions';
import type { SpecialFunctions } from './generated/special-functions';
import * as table from './generated/table';
import type { OperatorTable } from './generated/table';
import type { TorchFunctions } from './generated/torch-functions';
import type { Index } from './indexing';
import { native } from './native';
import type { OperatorFunction } from './native';
import { operatorFunction, resultFunction } from './operator';
import { Tensor } from './tensor';
import { readToArguments } from './to-arguments';
import type { ToOptions, ToRest } from './to-arguments';

function functionsOf<T>(operators: OperatorTable): T {
  const functions: Record<string, OperatorFunction> = {};
  for (const [name, overloads] of Object.entries(operators)) functions[name] = operatorFunction(name, overloads, false);
  return functions as T;
}

export const torchFunctions = functionsOf<TorchFunctions>(table.torch);
export const linalgFunctions = functionsOf<LinalgFunctions>(table.linalg);
export const fftFunctions = functionsOf<FftFunctions>(table.fft);
export const specialFunctions = functionsOf<SpecialFunctions>(table.special);
export const nnFunctionalFunctions = functionsOf<NnFunctionalFunctions>(table.nnFunctional);
export const sparseFunctions = functionsOf<SparseFunctions>(table.sparse);
export const nestedFunctions = functionsOf<NestedFunctions>(table.nested);

// Methods of the class itself take precedence, because they do more than call one operator.
for (const [name, overloads] of Object.entries(table.methods)) {
  if (Object.hasOwn(Tensor.prototype, name)) continue;
  Object.defineProperty(Tensor.prototype, name, {
    value: operatorFunction(name, overloads, true),
    writable: true,
    configurable: true,
  });
}

declare module './tensor' {
  interface Tensor {
    /** The transpose of a matrix; `Tensor.T`. */
    readonly T: Tensor;

    /** The conjugate transpose of a matrix; `Tensor.H`. */
    readonly H: Tensor;

    /** The real part of a complex tensor, as a view; `Tensor.real`. */
    readonly real: Tensor;

    /** The imaginary part of a complex tensor, as a view; `Tensor.imag`. */
    readonly imag: Tensor;

    /**
     * `x.index(slice(), 0)` is Python's `x[:, 0]`: integers, `slice()` or `'1:3'`, `'...'`, `null` for
     * a new axis, booleans, tensors and arrays as indices. Throws an IndexError out of range.
     */
    index(...indices: Index[]): Tensor;

    /**
     * The tensor with another dtype or on another device; `Tensor.to`. If nothing changes, the result is another
     * handle of the same tensor, so that each can be disposed of separately.
     *
     * @example
     * ```ts
     * const x = torch.ones(2);
     * x.to('float64').dtype; // 'float64'
     * x.to({ dtype: 'float16', device: 'cpu', copy: true });
     * if (torch.cuda.isAvailable()) x.to('cuda:0', { nonBlocking: true });
     * ```
     */
    to(target: Dtype | Tensor, ...rest: ToRest): Tensor;
    to(device: DeviceLike, options?: ToOptions): Tensor;
    to(device: DeviceLike, dtype: Dtype | null, ...rest: ToRest): Tensor;
    to(options: ToOptions): Tensor;
  }
}

// Operators that are properties in Python.
for (const [name, operator] of Object.entries({ T: 'numpy_T', H: 'matrix_H', real: 'real', imag: 'imag' })) {
  Object.defineProperty(Tensor.prototype, name, {
    get: operatorFunction(name, operator, true) as (this: Tensor) => Tensor,
    configurable: true,
  });
}

Tensor.prototype.index = resultFunction('index', native.index) as Tensor['index'];

const callTo = operatorFunction('to', 'to.dtype_layout', true);
Tensor.prototype.to = function (this: Tensor, target: unknown, ...rest: readonly unknown[]): Tensor {
  return callTo.call(this, readToArguments(target, rest)) as Tensor;
};
