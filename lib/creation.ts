/** Tensors from JavaScript data. The factory functions (zeros, arange, ...) are operators. */

import type { DeviceLike } from './device';
import type { Dtype } from './dtype';
import { torchFunctions } from './operators';
import { native } from './native';
import type { TypedArray } from './native';
import { type Tensor } from './tensor';
import type { Scalar } from './types';

/** Numbers, bigints, booleans, complex numbers or tensors, nested to any depth. */
export type TensorData = Scalar | Tensor | TypedArray | Uint8ClampedArray | ArrayBuffer | readonly TensorData[];

/** The options of {@link tensor}. */
export interface TensorFromDataOptions {
  /** The element type; by default what the data says. */
  dtype?: Dtype | null;
  /** Where the tensor is made; by default CPU memory. */
  device?: DeviceLike | null;
  /** Whether autograd should record operations on the tensor. */
  requiresGrad?: boolean;
}

function dtypeOf(data: ArrayBufferView): Dtype {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof BigUint64Array) return 'uint64';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint32Array) return 'uint32';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Uint16Array) return 'uint16';
  if (data instanceof Int8Array) return 'int8';
  return 'uint8';
}

function holdsTensor(data: unknown, depth = 0): boolean {
  if (!Array.isArray(data)) return native.isTensor(data);
  // Tensors in an array come with its first elements or not at all, unless it is mixed.
  return depth < 64 && data.some((item) => (typeof item === 'object' ? holdsTensor(item, depth + 1) : false));
}

// Arrays that hold tensors are stacked, so that scalars inside a transform keep their derivative and
// their batch dimension, where Python's torch.tensor reads their values.
function stacked(data: unknown, options: TensorFromDataOptions, like: { dtype: Dtype | null }): Tensor {
  if (native.isTensor(data)) {
    like.dtype = like.dtype === null ? data.dtype : torchFunctions.promoteTypes(like.dtype, data.dtype);
    return data;
  }
  if (!Array.isArray(data)) return native.tensorFromList(data, options.dtype, options.device);
  const items = data.map((item) => stacked(item, options, like));
  const dtype = options.dtype ?? like.dtype;
  return torchFunctions.stack(items.map((item) => item.to({ dtype, device: options.device })));
}

/**
 * A new tensor with a copy of the data; `torch.tensor`.
 *
 * Numbers take the default dtype, bigints int64, booleans bool, complex numbers the complex dtype of
 * the default one; a typed array keeps its own type. Arrays may hold tensors, which are stacked, so
 * their derivatives are kept.
 *
 * @throws ValueError for a ragged array, TypeError for anything but numbers, RuntimeError for a value
 * that the dtype cannot hold or a device that is not there.
 * @example
 * ```ts
 * torch.tensor([[1, 2], [3, 4]]); // float32, shape [2, 2]
 * torch.tensor([1n, 2n]); // int64
 * torch.tensor(new Float64Array([1, 2, 3])); // float64
 * torch.tensor(0.5, { dtype: 'float64', requiresGrad: true });
 * ```
 */
export function tensor(data: TensorData, options: TensorFromDataOptions = {}): Tensor {
  let result: Tensor;
  if (ArrayBuffer.isView(data)) {
    const own = dtypeOf(data);
    const length = (data as unknown as { length: number }).length;
    result = native.tensorFromBytes(
      data instanceof Uint8ClampedArray ? new Uint8Array(data.buffer, data.byteOffset, length) : data,
      own,
      [length],
      options.device,
    );
    if (options.dtype != null && options.dtype !== own) result = result.to(options.dtype);
  } else if (data instanceof ArrayBuffer) {
    result = tensor(new Uint8Array(data), options);
  } else if (native.isTensor(data)) {
    result = data.detach().clone();
    if (options.dtype != null || options.device != null) {
      result = result.to({ dtype: options.dtype, device: options.device });
    }
  } else if (holdsTensor(data)) {
    result = stacked(data, options, { dtype: null });
  } else {
    result = native.tensorFromList(data, options.dtype, options.device);
  }
  if (options.requiresGrad) native.requiresGrad_(result, true);
  return result;
}

/**
 * The data as a tensor: a tensor is returned as it is unless dtype or device ask for another;
 * `torch.as_tensor`. JavaScript data is always copied.
 */
export function asTensor(data: TensorData, options: Omit<TensorFromDataOptions, 'requiresGrad'> = {}): Tensor {
  return native.isTensor(data) ? data.to({ dtype: options.dtype, device: options.device }) : tensor(data, options);
}

/**
 * A tensor of the given shape from the elements in row-major order, copied; compare
 * `torch.frombuffer`. The fast way from a typed array into a shape; float16 and bfloat16 are given as
 * their bits in a Uint16Array, complex numbers as pairs.
 *
 * @throws ValueError if the number of bytes is not what shape and dtype need.
 * @example
 * ```ts
 * torch.fromTypedArray(new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3]);
 * torch.fromTypedArray(new Float64Array([1, 2, 3, 4]), [2], { dtype: 'complex128' });
 * ```
 */
export function fromTypedArray(
  data: TypedArray,
  shape: readonly number[],
  options: TensorFromDataOptions = {},
): Tensor {
  if (!ArrayBuffer.isView(data)) {
    throw new TypeError(
      `fromTypedArray(): argument 'data' must be a typed array, not ${data === null ? 'null' : typeof data}`,
    );
  }
  const result = native.tensorFromBytes(data, options.dtype ?? dtypeOf(data), shape, options.device);
  if (options.requiresGrad) native.requiresGrad_(result, true);
  return result;
}

/** Whether a value is a tensor; `torch.is_tensor`. */
export function isTensor(value: unknown): value is Tensor {
  return native.isTensor(value);
}
