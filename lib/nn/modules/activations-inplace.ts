/** Activation modules without parameters that may overwrite their input. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import type { Tensor } from '../../tensor';
import { hardsigmoid, hardswish, mish, relu, relu6, selu, silu } from '../functional/activations';
import type { InplaceOptions } from '../functional/activations';
import { Module } from '../module';

abstract class InplaceActivation extends Module {
  readonly inplace: boolean;

  constructor(...optional: Optional<[inplace: boolean], InplaceOptions>) {
    super();
    this.inplace = readOptions<InplaceOptions>(new.target.name, optional, ['inplace'], [], 0).inplace ?? false;
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}

/**
 * `max(0, x)` of each element; `torch.nn.ReLU`.
 *
 * @example
 * ```ts
 * new torch.nn.ReLU()(torch.tensor([-1, 2])); // [0, 2]
 * ```
 */
export class ReLU extends InplaceActivation {
  override forward(input: Tensor): Tensor {
    return relu(input, this.inplace);
  }
}

/** `min(max(0, x), 6)` of each element; `torch.nn.ReLU6`. */
export class ReLU6 extends InplaceActivation {
  override forward(input: Tensor): Tensor {
    return relu6(input, this.inplace);
  }
}

/** The scaled exponential linear unit of each element; `torch.nn.SELU`. */
export class SELU extends InplaceActivation {
  override forward(input: Tensor): Tensor {
    return selu(input, this.inplace);
  }
}

/** `x * sigmoid(x)` of each element, also called swish; `torch.nn.SiLU`. */
export class SiLU extends InplaceActivation {
  override forward(input: Tensor): Tensor {
    return silu(input, this.inplace);
  }
}

/** `x * tanh(softplus(x))` of each element; `torch.nn.Mish`. */
export class Mish extends InplaceActivation {
  override forward(input: Tensor): Tensor {
    return mish(input, this.inplace);
  }
}

/** `x * relu6(x + 3) / 6` of each element; `torch.nn.Hardswish`. */
export class Hardswish extends InplaceActivation {
  override forward(input: Tensor): Tensor {
    return hardswish(input, this.inplace);
  }

  // Python does not print it.
  override extraRepr(): string {
    return '';
  }
}

/** `relu6(x + 3) / 6` of each element; `torch.nn.Hardsigmoid`. */
export class Hardsigmoid extends InplaceActivation {
  override forward(input: Tensor): Tensor {
    return hardsigmoid(input, this.inplace);
  }

  // Python does not print it.
  override extraRepr(): string {
    return '';
  }
}
