/** Compares what a compiled function gave with what the function itself gives. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

/** Relative to the largest element of a tensor, for results of more than elementwise operators. */
const TOLERANCES: Record<string, number> = {
  float64: 1e-12,
  complex128: 1e-12,
  float32: 2e-6,
  complex64: 2e-6,
  float16: 1e-3,
  complex32: 1e-3,
  bfloat16: 1.6e-2,
};

/** How equal results must be. */
export interface Exactness {
  /** Whether all elements must be the same numbers. */
  exact: boolean;
  /** Whether strides must be the same; true by default. */
  strides?: boolean;
  /** Whether elements are compared at all, which memory that nothing was written to has none of. */
  elements: boolean;
  /** The relative and the absolute tolerance of the operator database. */
  tolerance?: [relative: number, absolute: number];
  /**
   * What eager execution gives for arguments that differ in the last bit. Elements may differ by a few times as much:
   * sums in another order round differently, and where the terms cancel only the roundings are left.
   */
  perturbed?: readonly unknown[];
}

/** How many times the effect of the last bit of the arguments. */
const ROUNDINGS = 8;

type Say = (difference: string) => void;

function show(value: unknown): string {
  if (torch.isTensor(value)) return `a ${value.dtype} tensor of shape [${value.shape.join(', ')}]`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return String(value);
}

function plain(x: Tensor): Tensor {
  const dense = x.layout === 'strided' ? x : x.toDense();
  return dense.detach().cpu().resolveConj().resolveNeg().contiguous();
}

function doubles(x: Tensor): Float64Array {
  const real = x.isComplex() ? torch.viewAsReal(x.to('complex128')) : x.to('float64');
  return real.data() as Float64Array;
}

const bytes = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** For each element how much it depends on the last bit of the arguments. */
function sensitivity(expected: Float64Array, perturbed: readonly unknown[]): Float64Array {
  const result = new Float64Array(expected.length);
  for (const other of perturbed) {
    if (!torch.isTensor(other)) continue;
    const elements = doubles(plain(other));
    if (elements.length !== expected.length) continue;
    elements.forEach((element, i) => {
      const change = Math.abs(element - expected[i]);
      if (Number.isFinite(change) && change > result[i]) result[i] = change;
    });
  }
  return result;
}

function elementDifference(
  actual: Tensor,
  expected: Tensor,
  { exact, tolerance, perturbed = [] }: Exactness,
): string | null {
  const [got, want] = [plain(actual), plain(expected)];
  if (Buffer.compare(bytes(got.data() as ArrayBufferView), bytes(want.data() as ArrayBufferView)) === 0) return null;
  const [a, b] = [doubles(got), doubles(want)];
  const allowed = exact ? undefined : TOLERANCES[expected.dtype];
  // From 1e-3 on: a sum that cancels leaves the rounding of its terms, not of its own size.
  const scale = b.reduce(
    (most, element) => (Number.isFinite(element) ? Math.max(most, Math.abs(element)) : most),
    1e-3,
  );
  const [relative, absolute] = tolerance ?? [0, 0];
  const sensitive = sensitivity(b, exact ? [] : perturbed);
  for (let i = 0; i < a.length; i++) {
    // The sign of a zero is not compared: zeros that are known when a function is compiled are positive.
    if (a[i] === b[i] || Object.is(a[i], b[i])) continue;
    const limit =
      allowed === undefined
        ? -1
        : Math.max(allowed * scale, absolute + relative * Math.abs(b[i]), ROUNDINGS * sensitive[i]);
    if (Math.abs(a[i] - b[i]) <= limit) continue;
    return `element ${i} is ${a[i]}, eagerly ${b[i]}`;
  }
  return null;
}

function tensorDifference(actual: unknown, expected: Tensor, exactness: Exactness): string | null {
  if (!torch.isTensor(actual)) return `got ${show(actual)}, eagerly ${show(expected)}`;
  for (const name of ['dtype', 'layout', 'requiresGrad', 'isLeaf'] as const) {
    if (actual[name] !== expected[name]) return `${name} is ${actual[name]}, eagerly ${expected[name]}`;
  }
  if (actual.shape.join() !== expected.shape.join()) {
    return `the shape is [${actual.shape.join(', ')}], eagerly [${expected.shape.join(', ')}]`;
  }
  const compareStrides = exactness.strides !== false && actual.layout === 'strided';
  if (compareStrides && actual.stride().join() !== expected.stride().join()) {
    return `the strides are [${actual.stride().join(', ')}], eagerly [${expected.stride().join(', ')}]`;
  }
  return exactness.elements && expected.numel() > 0 ? elementDifference(actual, expected, exactness) : null;
}

/** All that differs between two results, part by part. */
export function differences(actual: unknown, expected: unknown, exactness: Exactness, at: string): string[] {
  const found: string[] = [];
  compare(actual, expected, exactness, at, (what) => found.push(what));
  return found;
}

function compare(actual: unknown, expected: unknown, exactness: Exactness, at: string, say: Say): void {
  if (torch.isTensor(expected)) {
    const difference = tensorDifference(actual, expected, exactness);
    if (difference !== null) say(`${at}: ${difference}`);
  } else if (typeof expected === 'object' && expected !== null) {
    const keys = Object.keys(expected);
    const got = typeof actual === 'object' && actual !== null ? Object.keys(actual) : null;
    if (got?.join() !== keys.join() || Array.isArray(actual) !== Array.isArray(expected)) {
      return say(`${at}: got ${show(actual)}, eagerly ${show(expected)}`);
    }
    for (const key of keys) {
      const part = (value: unknown): unknown => (value as Record<string, unknown> | undefined)?.[key];
      const perturbed = exactness.perturbed?.map(part);
      compare(part(actual), part(expected), { ...exactness, perturbed }, `${at}.${key}`, say);
    }
  } else if (!Object.is(actual, expected)) say(`${at}: got ${show(actual)}, eagerly ${show(expected)}`);
}
