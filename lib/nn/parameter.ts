/** `torch.nn.Parameter` and `torch.nn.Buffer`: tensors that a module discovers among its properties. */

import { checkOptions, readOptions } from '../arguments';
import type { Optional } from '../arguments';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { operatorInto } from '../operator';
import { torchFunctions } from '../operators';
import { Tensor } from '../tensor';
import { checkTensor } from '../tensor-arguments';

// A new leaf with the same data.
const detachInto = operatorInto('detach', 'detach');

function checkData(api: string, data: unknown): Tensor {
  if (data == null) return torchFunctions.empty([0]);
  checkTensor(api, 'data', data);
  return data;
}

/**
 * A tensor that becomes a parameter of the module it is assigned to; `torch.nn.Parameter`. It shares memory
 * with `data`, is a leaf, and requires gradients by default. Otherwise it behaves like any tensor; results of
 * operators on it are plain tensors.
 *
 * @throws RuntimeError if an integer tensor is to require gradients.
 * @example
 * ```ts
 * class Scale extends torch.nn.Module {
 *   factor = new torch.nn.Parameter(torch.ones(3));
 *   override forward(x: torch.Tensor) {
 *     return x.mul(this.factor);
 *   }
 * }
 * new Scale().parameters().length; // 1
 * ```
 */
export class Parameter extends Tensor {
  /** Brand: makes `Parameter` a nominal type. */
  declare private readonly brand: never;

  constructor(
    data?: Tensor | null,
    ...optional: Optional<
      [requiresGrad: boolean],
      {
        /** Whether autograd records operations on the parameter; true by default. */
        requiresGrad?: boolean;
      }
    >
  ) {
    super();
    const { requiresGrad = true } = readOptions<{ requiresGrad: boolean }>('Parameter', optional, ['requiresGrad']);
    const tensor = checkData('Parameter', data);
    if (requiresGrad && !tensor.isFloatingPoint() && !tensor.isComplex()) {
      throw new RuntimeError('Only Tensors of floating point and complex dtype can require gradients');
    }
    detachInto(this, tensor);
    if (requiresGrad) native.requireGradOfNew(this);
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }
}

/**
 * A tensor that becomes a buffer of the module it is assigned to: part of the state, but not a parameter;
 * `torch.nn.Buffer`. It shares memory with `data`.
 *
 * @example
 * ```ts
 * class Mean extends torch.nn.Module {
 *   mean = new torch.nn.Buffer(torch.zeros(3));
 *   scratch = new torch.nn.Buffer(torch.zeros(3), { persistent: false });
 * }
 * Object.keys(new Mean().stateDict()); // ['mean']
 * ```
 */
export class Buffer extends Tensor {
  /** Whether the buffer is part of the module's `stateDict()`. */
  declare readonly persistent: boolean;

  constructor(
    data?: Tensor | null,
    options: {
      /** Whether the buffer is part of the module's `stateDict()`; true by default. */
      persistent?: boolean;
    } = {},
  ) {
    super();
    const { persistent = true } = checkOptions('Buffer', options, ['persistent']);
    const tensor = checkData('Buffer', data);
    detachInto(this, tensor);
    if (tensor.requiresGrad) native.requireGradOfNew(this);
    Object.defineProperty(this, 'persistent', { value: persistent });
  }
}
