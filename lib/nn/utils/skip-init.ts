/** Layers without the time that drawing their initial values takes. */

import { isOptions } from '../../arguments';
import { RuntimeError } from '../../errors';
import type { DeviceLike } from '../../device';
import { Module } from '../module';

/**
 * Constructs a layer whose parameters have memory but no values yet: for layers that a state dict is loaded into;
 * `torch.nn.utils.skip_init`. No random numbers are drawn.
 *
 * @param moduleClass - A class whose constructor takes the option `device`.
 * @param args - The arguments of its constructor; the option `device` is where the memory is.
 * @throws RuntimeError for anything else than a class of modules.
 * @example
 * ```ts
 * const layer = torch.nn.utils.skipInit(torch.nn.Linear, 1000, 2000, { bias: false });
 * layer.weight.shape; // [2000, 1000]
 * ```
 */
export function skipInit<M extends Module, A extends unknown[]>(moduleClass: new (...args: A) => M, ...args: A): M {
  const given: unknown = moduleClass;
  if (typeof given !== 'function' || !(given.prototype instanceof Module)) {
    throw new RuntimeError(`Expected a Module class; got ${String(given)}`);
  }
  const last = args.at(-1);
  const options = isOptions(last) ? last : {};
  const { device = 'cpu' } = options as { device?: DeviceLike | null };
  const others = isOptions(last) ? args.slice(0, -1) : args;
  const Class = moduleClass as unknown as new (...args: unknown[]) => M;
  return new Class(...others, { ...options, device: 'meta' }).toEmpty({ device: device ?? 'cpu' });
}
