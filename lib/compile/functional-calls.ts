/** Functional calls: while one runs, a module has other tensors, and what was compiled with its own does not hold. */

let depth = 0;

export function duringFunctionalCall<T>(body: () => T): T {
  depth++;
  try {
    return body();
  } finally {
    depth--;
  }
}

export function isFunctionalCall(): boolean {
  return depth > 0;
}
