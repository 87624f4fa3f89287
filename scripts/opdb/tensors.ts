/** Tensors of the corpus, and the tangents, cotangents and batches of the modes. */

import * as torch from 'torch-func';
import type { Dtype, Tensor } from 'torch-func';
import type { LeafSpec } from './corpus';

type ArrayType = { new (buffer: ArrayBuffer): ArrayBufferView; BYTES_PER_ELEMENT: number };

// For each dtype, the typed array of its elements, and the number of array elements per tensor element.
const ARRAYS: Record<string, [ArrayType, number]> = {
  bool: [Uint8Array, 1],
  uint8: [Uint8Array, 1],
  int8: [Int8Array, 1],
  uint16: [Uint16Array, 1],
  int16: [Int16Array, 1],
  uint32: [Uint32Array, 1],
  int32: [Int32Array, 1],
  uint64: [BigUint64Array, 1],
  int64: [BigInt64Array, 1],
  float16: [Uint16Array, 1],
  bfloat16: [Uint16Array, 1],
  float32: [Float32Array, 1],
  float64: [Float64Array, 1],
  complex32: [Uint16Array, 2],
  complex64: [Float32Array, 2],
  complex128: [Float64Array, 2],
};

export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The bytes of `count` elements. */
export function bytesOf(values: Uint8Array, dtype: string, offset: number, count: number): Uint8Array {
  const [type, parts] = ARRAYS[dtype];
  return values.subarray(offset, offset + count * parts * type.BYTES_PER_ELEMENT);
}

export function tensorFromBytes(values: Uint8Array, dtype: string, shape: readonly number[], offset: number): Tensor {
  if (ARRAYS[dtype] === undefined) throw new Error(`no typed array holds ${dtype}`);
  const bytes = bytesOf(values, dtype, offset, elementsOf(shape));
  const typed = new ARRAYS[dtype][0](new Uint8Array(bytes).buffer);
  return torch.fromTypedArray(typed as Float32Array, shape, { dtype: dtype as Dtype });
}

/**
 * A tensor argument, with the strides that it has in PyTorch. With `other`, floating-point and complex elements are
 * scaled, so that they stay in the domain of nearly every operator, and booleans are in reverse order.
 */
export function leafTensor(values: Uint8Array, spec: LeafSpec, other = false): Tensor {
  const [dtype, shape, offset, strided] = spec;
  let memory = tensorFromBytes(values, dtype, strided === undefined ? shape : [strided.length], offset);
  if (other && isDifferentiable(memory)) memory = memory.mul(0.75);
  else if (other && dtype === 'bool') memory = memory.flip(shape.map((_, i) => i).slice(0, memory.dim()));
  return strided === undefined ? memory : memory.asStrided(shape, strided.strides);
}

export function isDifferentiable(value: unknown): value is Tensor {
  return torch.isTensor(value) && (value.isFloatingPoint() || value.isComplex());
}

/** A cotangent or tangent, the same as in modes.py. */
export function ramp(shape: readonly number[], dtype: string, k: number): Tensor {
  const line = torch.linspace(-1 + k / 8, 1.5, elementsOf(shape), { dtype: 'float64' });
  const whole = dtype.startsWith('complex') ? torch.complex(line, line.flip(0)) : line;
  return whole.to(dtype as Dtype).reshape(shape);
}

/** A batch of two examples: the tensor, and a scaled copy, which stays in the domain of nearly every operator. */
export function batched(x: Tensor, dim = 0): Tensor {
  const plain = x.detach();
  return torch.stack([plain, isDifferentiable(x) ? plain.mul(0.75) : plain], dim);
}
