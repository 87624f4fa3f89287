/** Compares a result with PyTorch's: structure, shapes and dtypes exactly, values within a tolerance. */

import * as torch from '../../../lib';
import type { Dtype, Tensor } from '../../../lib';

/** A result as run_cases.py encodes it. */
export type Encoded =
  | { kind: 'tensor'; dtype: Dtype; shape: number[]; elements: 'integers' | 'floats' | 'meta'; data: string }
  | { kind: 'array'; items: Encoded[] }
  | { kind: 'object'; keys: string[]; items: Encoded[] }
  | { kind: 'plain'; value: string | boolean | null }
  | { kind: 'integer'; value: string }
  | { kind: 'float'; value: number | string }
  | { kind: 'complex'; value: [number, number] };

// Both sides run the same kernels; only instruction sets may differ.
const TOLERANCES: Partial<Record<Dtype, number>> = {
  float64: 1e-12,
  complex128: 1e-12,
  float32: 1e-6,
  complex64: 1e-6,
  float16: 1e-3,
  bfloat16: 1e-2,
  complex32: 1e-3,
};

function isClose(actual: number, expected: number, tolerance: number): boolean {
  if (Number.isNaN(expected) || !Number.isFinite(expected)) return Object.is(actual, expected);
  return Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
}

function bytesOf(data: string): ArrayBuffer {
  // A copy, so that wide elements are aligned.
  return new Uint8Array(Buffer.from(data, 'base64')).buffer;
}

function doublesOf(tensor: Tensor): Float64Array {
  return tensor.to(tensor.dtype.startsWith('complex') ? 'complex128' : 'float64').data() as Float64Array;
}

function integersOf(tensor: Tensor): bigint[] {
  const data = tensor.data();
  const bits = tensor.dtype === 'uint64' ? 64 : 0;
  return Array.from(data as ArrayLike<number | bigint>, (value) => {
    const integer = BigInt(value);
    return bits === 64 ? BigInt.asIntN(64, integer) : integer;
  });
}

function compareTensors(actual: unknown, expected: Encoded & { kind: 'tensor' }, at: string, tolerance?: number): void {
  if (!torch.isTensor(actual)) {
    throw new Error(
      `${at}: got ${String(actual)}, PyTorch a ${expected.dtype} tensor of shape [${expected.shape.join(', ')}]`,
    );
  }
  const [shape, dtype] = [actual.shape, actual.dtype];
  if (shape.join() !== expected.shape.join()) {
    throw new Error(`${at}: the shape is [${shape.join(', ')}], in PyTorch [${expected.shape.join(', ')}]`);
  }
  if (dtype !== expected.dtype) throw new Error(`${at}: the dtype is ${dtype}, in PyTorch ${expected.dtype}`);
  const bytes = bytesOf(expected.data);
  if (expected.elements === 'meta') {
    if (!actual.isMeta) throw new Error(`${at}: the tensor is on ${String(actual.device)}, in PyTorch on meta`);
  } else if (expected.elements === 'integers') {
    const numbers = new BigInt64Array(bytes);
    integersOf(actual).forEach((value, i) => {
      if (value !== numbers[i]) throw new Error(`${at}: element ${i} is ${value}, in PyTorch ${numbers[i]}`);
    });
  } else {
    const numbers = new Float64Array(bytes);
    const allowed = tolerance ?? TOLERANCES[dtype] ?? 0;
    doublesOf(actual.detach()).forEach((value, i) => {
      if (!isClose(value, numbers[i], allowed)) {
        throw new Error(`${at}: element ${i} is ${value}, in PyTorch ${numbers[i]} (${dtype}, tolerance ${allowed})`);
      }
    });
  }
}

/** Throws an Error that says where the two differ. */
export function compare(actual: unknown, expected: Encoded, tolerance?: number, at = 'result'): void {
  switch (expected.kind) {
    case 'tensor':
      compareTensors(actual, expected, at, tolerance);
      return;
    case 'array': {
      if (!Array.isArray(actual) || actual.length !== expected.items.length) {
        const got = Array.isArray(actual) ? `an array of ${actual.length}` : String(actual);
        throw new Error(`${at}: got ${got}, PyTorch a sequence of ${expected.items.length}`);
      }
      expected.items.forEach((item, i) => compare(actual[i], item, tolerance, `${at}[${i}]`));
      return;
    }
    case 'object': {
      const keys = typeof actual === 'object' && actual !== null ? Object.keys(actual) : [];
      if (keys.join() !== expected.keys.join()) {
        throw new Error(`${at}: got the keys ${keys.join(', ')}, PyTorch ${expected.keys.join(', ')}`);
      }
      expected.items.forEach((item, i) =>
        compare((actual as Record<string, unknown>)[keys[i]], item, tolerance, `${at}.${keys[i]}`),
      );
      return;
    }
    case 'plain':
      if (actual !== expected.value && !(expected.value === null && actual === undefined)) {
        throw new Error(`${at}: got ${String(actual)}, PyTorch ${String(expected.value)}`);
      }
      return;
    case 'integer':
      if ((typeof actual !== 'number' && typeof actual !== 'bigint') || BigInt(actual) !== BigInt(expected.value)) {
        throw new Error(`${at}: got ${String(actual)}, PyTorch ${expected.value}`);
      }
      return;
    case 'float': {
      const value = Number(String(expected.value).replace('inf', 'Infinity'));
      if (typeof actual !== 'number' || !isClose(actual, value, tolerance ?? 1e-12)) {
        throw new Error(`${at}: got ${String(actual)}, PyTorch ${value}`);
      }
      return;
    }
    case 'complex': {
      const parts = actual as { re?: number; im?: number } | null;
      expected.value.forEach((value, i) => {
        const part = i === 0 ? parts?.re : parts?.im;
        if (part === undefined || !isClose(part, value, tolerance ?? 1e-12)) {
          throw new Error(`${at}: got ${String(actual)}, PyTorch ${expected.value.join(' + ')}j`);
        }
      });
    }
  }
}
