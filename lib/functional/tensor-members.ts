/** Methods and properties that torch/_tensor.py and PyTorch's hand-written bindings add to tensors. */

import { readOptions } from '../arguments';
import type { Complex } from '../complex';
import { tensor } from '../creation';
import type { TensorData, TensorFromDataOptions } from '../creation';
import type { Dtype } from '../dtype';
import { AttributeError, RuntimeError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { aten } from '../ops';
import { product } from '../shapes';
import { Tensor } from '../tensor';
import type { FormatOptions } from '../to-arguments';
import { parseTypeName, tensorTypeName } from '../type-info';
import type { NestedArray } from '../values';
import { emitLibtorchWarning } from '../warnings';
import { dimOrder } from './dim-order';
import type { DimOrderOptions } from './dim-order';

/** The type of `Tensor.new`: `new(...)` in an interface would declare a constructor. */
interface LegacyNew {
  (...sizes: number[]): Tensor;
  (data: TensorData): Tensor;
}

declare module '../tensor' {
  interface Tensor {
    /** Whether the data is in CPU memory; `Tensor.is_cpu`. */
    readonly isCpu: boolean;
    /** Whether the layout is `sparse_coo`; `Tensor.is_sparse`. */
    readonly isSparse: boolean;
    /** Whether the layout is `sparse_csr`; `Tensor.is_sparse_csr`. */
    readonly isSparseCsr: boolean;
    /** Whether the layout is oneDNN's; `Tensor.is_mkldnn`. */
    readonly isMkldnn: boolean;
    /** Bytes per element; `Tensor.itemsize`. */
    readonly itemsize: number;
    /** Total bytes of the elements; `Tensor.nbytes`. Throws a RuntimeError for a sparse tensor. */
    readonly nbytes: number;
    /** The index of this tensor among the outputs of its graph node; `Tensor.output_nr`. */
    readonly outputNr: number;

    /** The number of dimensions; `Tensor.ndimension()`. */
    ndimension(): number;
    /** The values as nested arrays; `Tensor.tolist()`. The same as `toArray`. */
    tolist<T extends number | bigint | boolean | Complex = number>(): NestedArray<T>;
    /** Converts to int8; `Tensor.char`. */
    char(options?: FormatOptions): Tensor;
    /**
     * Without an argument, the name of the tensor's type, such as `'torch.FloatTensor'`. With a dtype or a type
     * name, the converted tensor. `Tensor.type`. Throws a ValueError for any other string.
     *
     * @example
     * ```ts
     * const x = torch.ones(2);
     * x.type(); // 'torch.FloatTensor'
     * x.type('float64').type(); // 'torch.DoubleTensor'
     * ```
     */
    type(): string;
    type(dtype: Dtype | string, options?: { nonBlocking?: boolean }): Tensor;
    /**
     * A new tensor with a copy of the data, by default with this tensor's dtype and device;
     * `Tensor.new_tensor`.
     */
    newTensor(data: TensorData, options?: TensorFromDataOptions): Tensor;
    /**
     * A tensor with this tensor's dtype and device: uninitialised for sizes, with the values of an array, or a
     * view of a tensor; `Tensor.new`. Prefer `newEmpty` and `newTensor`.
     */
    new: LegacyNew;
    /** The tensor with another shape and the same number of elements; `Tensor.resize`, deprecated by PyTorch. */
    resize(...sizes: number[]): Tensor;
    /** The tensor with the shape of another; `Tensor.resize_as`, deprecated by PyTorch. */
    resizeAs(tensor: Tensor): Tensor;
    /** The tensor in the layout `sparse_coo`; `Tensor.to_sparse_coo`. */
    toSparseCoo(): Tensor;
    /** The tensor that replaces this one when a state dict with `other` is loaded; `Tensor.module_load`. */
    moduleLoad(other: Tensor, options?: { assign?: boolean }): Tensor;
    /**
     * The dimensions from the outermost to the innermost in memory; `Tensor.dim_order`. With `ambiguityCheck`,
     * a RuntimeError is thrown if several orders are possible, or if not exactly one of the listed memory
     * formats matches.
     *
     * @example
     * ```ts
     * torch.empty([2, 3, 5, 7]).to({ memoryFormat: 'channels_last' }).dimOrder(); // [0, 2, 3, 1]
     * ```
     */
    dimOrder(options?: DimOrderOptions): number[];
  }
}

function defineProperties(properties: Record<string, (tensor: Tensor) => unknown>): void {
  for (const [name, get] of Object.entries(properties)) {
    Object.defineProperty(Tensor.prototype, name, {
      get(this: Tensor) {
        return get(this);
      },
      configurable: true,
    });
  }
}

defineProperties({
  isCpu: (tensor) => tensor.device.type === 'cpu',
  isSparse: (tensor) => tensor.layout === 'sparse_coo',
  isSparseCsr: (tensor) => tensor.layout === 'sparse_csr',
  isMkldnn: (tensor) => tensor.layout === '_mkldnn',
  itemsize: (tensor) => native.elementSize(tensor),
  nbytes: (tensor) => {
    if (tensor.layout !== 'strided') {
      throw new RuntimeError(
        'nbytes is not defined for sparse tensors.  If you want the size of the constituent tensors, add the nbytes of the indices and values.  If you want the size of the  equivalent dense tensor, multiply numel() by element_size()',
      );
    }
    return native.numel(tensor) * native.elementSize(tensor);
  },
  outputNr: (tensor) => native.outputNr(tensor),
});

function convert(input: Tensor, name: string, nonBlocking: boolean): Tensor {
  const { dtype, device } = parseTypeName(name);
  const stays = device === null || input.device.type === device;
  return input.to({ dtype, device: stays ? null : device, nonBlocking });
}

function resized(input: Tensor, sizes: readonly number[]): Tensor {
  const count = product(sizes);
  if (input.numel() !== count) {
    throw new RuntimeError(
      `requested resize to ${sizes.join('x')} (${count} elements in total), but the given tensor has a size of ${input.shape.join('x')} (${input.numel()} elements). autograd's resize can only change the shape of a given tensor, while preserving the number of elements. `,
    );
  }
  return input.contiguous().view(sizes);
}

const methods: Partial<Tensor> & ThisType<Tensor> = {
  ndimension() {
    return native.dim(this);
  },
  tolist() {
    return this.toArray() as never;
  },
  char(options) {
    return this.to('int8', options);
  },
  type(dtype?: string, ...rest: readonly unknown[]): never {
    if (dtype == null) return tensorTypeName(this) as never;
    const options = readOptions<{ nonBlocking: boolean }>('type', rest, ['nonBlocking']);
    return convert(this, dtype, options.nonBlocking ?? false) as never;
  },
  newTensor(data: TensorData, options: TensorFromDataOptions = {}) {
    return tensor(data, {
      ...options,
      dtype: options.dtype ?? this.dtype,
      device: options.device ?? this.device,
    });
  },
  new(...args: readonly unknown[]) {
    if (args.length === 1 && native.isTensor(args[0])) return aten.alias.default(args[0]) as Tensor;
    if (args.length === 1 && typeof args[0] === 'object') return this.newTensor(args[0] as TensorData);
    return this.newEmpty((args.length === 0 ? [0] : args) as number[]);
  },
  resize(...sizes: number[]) {
    emitLibtorchWarning('UserWarning', 'non-inplace resize is deprecated');
    return resized(this, sizes);
  },
  resizeAs(other: Tensor) {
    emitLibtorchWarning('UserWarning', 'non-inplace resize_as is deprecated');
    return resized(this, native.shape(other));
  },
  toSparseCoo() {
    return this.toSparse();
  },
  moduleLoad(other: Tensor, ...rest: readonly unknown[]) {
    const { assign = false } = readOptions<{ assign: boolean }>('moduleLoad', rest, ['assign']);
    return assign ? other.detach() : this.copy_(other).detach();
  },
  dimOrder(options: DimOrderOptions = {}) {
    if (this.layout === 'sparse_coo') {
      throw new AttributeError(
        `Can't get dim order on sparse type: ${tensorTypeName(this)} Use Tensor.to_dense() to convert to a dense tensor first.`,
      );
    }
    return dimOrder(this, options);
  },
};

for (const [name, method] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
}

/** The other operand of a Python operator. */
type Operand = Parameters<Tensor['mul']>[0];

declare module '../tensor' {
  interface Tensor {
    /** `other - x`; `Tensor.__rsub__`. */
    __rsub__(other: Operand): Tensor;
    /** `other / x`; `Tensor.__rdiv__`. */
    __rdiv__(other: Operand): Tensor;
    /** `other / x`; `Tensor.__rtruediv__`. */
    __rtruediv__(other: Operand): Tensor;
    /** `other // x`; `Tensor.__rfloordiv__`. */
    __rfloordiv__(other: Operand): Tensor;
    /** `other % x`; `Tensor.__rmod__`. */
    __rmod__(other: Operand): Tensor;
    /** `other ** x`; `Tensor.__rpow__`. */
    __rpow__(other: Operand): Tensor;
    /** `other << x`; `Tensor.__rlshift__`. */
    __rlshift__(other: Operand): Tensor;
    /** `other >> x`; `Tensor.__rrshift__`. */
    __rrshift__(other: Operand): Tensor;
    /** `other @ x`; `Tensor.__rmatmul__`. */
    __rmatmul__(other: Tensor): Tensor;
  }
}

const reflected: Partial<Tensor> & ThisType<Tensor> = {
  __rsub__(other: Operand) {
    return torchFunctions.rsub(this, other as Tensor);
  },
  __rdiv__(other: Operand) {
    return this.reciprocal().mul(other);
  },
  __rtruediv__(other: Operand) {
    return this.reciprocal().mul(other);
  },
  __rfloordiv__(other: Operand) {
    return torchFunctions.floorDivide(other as Tensor, this);
  },
  __rmod__(other: Operand) {
    return torchFunctions.remainder(other as Tensor, this);
  },
  __rpow__(other: Operand) {
    return torchFunctions.pow(other as Tensor, this);
  },
  __rlshift__(other: Operand) {
    return torchFunctions.bitwiseLeftShift(other as Tensor, this);
  },
  __rrshift__(other: Operand) {
    return torchFunctions.bitwiseRightShift(other as Tensor, this);
  },
  __rmatmul__(other: Tensor) {
    return torchFunctions.matmul(other, this);
  },
};

for (const [name, method] of Object.entries(reflected)) {
  Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
}
