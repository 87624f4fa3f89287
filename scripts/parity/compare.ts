/** Holds what came out against what PyTorch gave. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import type { Encoded } from './corpus';
import { float } from './programs';
import { bytesOf, elementsOf, tensorFromBytes } from './tensors';

// Relative and absolute. Both sides run the same kernels, so float64 leaves next to nothing; the
// others are PyTorch's own for comparing results of a dtype.
const TOLERANCES: Record<string, [number, number]> = {
  float64: [1e-9, 1e-9],
  complex128: [1e-9, 1e-9],
  float32: [1.3e-6, 1e-5],
  complex64: [1.3e-6, 1e-5],
  float16: [1e-3, 1e-5],
  complex32: [1e-3, 1e-5],
  bfloat16: [1.6e-2, 1e-5],
};

export class Difference extends Error {}

function isClose(actual: number, expected: number, [relative, absolute]: [number, number]): boolean {
  if (actual === expected) return true;
  if (Number.isNaN(expected)) return Number.isNaN(actual);
  if (!Number.isFinite(expected)) return false;
  return Math.abs(actual - expected) <= absolute + relative * Math.abs(expected);
}

function show(value: unknown): string {
  if (torch.isTensor(value)) return `a ${value.dtype} tensor of shape [${value.shape.join(', ')}]`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value instanceof torch.Complex ? `${value.re} + ${value.im}j` : String(value);
}

function plain(x: Tensor): Tensor {
  const dense = x.layout === 'strided' ? x : x.toDense();
  return dense.detach().resolveConj().resolveNeg().contiguous();
}

function doubles(x: Tensor): Float64Array {
  return x.to(x.isComplex() ? 'complex128' : 'float64').data() as Float64Array;
}

function compareTensor(
  actual: unknown,
  expected: { T: [string, number[], number]; layout?: string },
  values: Uint8Array,
  tolerance: [number, number] | undefined,
  at: string,
): void {
  const [dtype, shape, offset] = expected.T;
  if (!torch.isTensor(actual)) {
    throw new Difference(`${at}: got ${show(actual)}, PyTorch a ${dtype} tensor of shape [${shape.join(', ')}]`);
  }
  if (actual.dtype !== dtype) throw new Difference(`${at}: the dtype is ${actual.dtype}, in PyTorch ${dtype}`);
  if (actual.shape.join() !== shape.join()) {
    throw new Difference(`${at}: the shape is [${actual.shape.join(', ')}], in PyTorch [${shape.join(', ')}]`);
  }
  const layout = expected.layout ?? 'strided';
  if (actual.layout !== layout) throw new Difference(`${at}: the layout is ${actual.layout}, in PyTorch ${layout}`);
  const count = elementsOf(shape);
  if (offset < 0 || count === 0) return;
  const got = plain(actual);
  const data = got.data();
  const bytes = bytesOf(values, dtype, offset, count);
  if (Buffer.compare(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), bytes) === 0) return;
  const allowed = TOLERANCES[dtype];
  const want = tensorFromBytes(values, dtype, shape, offset);
  if (allowed === undefined) {
    const [a, b] = [data, want.data()] as ArrayLike<unknown>[];
    for (let i = 0; i < a.length; i++) {
      if (a[i] !== b[i]) throw new Difference(`${at}: element ${i} is ${String(a[i])}, in PyTorch ${String(b[i])}`);
    }
    return;
  }
  const limits: [number, number] =
    tolerance === undefined ? allowed : [Math.max(allowed[0], tolerance[0]), Math.max(allowed[1], tolerance[1])];
  const [a, b] = [doubles(got), doubles(want)];
  for (let i = 0; i < a.length; i++) {
    if (!isClose(a[i], b[i], limits)) throw new Difference(`${at}: element ${i} is ${a[i]}, in PyTorch ${b[i]}`);
  }
}

/** Throws a Difference that says where the two differ. */
export function compare(
  actual: unknown,
  expected: Encoded,
  values: Uint8Array,
  tolerance?: [number, number],
  at = 'result',
): void {
  const differ = (wanted: unknown): never => {
    throw new Difference(`${at}: got ${show(actual)}, PyTorch ${show(wanted)}`);
  };
  if (expected === null) {
    if (actual !== null && actual !== undefined) differ(null);
  } else if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) {
      throw new Difference(`${at}: got ${show(actual)}, PyTorch a sequence of ${expected.length}`);
    }
    expected.forEach((item, i) => compare(actual[i], item, values, tolerance, `${at}[${i}]`));
  } else if (typeof expected !== 'object') {
    // Integers beyond 2^53 come as bigints, and others may.
    if (typeof actual === 'bigint' ? Number(actual) !== expected : actual !== expected) differ(expected);
  } else if ('T' in expected) {
    compareTensor(actual, expected, values, tolerance, at);
  } else if ('i' in expected) {
    if (typeof actual !== 'bigint' || actual !== BigInt(expected.i)) differ(expected.i);
  } else if ('f' in expected) {
    const value = float(expected.f);
    if (typeof actual !== 'number' || !isClose(actual, value, TOLERANCES.float64)) differ(value);
  } else if ('c' in expected) {
    const parts = actual as { re: number; im: number };
    [parts?.re, parts?.im].forEach((part, i) =>
      compare(part, expected.c[i], values, tolerance, `${at}.${'re im'.split(' ')[i]}`),
    );
  } else if ('d' in expected) {
    const keys = Object.keys(expected.d);
    const got = typeof actual === 'object' && actual !== null ? Object.keys(actual) : [];
    if (got.join() !== keys.join()) throw new Difference(`${at}: got the keys ${got.join()}, PyTorch ${keys.join()}`);
    for (const key of keys) compare((actual as any)[key], expected.d[key], values, tolerance, `${at}.${key}`);
  }
}
