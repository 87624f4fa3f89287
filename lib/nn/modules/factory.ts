/** Options and helpers shared by the constructors of layers. */

import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { torchFunctions } from '../../operators';
import type { Size } from '../../types';
import { Parameter } from '../parameter';

/** The device and dtype of a layer's parameters. */
export interface FactoryOptions {
  /** The device; CPU by default. */
  device?: DeviceLike | null;
  /** The dtype; by default the default dtype. */
  dtype?: Dtype | null;
}

/** An uninitialised parameter. */
export function emptyParameter(shape: Size, { device, dtype }: FactoryOptions): Parameter {
  return new Parameter(torchFunctions.empty(shape, { device, dtype }));
}
