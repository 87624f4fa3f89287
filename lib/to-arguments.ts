/** The arguments of `Tensor.to`, in the forms that Python takes. */

import { inspect } from 'node:util';
import { isOptions } from './arguments';
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

function readRest(args: readonly unknown[], names: readonly (keyof ToOptions)[]): ToOptions {
  const last = args.at(-1);
  const options = isOptions(last) ? last : {};
  const values = isOptions(last) ? args.slice(0, -1) : args;
  if (values.length > names.length) {
    throw new TypeError(
      `to() takes at most ${names.length + 1} positional arguments, but ${values.length + 1} were given`,
    );
  }
  const given = Object.fromEntries(values.map((value, i) => [names[i], value]));
  return { ...given, ...options };
}

/** Reads them into one object. @throws TypeError for a first argument of another kind, or too many. */
export function readToArguments(target: unknown, rest: readonly unknown[]): ToOptions {
  if (native.isTensor(target)) {
    const options = readRest(rest, ['nonBlocking', 'copy']);
    return { ...options, dtype: options.dtype ?? target.dtype, device: options.device ?? target.device };
  }
  if (isDtype(target)) return { ...readRest(rest, ['nonBlocking', 'copy']), dtype: target };
  const isDevice = typeof target === 'string' || target instanceof Device || (isOptions(target) && 'type' in target);
  if (isDevice) return { ...readRest(rest, ['dtype', 'nonBlocking', 'copy']), device: target as DeviceLike };
  if (isOptions(target)) return { ...readRest(rest, []), ...target };
  throw new TypeError(`to(): argument 'target' must be a dtype, a device, a Tensor or options, not ${inspect(target)}`);
}
