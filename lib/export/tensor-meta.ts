/** What a program stores of a tensor beside its values: `TensorMeta` of torch/_export/serde/schema.py. */

import { Device } from '../device';
import type { Dtype } from '../dtype';
import type { JsonValue } from '../files/json-text';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { deviceJson, dtypeNumber, layoutNumber } from './enumerations';

const sizes = (values: readonly number[]): JsonValue => values.map((value) => ({ as_int: value }));

/** A dense tensor without its values. */
export interface DenseMeta {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly device: string;
  readonly requiresGrad?: boolean;
  readonly offset?: number;
}

export function tensorMetaJson({
  dtype,
  shape,
  strides,
  device,
  requiresGrad = false,
  offset = 0,
}: DenseMeta): JsonValue {
  return {
    dtype: dtypeNumber(dtype),
    sizes: sizes(shape),
    requires_grad: requiresGrad,
    device: deviceJson(new Device(device)),
    strides: sizes(strides),
    storage_offset: { as_int: offset },
    layout: layoutNumber('strided'),
  };
}

/** The meta of a tensor, apart from where it is in its memory. */
export const denseMetaOf = (tensor: Tensor): DenseMeta => ({
  dtype: tensor.dtype,
  shape: native.sizes(tensor),
  strides: native.strides(tensor),
  device: native.device(tensor),
  requiresGrad: native.requiresGrad(tensor),
});
