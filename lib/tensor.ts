/** The class Tensor: properties, values, indexing, conversions. operators.ts adds the operators to its prototype. */

import { inspect } from 'node:util';
import { readOptions } from './arguments';
import { Complex } from './complex';
import { Device } from './device';
import type { DeviceLike } from './device';
import type { Dtype } from './dtype';
import * as errors from './errors';
import { formatTensor } from './format';
import type { TensorMethods } from './generated/tensor-methods';
import type { Index } from './indexing';
import { collectGarbage } from './memory';
import { native } from './native';
import type { TypedArray } from './native';
import type { FormatOptions } from './to-arguments';
import type { Layout, MemoryFormat, Scalar } from './types';
import { toNestedArray } from './values';
import type { NestedArray } from './values';
import { emitLibtorchWarning } from './warnings';

export type { FormatOptions, ToOptions } from './to-arguments';

/** The options of {@link Tensor.indexPut_}. */
export type PutOptions = { accumulate?: boolean };

/** A token for a tensor, which structured clone carries to other threads; see {@link Tensor.share}. */
export interface SharedTensor {
  /** Stands for the tensor and keeps it; does not show its elements. */
  readonly sharedTensor: SharedArrayBuffer;
}

const UNCLONEABLE = Symbol(
  'a Tensor: send x.share() to another thread, and make the tensor there with torch.fromShared(token); x.data() has its values',
);

// Only the class can read and write the slot of a tensor. See Note [Slots] (native/core/handle_pool.h).
let slotOf: (value: unknown) => number;
let setSlot: (tensor: Tensor, slot: number) => void;

/**
 * An n-dimensional array of one dtype on one device, with its position in the autograd graph; `torch.Tensor`.
 * `torch.tensor`, the factory functions and the operators create tensors; `new` does not.
 *
 * The garbage collector frees the memory; `dispose()`, `using` and `scope()` free it immediately.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([[1, 2], [3, 4]]);
 * x.shape; // [2, 2]
 * x.sum(0).toArray(); // [4, 6]
 * ```
 */
export class Tensor {
  // Structured clone, which postMessage uses, would turn a tensor into {}. It copies own properties, and its error for
  // one that cannot be cloned shows this text.
  private readonly uncloneable = UNCLONEABLE;

  #slot = -1;

  static {
    slotOf = (value) => (typeof value === 'object' && value !== null && #slot in value ? value.#slot : -1);
    setSlot = (tensor, slot) => {
      tensor.#slot = slot;
    };
  }

  /** The size of each dimension; `Tensor.shape`. */
  get shape(): number[] {
    return native.shape(this);
  }

  /** The element type; `Tensor.dtype`. */
  get dtype(): Dtype {
    return native.dtype(this);
  }

  /** The device of the data; `Tensor.device`. */
  get device(): Device {
    return Device.parse(native.device(this));
  }

  /** The memory layout, such as `'strided'`; `Tensor.layout`. */
  get layout(): Layout {
    return native.layout(this);
  }

  /** The number of dimensions; `Tensor.ndim`. */
  get ndim(): number {
    return native.dim(this);
  }

  /** The distance between neighbours in each dimension, in elements; `Tensor.stride()`. */
  get strides(): number[] {
    return native.strides(this);
  }

  /** Whether autograd records operations on this tensor; `Tensor.requires_grad`. */
  get requiresGrad(): boolean {
    return native.requiresGrad(this);
  }

  set requiresGrad(enabled: boolean) {
    native.requiresGrad_(this, enabled);
  }

  /** Whether the tensor is a leaf of the graph: not the result of a recorded operator; `Tensor.is_leaf`. */
  get isLeaf(): boolean {
    return native.isLeaf(this);
  }

  /** The gradient that `backward()` has accumulated, or null; `Tensor.grad`. */
  get grad(): Tensor | null {
    return native.grad(this);
  }

  set grad(grad: Tensor | null) {
    native.setGrad(this, grad);
  }

  /** Whether `backward()` will keep the gradient of this non-leaf tensor; `Tensor.retains_grad`. */
  get retainsGrad(): boolean {
    return native.retainsGrad(this);
  }

  /** The number of in-place changes of the data; `Tensor._version`. */
  get _version(): number {
    return native.version(this);
  }

  /** Whether this tensor is a view of another; `Tensor._is_view()`. */
  get isView(): boolean {
    return native.isView(this);
  }

  /** Whether the data is on a GPU; `Tensor.is_cuda`. */
  get isCuda(): boolean {
    return this.device.type === 'cuda';
  }

  /** Whether the tensor has a shape and a dtype but no data; `Tensor.is_meta`. */
  get isMeta(): boolean {
    return this.device.type === 'meta';
  }

  /** The transposes of the matrices in the last two dimensions; `Tensor.mT`. */
  get mT(): Tensor {
    return this.transpose(-2, -1);
  }

  /** The conjugate transposes of the matrices in the last two dimensions; `Tensor.mH`. */
  get mH(): Tensor {
    return this.adjoint();
  }

  /** The number of dimensions; `Tensor.dim()`. */
  dim(): number {
    return native.dim(this);
  }

  /** The number of elements; `Tensor.numel()`. */
  numel(): number {
    return native.numel(this);
  }

  /** `Tensor.nelement()`, another name of {@link Tensor.numel}. */
  nelement(): number {
    return native.numel(this);
  }

  /** The shape, or the size of one dimension; `Tensor.size()`. Throws an IndexError out of range. */
  size(): number[];
  size(dim: number): number;
  size(dim?: number): number[] | number {
    const shape = native.shape(this);
    return dim === undefined ? shape : shape[wrapDim(dim, shape.length)];
  }

  /** The strides, or the stride of one dimension; `Tensor.stride()`. Throws an IndexError out of range. */
  stride(): number[];
  stride(dim: number): number;
  stride(dim?: number): number[] | number {
    const strides = native.strides(this);
    return dim === undefined ? strides : strides[wrapDim(dim, strides.length)];
  }

  /** The offset of the first element in the storage, in elements; `Tensor.storage_offset()`. */
  storageOffset(): number {
    return native.storageOffset(this);
  }

  /** Bytes per element; `Tensor.element_size()`. */
  elementSize(): number {
    return native.elementSize(this);
  }

  /** Whether the elements are in row-major order without gaps; `Tensor.is_contiguous()`. */
  isContiguous(options: { memoryFormat?: MemoryFormat } = {}): boolean {
    return native.isContiguous(this, options.memoryFormat);
  }

  // --- values -----------------------------------------------------------------------------------

  /**
   * The value of a tensor with one element; `Tensor.item()`. An int64 beyond 2^53 becomes a bigint.
   *
   * Throws a RuntimeError for several elements, and inside `vmap`, where the tensor has a value per sample: use
   * `torch.where` or other operators there.
   */
  item<T extends number | bigint | boolean | Complex = number>(): T;
  item(): unknown {
    return native.item(this);
  }

  /**
   * The values as nested arrays, or a single value for a 0-d tensor; `Tensor.tolist()`. An int64 tensor with a value
   * beyond 2^53 returns bigints. Works inside `grad`, not inside `vmap`.
   */
  toArray<T extends number | bigint | boolean | Complex = number>(): NestedArray<T>;
  toArray(): unknown {
    return toNestedArray(this);
  }

  /**
   * A copy of the values in row-major order, as a typed array: BigInt64Array for int64, Uint8Array for bool, the bits
   * as Uint16Array for float16 and bfloat16, pairs for complex dtypes. Compare `Tensor.numpy()`.
   */
  data(): TypedArray {
    return native.data(this);
  }

  /**
   * A typed array over the memory itself, in a SharedArrayBuffer: a write to it changes the tensor, and the other way
   * round. Elements are as in {@link Tensor.data}. It can be sent to other threads, and {@link frombuffer} makes a
   * tensor of it. The memory lives as long as a thread has the buffer or the tensor, and can no longer be resized.
   * Compare `Tensor.numpy()`.
   *
   * @throws RuntimeError for a tensor that is not contiguous, is on another device or requires a gradient.
   * @example
   * ```ts
   * const x = torch.zeros(3);
   * const values = x.sharedData();
   * values[1] = 5;
   * x; // [0, 5, 0]
   * ```
   */
  sharedData(): TypedArray {
    return native.sharedData(this);
  }

  /**
   * A token for this tensor: a small plain object that `postMessage`, `workerData` and `structuredClone` carry to
   * other threads of the process. `torch.fromShared(token)` is a tensor with the same memory and version counter there;
   * nothing is copied.
   *
   * A token keeps the tensor, like another handle, also while it is in a message. Several may be made, sent and used
   * any number of times, and need not be used. From then on the memory cannot be resized.
   *
   * PyTorch: `Tensor.share_memory_`, and putting the tensor into a queue of `torch.multiprocessing`.
   *
   * @throws RuntimeError for the result of operators that requires a gradient, inside a transform, and for sparse
   * tensors.
   * @example
   * ```ts
   * import { Worker } from 'node:worker_threads';
   * const x = torch.tensor([1, 2]);
   * const worker = new Worker("require('node:worker_threads').workerData", { eval: true, workerData: x.share() });
   * await worker.terminate();
   * ```
   */
  share(): SharedTensor {
    return { sharedTensor: native.shareTensor(this) };
  }

  /** Iterates over dim 0; throws a TypeError for a 0-d tensor, as in Python. */
  *[Symbol.iterator](): Iterator<Tensor> {
    if (native.dim(this) === 0) throw new TypeError('iteration over a 0-d tensor');
    yield* this.unbind(0);
  }

  // --- indexing ---------------------------------------------------------------------------------

  /**
   * `x.indexPut_([slice(), 0], value)` is Python's `x[:, 0] = value`. With `accumulate` the value is added, once for
   * each occurrence of an index. Returns the tensor.
   */
  indexPut_(indices: readonly Index[], value: Tensor | Scalar, accumulate: boolean | PutOptions = false): this {
    const options = readOptions<PutOptions>('indexPut_', [accumulate], ['accumulate'], [], 3);
    native.indexPut_(this, indices, value, options.accumulate);
    return this;
  }

  // --- conversion -------------------------------------------------------------------------------

  /** A copy in CPU memory, or another handle of a tensor that is there already; `Tensor.cpu()`. */
  cpu(): Tensor {
    return this.to('cpu');
  }

  /** The tensor on a CUDA device, by default the current one; `Tensor.cuda()`. */
  cuda(device: DeviceLike | number = 'cuda', options: { nonBlocking?: boolean } = {}): Tensor {
    return this.to(typeof device === 'number' ? `cuda:${device}` : device, options);
  }

  /** `Tensor.bool()`. */
  bool(options?: FormatOptions): Tensor {
    return this.to('bool', options);
  }
  /** `Tensor.byte()`: uint8. */
  byte(options?: FormatOptions): Tensor {
    return this.to('uint8', options);
  }
  /** `Tensor.short()`: int16. */
  short(options?: FormatOptions): Tensor {
    return this.to('int16', options);
  }
  /** `Tensor.int()`: int32. */
  int(options?: FormatOptions): Tensor {
    return this.to('int32', options);
  }
  /** `Tensor.long()`: int64. */
  long(options?: FormatOptions): Tensor {
    return this.to('int64', options);
  }
  /** `Tensor.half()`: float16. */
  half(options?: FormatOptions): Tensor {
    return this.to('float16', options);
  }
  /** `Tensor.bfloat16()`. */
  bfloat16(options?: FormatOptions): Tensor {
    return this.to('bfloat16', options);
  }
  /** `Tensor.float()`: float32. */
  float(options?: FormatOptions): Tensor {
    return this.to('float32', options);
  }
  /** `Tensor.double()`: float64. */
  double(options?: FormatOptions): Tensor {
    return this.to('float64', options);
  }
  /** `Tensor.cfloat()`: complex64. */
  cfloat(options?: FormatOptions): Tensor {
    return this.to('complex64', options);
  }
  /** `Tensor.cdouble()`: complex128. */
  cdouble(options?: FormatOptions): Tensor {
    return this.to('complex128', options);
  }

  // --- autograd ---------------------------------------------------------------------------------

  /**
   * Sets whether autograd records operations on this leaf; `Tensor.requires_grad_`. Throws inside a transformed
   * function, where the transform decides.
   */
  requiresGrad_(requiresGrad = true): this {
    native.requiresGrad_(this, requiresGrad);
    return this;
  }

  /** Keeps the gradient of this non-leaf tensor at the next `backward()`; `Tensor.retain_grad()`. */
  retainGrad(): void {
    native.retainGrad(this);
  }

  // --- lifetime ---------------------------------------------------------------------------------

  /** Frees the tensor immediately. Later uses throw a RuntimeError; a second call is a no-op. */
  dispose(): void {
    native.dispose(slotOf(this));
  }

  /** Whether the tensor is disposed of. */
  get isDisposed(): boolean {
    return native.isDisposed(slotOf(this));
  }

  /** For `using x = ...`. */
  [Symbol.dispose](): void {
    native.dispose(slotOf(this));
  }

  /** The tensor in PyTorch's format. */
  toString(): string {
    return formatTensor(this);
  }

  /**
   * `${x}` and `String(x)` return PyTorch's format. JavaScript's operators and `Math` work on primitive values only, and
   * would silently drop the derivative and the batch dimension: they throw a TypeError that names the alternatives.
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new TypeError(
      "JavaScript's operators do not work on a Tensor: use x.add(y), x.mul(y), x.eq(y), x.lt(y), ..., or x.item() for the value of one element, `${x}` or String(x) for text",
    );
  }

  [inspect.custom](): string {
    // The prototype itself is not a tensor.
    return native.isTensor(this) ? this.toString() : 'Tensor {}';
  }
}

export interface Tensor extends TensorMethods, Disposable {}

function wrapDim(dim: number, count: number): number {
  if (!Number.isInteger(dim) || dim < -count || dim >= count) {
    throw new errors.IndexError(
      `Dimension out of range (expected to be in range of [${-Math.max(count, 1)}, ${Math.max(count, 1) - 1}], but got ${dim})`,
    );
  }
  return dim < 0 ? dim + count : dim;
}

function createTensor(slot: number): Tensor {
  const tensor = new Tensor();
  setSlot(tensor, slot);
  return tensor;
}

const callFrame = native.initialize({
  Tensor,
  slotOf: slotOf!,
  createTensor,
  Complex,
  Device,
  onWarning: emitLibtorchWarning,
  collectGarbage,
  ...errors,
  TypeError,
});

/** For calls of the addon that pass tensors by their slots. */
export const slots = { callFrame, slotOf: slotOf!, setSlot: setSlot! };
