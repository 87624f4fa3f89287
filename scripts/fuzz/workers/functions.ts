/** The functions that the threads of the worker run call, compiled and not. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

const { grad, jacrev, vmap } = torch.func;

export interface Subject {
  /** The shape of its argument, which is float64. */
  shape: readonly number[];
  /** Whether it returns the argument, or a view of it: what is written to that later is in the result, too. */
  aliases?: boolean;
  f(x: Tensor): unknown;
}

const SQUARE = [24, 24];
const SMALL = [7, 3];
/** Of 1.6 MB: its memory comes from the pool of large blocks. */
const LARGE = [200_000];

/** Steps between which a call can be stopped. */
function chain(x: Tensor): Tensor {
  let y = x;
  for (let i = 0; i < 12; i++) y = y.matmul(x).tanh();
  return y;
}

export const SUBJECTS: Readonly<Record<string, Subject>> = {
  pointwise: { shape: LARGE, f: (x) => x.sin().mul(x).add(1) },
  'view and sum': { shape: LARGE, aliases: true, f: (x) => ({ part: x.narrow(0, 5, 10), sum: x.sum() }) },
  chain: { shape: SQUARE, f: chain },
  'several results': {
    shape: SQUARE,
    aliases: true,
    f: (x) => [x.sum(0), { transposed: x.T, same: x, product: x.matmul(x.T) }],
  },
  factors: { shape: SQUARE, f: (x) => torch.linalg.qr(x).Q.abs() },
  gradient: { shape: SMALL, f: grad((x: Tensor) => x.sin().mul(x).sum()) },
  'batch of Jacobians': { shape: SMALL, f: vmap(jacrev((row: Tensor) => row.sin().mul(row.sum()))) },
};

export const NAMES = Object.keys(SUBJECTS);

/** Throws an error where an index is out of range. */
export const gather = (x: Tensor, index: Tensor): Tensor => x.gather(0, index).sin();

/** The elements of all tensors in a result. */
export function elementsOf(result: unknown): Float64Array[] {
  if (result instanceof torch.Tensor) return [result.data() as Float64Array];
  if (typeof result !== 'object' || result === null) return [];
  return Object.values(result).flatMap(elementsOf);
}

/** Calls the function itself. */
export function plainElements(name: string, x: Tensor): Float64Array[] {
  return torch.scope(() => ({ elements: elementsOf(SUBJECTS[name].f(x)) })).elements;
}

/** Where two results differ by more than rounding; null if they do not. */
export function difference(found: readonly Float64Array[], expected: readonly Float64Array[]): string | null {
  if (found.length !== expected.length) return `${found.length} tensors instead of ${expected.length}`;
  for (const [k, values] of expected.entries()) {
    if (found[k].length !== values.length) return `${found[k].length} elements instead of ${values.length}`;
    const at = values.findIndex((value, i) => !(Math.abs(found[k][i] - value) <= 1e-9 * (1 + Math.abs(value))));
    if (at >= 0) return `element ${at} of tensor ${k} is ${found[k][at]} instead of ${values[at]}`;
  }
  return null;
}
