/** `torch.asarray`, and functions that Python offers in addition to the tensor methods. */

import { checkOptions } from '../arguments';
import { tensor } from '../creation';
import type { TensorData } from '../creation';
import { Device } from '../device';
import type { DeviceLike } from '../device';
import type { Dtype } from '../dtype';
import { ValueError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { scalarTypeName } from '../type-info';

/** The options of {@link asarray}. */
export interface AsarrayOptions {
  dtype?: Dtype | null;
  device?: DeviceLike | null;
  /** True: always copy; false: throw where a copy is needed; null (the default): copy where needed. */
  copy?: boolean | null;
  /** By default the flag of the given tensor, otherwise false. */
  requiresGrad?: boolean | null;
}

/**
 * Converts data to a tensor; `torch.asarray`. A given tensor shares memory with the result unless dtype,
 * device or `copy` require a copy. JavaScript arrays and typed arrays are always copied.
 *
 * @throws ValueError if `copy` is false and a copy is needed, RuntimeError if `requiresGrad` is true
 * for an integer dtype.
 * @example
 * ```ts
 * const x = torch.asarray([1, 2, 3], { dtype: 'float64' });
 * torch.asarray(x, { copy: true }); // [1, 2, 3]
 * ```
 */
export function asarray(obj: TensorData, options: AsarrayOptions = {}): Tensor {
  const { dtype, copy, requiresGrad, ...rest } = checkOptions('asarray', options, [
    'dtype',
    'device',
    'copy',
    'requiresGrad',
  ]);
  const device = rest.device ?? native.getDefaultDevice();
  if (!native.isTensor(obj)) {
    if (copy === false) throw new ValueError("can't alias arbitrary sequence into a tensor.");
    return tensor(obj, { dtype, device, requiresGrad: requiresGrad ?? false });
  }
  if (copy === false && dtype != null && dtype !== obj.dtype) {
    throw new ValueError(
      `can't alias tensor with dtype '${scalarTypeName(obj.dtype)}' into dtype '${scalarTypeName(dtype)}'.`,
    );
  }
  if (copy === false && device != null && !isSameDevice(obj.device, device)) {
    throw new ValueError(`can't alias tensor from device '${obj.device}' to '${new Device(device)}'.`);
  }
  const isSame =
    copy !== true && (dtype ?? obj.dtype) === obj.dtype && (device == null || isSameDevice(obj.device, device));
  const moved = isSame ? obj : obj.to({ dtype, device, copy: copy === true });
  if (requiresGrad === true) return moved.requiresGrad ? moved : moved.requiresGrad_();
  return requiresGrad === false && moved.requiresGrad ? moved.detach() : moved;
}

function isSameDevice(device: Device, asked: DeviceLike): boolean {
  const target = new Device(asked);
  return device.type === target.type && (target.index === null || device.index === target.index);
}

/**
 * The number of elements; `torch.numel`.
 *
 * @example
 * ```ts
 * torch.numel(torch.ones([2, 3])); // 6
 * ```
 */
export function numel(input: Tensor): number {
  return native.numel(input);
}

/**
 * The index of the tensor's CUDA device, or -1 for CPU tensors; `torch.get_device`.
 *
 * @example
 * ```ts
 * torch.getDevice(torch.ones([2])); // -1
 * ```
 */
export function getDevice(input: Tensor): number {
  return input.getDevice();
}
