/** Comparison of values. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

/** The tolerance of each dtype, relative to the largest element. */
const TOLERANCES: Record<string, number> = {
  float64: 1e-8,
  complex128: 1e-8,
  float32: 1e-4,
  complex64: 1e-4,
  float16: 5e-3,
  complex32: 5e-3,
  bfloat16: 4e-2,
};

/** The elements as doubles: the real and the imaginary part of a complex element are two numbers. */
export function doubles(x: Tensor): Float64Array {
  const dense = x.layout === 'strided' ? x : x.toDense();
  const plain = dense.detach().resolveConj().resolveNeg();
  const real = plain.isComplex() ? torch.viewAsReal(plain.to('complex128')) : plain.to('float64');
  return real.contiguous().data() as Float64Array;
}

/** A real inner product, and the sum of the absolute values of its terms, to which its rounding error is relative. */
export interface Product {
  value: number;
  scale: number;
}

export function inner(a: readonly Tensor[], b: readonly Tensor[]): Product {
  let [value, scale] = [0, 0];
  a.forEach((x, k) => {
    const [left, right] = [doubles(x), doubles(b[k])];
    for (let i = 0; i < left.length; i++) {
      value += left[i] * right[i];
      scale += Math.abs(left[i] * right[i]);
    }
  });
  return { value, scale };
}

/** A number in reports: rounded to digits that do not depend on the processor. */
export function show(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}

export function isClose(a: number, b: number, allowed: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return Math.abs(a - b) <= allowed;
}

/** The largest absolute value of the finite elements. */
export function magnitude(tensors: readonly Tensor[]): number {
  const largest = (most: number, value: number) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most);
  return tensors.reduce((most, x) => doubles(x).reduce(largest, most), 0);
}

function tensorDifference(a: Tensor, b: Tensor, least: number): string | null {
  if (a.dtype !== b.dtype) return `dtype ${a.dtype}, right ${b.dtype}`;
  if (a.shape.join() !== b.shape.join()) return `shape [${a.shape.join(', ')}], right [${b.shape.join(', ')}]`;
  const [got, want] = [doubles(a), doubles(b)];
  const allowed = (TOLERANCES[b.dtype] ?? 0) * Math.max(magnitude([b]), least);
  for (let i = 0; i < got.length; i++) {
    if (!isClose(got[i], want[i], allowed)) return `element ${i} is ${show(got[i])}, right ${show(want[i])}`;
  }
  return null;
}

/**
 * Describes the first difference between tensors and the right ones, or returns null. `scale` is the magnitude of the
 * operands: if a result cancels to zero, its rounding error is relative to them.
 */
export function difference(got: readonly Tensor[], right: readonly Tensor[], scale: number): string | null {
  if (got.length !== right.length) return `${got.length} tensors, right ${right.length}`;
  for (let k = 0; k < right.length; k++) {
    const found = tensorDifference(got[k], right[k], 1e-2 * scale);
    if (found !== null) return right.length === 1 ? found : `tensor ${k}: ${found}`;
  }
  return null;
}
