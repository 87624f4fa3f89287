/** Holds what came out against what PyTorch gave. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import type { Encoded } from '../opdb/corpus';
import { float } from '../opdb/programs';
import { bytesOf, elementsOf, tensorFromBytes } from '../opdb/tensors';

// Relative and absolute. Both sides run the same kernels, so float64 leaves next to nothing; the
// others are PyTorch's own for comparing results of a dtype. The database has tolerances for single
// entries, which are for other kernels and devices: they count where they are tighter.
const TOLERANCES: Record<string, [number, number]> = {
  float64: [1e-9, 1e-9],
  complex128: [1e-9, 1e-9],
  float32: [1.3e-6, 1e-5],
  complex64: [1.3e-6, 1e-5],
  float16: [1e-3, 1e-5],
  complex32: [1e-3, 1e-5],
  bfloat16: [1.6e-2, 1e-5],
};

type Say = (difference: string) => void;

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

/** What differs between a value and a tensor of PyTorch's, or null. */
function tensorDifference(
  actual: unknown,
  expected: { T: [string, number[], number]; layout?: string },
  values: Uint8Array,
  tolerance: [number, number] | undefined,
): string | null {
  const [dtype, shape, offset] = expected.T;
  if (!torch.isTensor(actual)) {
    return `got ${show(actual)}, PyTorch a ${dtype} tensor of shape [${shape.join(', ')}]`;
  }
  if (actual.dtype !== dtype) return `the dtype is ${actual.dtype}, in PyTorch ${dtype}`;
  if (actual.shape.join() !== shape.join()) {
    return `the shape is [${actual.shape.join(', ')}], in PyTorch [${shape.join(', ')}]`;
  }
  const layout = expected.layout ?? 'strided';
  if (actual.layout !== layout) return `the layout is ${actual.layout}, in PyTorch ${layout}`;
  const count = elementsOf(shape);
  if (offset < 0 || count === 0) return null;
  const got = plain(actual);
  const data = got.data();
  const bytes = bytesOf(values, dtype, offset, count);
  if (Buffer.compare(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), bytes) === 0) return null;
  const allowed = TOLERANCES[dtype];
  const want = tensorFromBytes(values, dtype, shape, offset);
  if (allowed === undefined) {
    const [a, b] = [data, want.data()] as ArrayLike<unknown>[];
    for (let i = 0; i < a.length; i++) {
      if (a[i] !== b[i]) return `element ${i} is ${String(a[i])}, in PyTorch ${String(b[i])}`;
    }
    return null;
  }
  const limits: [number, number] =
    tolerance === undefined ? allowed : [Math.min(allowed[0], tolerance[0]), Math.min(allowed[1], tolerance[1])];
  const [a, b] = [doubles(got), doubles(want)];
  for (let i = 0; i < a.length; i++) {
    if (!isClose(a[i], b[i], limits)) return `element ${i} is ${a[i]}, in PyTorch ${b[i]}`;
  }
  return null;
}

/** All that differs, part by part: where, what came out, and what PyTorch gave. */
export function differences(
  actual: unknown,
  expected: Encoded,
  values: Uint8Array,
  tolerance?: [number, number],
): string[] {
  const found: string[] = [];
  compare(actual, expected, values, tolerance, 'result', (what) => found.push(what));
  return found;
}

function compare(
  actual: unknown,
  expected: Encoded,
  values: Uint8Array,
  tolerance: [number, number] | undefined,
  at: string,
  say: Say,
): void {
  const differ = (wanted: unknown): void => {
    say(`${at}: got ${show(actual)}, PyTorch ${show(wanted)}`);
  };
  if (expected === null) {
    if (actual !== null && actual !== undefined) differ(null);
  } else if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) {
      say(`${at}: got ${show(actual)}, PyTorch a sequence of ${expected.length}`);
    } else {
      expected.forEach((item, i) => compare(actual[i], item, values, tolerance, `${at}[${i}]`, say));
    }
  } else if (typeof expected !== 'object') {
    // Integers beyond 2^53 come as bigints, and others may.
    if (typeof actual === 'bigint' ? Number(actual) !== expected : actual !== expected) differ(expected);
  } else if ('T' in expected) {
    const difference = tensorDifference(actual, expected, values, tolerance);
    if (difference !== null) say(`${at}: ${difference}`);
  } else if ('i' in expected) {
    if (typeof actual !== 'bigint' || actual !== BigInt(expected.i)) differ(expected.i);
  } else if ('f' in expected) {
    const value = float(expected.f);
    if (typeof actual !== 'number' || !isClose(actual, value, TOLERANCES.float64)) differ(value);
  } else if ('c' in expected) {
    const parts = actual as { re: number; im: number };
    [parts?.re, parts?.im].forEach((part, i) =>
      compare(part, expected.c[i], values, tolerance, `${at}.${'re im'.split(' ')[i]}`, say),
    );
  } else if ('d' in expected) {
    const keys = Object.keys(expected.d);
    const got = typeof actual === 'object' && actual !== null ? Object.keys(actual) : [];
    if (got.join() !== keys.join()) return say(`${at}: got the keys ${got.join()}, PyTorch ${keys.join()}`);
    for (const key of keys) compare((actual as any)[key], expected.d[key], values, tolerance, `${at}.${key}`, say);
  }
}
