/** Parameters and buffers without a shape: the state of lazy layers before their first call. */

import { checkOptions } from '../arguments';
import type { DeviceLike } from '../device';
import type { Dtype } from '../dtype';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { aten } from '../ops';
import type { Tensor } from '../tensor';
import type { Size } from '../types';
import { Buffer, Parameter } from './parameter';

/** Device and dtype of a parameter or buffer without a shape. */
export interface UninitializedOptions {
  /** The device; CPU by default. */
  device?: DeviceLike | null;
  /** The dtype; by default the default dtype. */
  dtype?: Dtype | null;
}

const OPTIONS = ['device', 'dtype'] as const;

function refuse(): never {
  throw new RuntimeError(
    "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `loadStateDict` when trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the parameters before accessing their attributes.",
  );
}

/** Gives a tensor uninitialised memory of a shape, in place, and makes it a plain parameter or buffer. */
function materialize(tensor: Tensor, prototype: object, shape: Size, options: UninitializedOptions): void {
  const { device, dtype } = checkOptions('materialize', options, OPTIONS);
  const data = torchFunctions.empty(shape, { device: device ?? tensor.device, dtype: dtype ?? tensor.dtype });
  aten.set_data.default(tensor, data);
  Object.setPrototypeOf(tensor, prototype);
  native.moduleChanged();
}

/**
 * A parameter whose shape is not known yet; `torch.nn.UninitializedParameter`. It has a device and a dtype, which
 * `Module.to` changes. Lazy layers give it a shape in their first call.
 *
 * @example
 * ```ts
 * const weight = new torch.nn.UninitializedParameter({ dtype: 'float64' });
 * weight.materialize([2, 3]);
 * weight.shape; // [2, 3]
 * ```
 */
export class UninitializedParameter extends Parameter {
  constructor(
    options: UninitializedOptions & {
      /** Whether autograd records operations on the parameter; true by default. */
      requiresGrad?: boolean;
    } = {},
  ) {
    const { requiresGrad, ...factory } = checkOptions('UninitializedParameter', options, [...OPTIONS, 'requiresGrad']);
    super(torchFunctions.empty([0], factory), requiresGrad);
  }

  /** @throws RuntimeError, because the shape is not known. */
  override get shape(): number[] {
    return refuse();
  }

  /** Gives the parameter a shape, with uninitialised values; it becomes a plain {@link Parameter}. */
  materialize(shape: Size, options: UninitializedOptions = {}): void {
    materialize(this, Parameter.prototype, shape, options);
  }

  override toString(): string {
    return '<UninitializedParameter>';
  }
}

/**
 * A buffer whose shape is not known yet; `torch.nn.UninitializedBuffer`. Lazy layers give it a shape in their first
 * call.
 *
 * @example
 * ```ts
 * const mean = new torch.nn.UninitializedBuffer();
 * mean.materialize([3]);
 * mean.shape; // [3]
 * ```
 */
export class UninitializedBuffer extends Buffer {
  constructor(
    options: UninitializedOptions & {
      /** Whether the buffer is part of the module's `stateDict()`; true by default. */
      persistent?: boolean;
    } = {},
  ) {
    const { persistent, ...factory } = checkOptions('UninitializedBuffer', options, [...OPTIONS, 'persistent']);
    super(torchFunctions.empty([0], factory), { persistent });
  }

  /** @throws RuntimeError, because the shape is not known. */
  override get shape(): number[] {
    return refuse();
  }

  /** Gives the buffer a shape, with uninitialised values; it becomes a plain {@link Buffer}. */
  materialize(shape: Size, options: UninitializedOptions = {}): void {
    materialize(this, Buffer.prototype, shape, options);
  }

  override toString(): string {
    return '<UninitializedBuffer>';
  }
}

/** Whether a tensor is a parameter or buffer without a shape. */
export function isUninitialized(tensor: unknown): tensor is UninitializedParameter | UninitializedBuffer {
  return tensor instanceof UninitializedParameter || tensor instanceof UninitializedBuffer;
}
