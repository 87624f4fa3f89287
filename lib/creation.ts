/** Tensors from JavaScript data. The factory functions (zeros, arange, ...) are operators. */

import { types } from 'node:util';
import { checkBooleans, checkOptions } from './arguments';
import { describeType } from './describe';
import type { DeviceLike } from './device';
import type { Dtype } from './dtype';
import { ValueError } from './errors';
import { native } from './native';
import type { TypedArray } from './native';
import { torchFunctions } from './operators';
import { type Tensor } from './tensor';
import type { Scalar } from './types';

/** Numbers, bigints, booleans, complex numbers or tensors, nested to any depth. */
export type TensorData = Scalar | Tensor | TypedArray | Uint8ClampedArray | ArrayBuffer | readonly TensorData[];

/** The options of {@link tensor}. */
export interface TensorFromDataOptions {
  /** The element type; by default inferred from the data. */
  dtype?: Dtype | null;
  /** The device of the tensor; by default that of `setDefaultDevice`, the CPU. */
  device?: DeviceLike | null;
  /** Whether autograd should record operations on the tensor. */
  requiresGrad?: boolean;
}

const TYPED_ARRAY_DTYPES: Readonly<Record<string, Dtype>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
};

// By the array's own tag: a typed array of another realm is not an instance of this realm's classes.
function dtypeOf(api: string, data: ArrayBufferView): Dtype {
  const kind = (data as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag];
  if (Object.hasOwn(TYPED_ARRAY_DTYPES, kind)) return TYPED_ARRAY_DTYPES[kind];
  throw new TypeError(`${api}(): argument 'data' must be a typed array of numbers, not ${kind}`);
}

function holdsTensor(data: unknown, depth = 0): boolean {
  if (!Array.isArray(data)) return native.isTensor(data);
  // libtorch has at most 64 dimensions; a cyclic array ends here, too.
  if (depth >= 64) return false;
  // Stops at the first hole, which is an error later: a sparse array may have 2^32 of them.
  for (let i = 0; i < data.length; i++) {
    const item: unknown = data[i];
    if (item === undefined) return false;
    if (typeof item === 'object' && holdsTensor(item, depth + 1)) return true;
  }
  return false;
}

/** The device for given tensors: null for their own. */
function deviceOf(options: { device?: DeviceLike | null }): DeviceLike | null {
  return options.device ?? native.getDefaultDevice();
}

// Stacks arrays of tensors, so that scalars inside a transform keep their derivative and their batch dimension.
// Python's torch.tensor reads their values instead.
function stacked(data: unknown, options: TensorFromDataOptions, like: { dtype: Dtype | null }): Tensor {
  if (native.isTensor(data)) {
    like.dtype = like.dtype === null ? data.dtype : torchFunctions.promoteTypes(like.dtype, data.dtype);
    return data;
  }
  if (!Array.isArray(data)) return native.tensorFromList(data, options.dtype, options.device);
  const items = data.map((item) => stacked(item, options, like));
  const dtype = options.dtype ?? like.dtype;
  return torchFunctions.stack(items.map((item) => item.to({ dtype, device: deviceOf(options) })));
}

/**
 * A new tensor with a copy of the data; `torch.tensor`.
 *
 * Numbers become the default dtype, bigints int64, booleans bool, and complex numbers the complex dtype of the
 * default dtype; a typed array keeps its element type. Tensors in an array are stacked and keep their derivatives.
 *
 * @throws ValueError for a ragged array, TypeError for values that are not numbers, RuntimeError for a value outside
 * the range of the dtype or an unavailable device.
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
    const own = dtypeOf('tensor', data);
    const length = (data as unknown as { length: number }).length;
    result = native.tensorFromBytes(
      data instanceof Uint8ClampedArray ? new Uint8Array(data.buffer, data.byteOffset, length) : data,
      own,
      [length],
      options.device,
    );
    if (options.dtype != null && options.dtype !== own) result = result.to(options.dtype);
  } else if (types.isArrayBuffer(data)) {
    // A detached buffer has no bytes to view; the addon reports it.
    const bytes = native.tensorFromBytes(data, 'uint8', [data.byteLength], options.device);
    result = options.dtype != null ? bytes.to(options.dtype) : bytes;
  } else if (native.isTensor(data)) {
    result = data.detach().clone();
    const device = deviceOf(options);
    if (options.dtype != null || device !== null) result = result.to({ dtype: options.dtype, device });
  } else if (holdsTensor(data)) {
    result = stacked(data, options, { dtype: null });
  } else {
    result = native.tensorFromList(data, options.dtype, options.device);
  }
  if (options.requiresGrad) native.requiresGrad_(result, true);
  return result;
}

/**
 * The data as a tensor; `torch.as_tensor`. A tensor of the requested dtype and device is returned unchanged; JavaScript
 * data is always copied.
 */
export function asTensor(data: TensorData, options: Omit<TensorFromDataOptions, 'requiresGrad'> = {}): Tensor {
  return native.isTensor(data) ? data.to({ dtype: options.dtype, device: deviceOf(options) }) : tensor(data, options);
}

/**
 * A tensor of the given shape with a copy of the elements, which are in row-major order; compare
 * `torch.frombuffer`. The fastest way to create a tensor from a typed array. float16 and bfloat16 are passed as their
 * bits in a Uint16Array, complex numbers as pairs.
 *
 * @throws ValueError if the number of bytes does not match the shape and the dtype.
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
    throw new TypeError(`fromTypedArray(): argument 'data' must be a typed array, not ${describeType(data)}`);
  }
  const result = native.tensorFromBytes(data, options.dtype ?? dtypeOf('fromTypedArray', data), shape, options.device);
  if (options.requiresGrad) native.requiresGrad_(result, true);
  return result;
}

/** The options of {@link frombuffer}. */
export interface FromBufferOptions {
  /** The element type; by default that of a typed array. */
  dtype?: Dtype | null;
  /** The number of elements; negative, the default: all. */
  count?: number;
  /** Where the first element is, in bytes from the start of the buffer or array; 0 by default. */
  offset?: number;
  /** Whether autograd should record operations on the tensor. */
  requiresGrad?: boolean;
}

/**
 * A tensor of one dimension over the memory of a SharedArrayBuffer, an ArrayBuffer, a typed array or a Buffer;
 * `torch.frombuffer`. Nothing is copied: a write to the buffer changes the tensor, and the other way round. Of the same
 * SharedArrayBuffer, each thread can make a tensor over the same memory.
 *
 * The tensor keeps the memory alive, also of an ArrayBuffer that is transferred. Its elements must be aligned: the
 * first one must be at a multiple of the size of an element. Writes of JavaScript do not count as a change of the
 * tensor's version: autograd does not see them.
 *
 * @throws ValueError if the elements do not lie in the buffer, or the buffer can be resized; TypeError for anything
 * else than a buffer.
 * @example
 * ```ts
 * const buffer = new SharedArrayBuffer(16);
 * const x = torch.frombuffer(buffer, { dtype: 'float32' });
 * new Float32Array(buffer)[1] = 5;
 * x; // [0, 5, 0, 0]
 * ```
 */
export function frombuffer(buffer: ArrayBufferLike | ArrayBufferView, options: FromBufferOptions = {}): Tensor {
  checkOptions('frombuffer', options, ['dtype', 'count', 'offset', 'requiresGrad']);
  const { count = -1, offset = 0, requiresGrad = false } = options;
  checkBooleans('frombuffer', { requiresGrad });
  const view = ArrayBuffer.isView(buffer) ? buffer : undefined;
  const memory: unknown = view?.buffer ?? buffer;
  if (!types.isAnyArrayBuffer(memory)) {
    throw new TypeError(
      `frombuffer(): argument 'buffer' must be a SharedArrayBuffer, an ArrayBuffer or a typed array, not ${describeType(buffer)}`,
    );
  }
  if ((memory as { resizable?: boolean }).resizable === true) {
    throw new ValueError("frombuffer(): argument 'buffer' is a resizable ArrayBuffer, whose memory may go away");
  }
  const result = native.tensorOverBuffer(
    new Uint8Array(memory),
    options.dtype ?? (view === undefined ? undefined : dtypeOf('frombuffer', view)),
    view?.byteOffset ?? 0,
    (view ?? memory).byteLength,
    offset,
    count,
  );
  if (requiresGrad) native.requiresGrad_(result, true);
  return result;
}

/** Whether a value is a tensor; `torch.is_tensor`. */
export function isTensor(value: unknown): value is Tensor {
  return native.isTensor(value);
}
