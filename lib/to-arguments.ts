/** The arguments of `Tensor.to`, in all forms of Python. */

import { inspect } from 'node:util';
import { checkOptions, isOptions, readOptions } from './arguments';
import { Device } from './device';
import type { DeviceLike } from './device';
import { isDtype } from './dtype';
import type { Dtype } from './dtype';
import { native } from './native';
import type { MemoryFormat } from './types';

/** The options of {@link Tensor.to}. */
export interface ToOptions {
  dtype?: Dtype | null;
  device?: DeviceLike | null;
  nonBlocking?: boolean;
  copy?: boolean;
  memoryFormat?: MemoryFormat | null;
}

/** The options of {@link Tensor.float} and its relatives. */
export type FormatOptions = Pick<ToOptions, 'memoryFormat'>;

/** `to(dtype | tensor, nonBlocking?, copy?, options?)` and `to(device, dtype?, nonBlocking?, copy?, options?)`. */
export type ToRest =
  | [options?: ToOptions]
  | [nonBlocking: boolean, options?: ToOptions]
  | [nonBlocking: boolean, copy: boolean, options?: ToOptions];

const BY_NAME = ['dtype', 'device', 'nonBlocking', 'copy', 'memoryFormat'] as const;

/**
 * Reads the arguments into one object.
 *
 * @throws TypeError for a first argument of another type, too many arguments, or an unknown option.
 */
export function readToArguments(target: unknown, rest: readonly unknown[]): ToOptions {
  const read = (positional: readonly (keyof ToOptions)[], named: readonly (keyof ToOptions)[]): ToOptions =>
    readOptions<ToOptions>('to', rest, positional, named);
  if (native.isTensor(target)) {
    const options = read(['nonBlocking', 'copy'], ['dtype', 'device', 'memoryFormat']);
    return { ...options, dtype: options.dtype ?? target.dtype, device: options.device ?? target.device };
  }
  if (isDtype(target)) return { ...read(['nonBlocking', 'copy'], ['device', 'memoryFormat']), dtype: target };
  const isDevice = typeof target === 'string' || target instanceof Device || (isOptions(target) && 'type' in target);
  if (isDevice) return { ...read(['dtype', 'nonBlocking', 'copy'], ['memoryFormat']), device: target as DeviceLike };
  if (isOptions(target)) return { ...checkOptions<ToOptions>('to', target, BY_NAME), ...read([], BY_NAME) };
  throw new TypeError(`to(): argument 'target' must be a dtype, a device, a Tensor or options, not ${inspect(target)}`);
}
