/** `torch.compiler`: what concerns all compiled functions. */

import { checkFunction } from '../arguments';
import { named, nameOf } from '../describe';
import { native } from '../native';
import type { AnyFunction } from '../types';
import { resetCompiled } from './registry';

/**
 * Drops what has been compiled for all functions of this thread; `torch.compiler.reset`.
 *
 * @example
 * ```ts
 * torch.compiler.reset();
 * ```
 */
export function reset(): void {
  resetCompiled();
}

/**
 * A function that is not compiled: a compiled function that calls it runs eagerly; `torch.compiler.disable`.
 *
 * @throws TypeError for anything that is not a function.
 * @example
 * ```ts
 * const print = torch.compiler.disable((x: torch.Tensor) => console.log(`${x}`));
 * ```
 */
export function disable<F extends AnyFunction>(func: F): F {
  checkFunction('compiler.disable', func);
  const { disabled } = {
    disabled(this: unknown, ...args: unknown[]): unknown {
      native.breakRecording(
        `the function calls ${func.name === '' ? 'a function' : nameOf(func)}, which torch.compiler.disable excludes`,
      );
      return Reflect.apply(func, this, args) as unknown;
    },
  };
  return named(disabled, func) as never;
}

/**
 * Whether the call in progress is recorded for a compiled function; `torch.compiler.is_compiling`.
 *
 * @example
 * ```ts
 * torch.compiler.isCompiling(); // false
 * ```
 */
export function isCompiling(): boolean {
  return native.isRecording();
}
