/** What the constructors of layers have in common. */

import type { DeviceLike } from '../../device';
import type { Dtype } from '../../dtype';
import { torchFunctions } from '../../operators';
import type { Size } from '../../types';
import { Parameter } from '../parameter';

/** Where a layer makes its parameters. */
export interface FactoryOptions {
  /** By default CPU memory. */
  device?: DeviceLike | null;
  /** By default the default dtype. */
  dtype?: Dtype | null;
}

/** A parameter without values yet. */
export function emptyParameter(shape: Size, { device, dtype }: FactoryOptions): Parameter {
  return new Parameter(torchFunctions.empty(shape, { device, dtype }));
}
