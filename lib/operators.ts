/**
 * Turns the generated table into functions: one per operator name, whose native part holds the
 * overloads and picks one at the call. Only the declarations are generated; there is no JavaScript
 * code per operator.
 */

import type { FftFunctions } from './generated/fft-functions';
import type { LinalgFunctions } from './generated/linalg-functions';
import type { NestedFunctions } from './generated/nested-functions';
import type { NnFunctionalFunctions } from './generated/nn-functional-functions';
import type { SparseFunctions } from './generated/sparse-functions';
import type { SpecialFunctions } from './generated/special-functions';
import * as table from './generated/table';
import type { OperatorTable } from './generated/table';
import type { TorchFunctions } from './generated/torch-functions';
import type { OperatorFunction } from './native';
import { operatorFunction } from './operator';
import { Tensor } from './tensor';

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

// What the class defines itself stands: those methods do more than call one operator.
for (const [name, overloads] of Object.entries(table.methods)) {
  if (Object.hasOwn(Tensor.prototype, name)) continue;
  Object.defineProperty(Tensor.prototype, name, {
    value: operatorFunction(name, overloads, true),
    writable: true,
    configurable: true,
  });
}
