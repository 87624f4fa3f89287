/** libtorch's warnings, passed on to Node.js. */

import { describeType } from './describe';
import { native } from './native';

const seen = new Set<string>();

/**
 * Emits a warning of libtorch through `process.emitWarning`. Each text is emitted once per process, as in Python by
 * default, so that a warning in a loop does not flood the log.
 */
export function emitLibtorchWarning(category: string, message: string): void {
  if (seen.has(message) && !native.getWarnAlways()) return;
  seen.add(message);
  process.emitWarning(message, category);
}

/**
 * Sets whether a warning is emitted every time instead of once per process, as `torch.set_warn_always`. It goes
 * through `process.emitWarning` in both cases.
 *
 * @throws TypeError unless `always` is a boolean.
 * @example
 * ```ts
 * torch.setWarnAlways(true);
 * torch.isWarnAlwaysEnabled(); // true
 * torch.setWarnAlways(false);
 * ```
 */
export function setWarnAlways(always: boolean): void {
  if (typeof always !== 'boolean') {
    throw new TypeError(`setWarnOnlyOnce expects a bool, but got ${describeType(always)}`);
  }
  native.setWarnAlways(always);
}

/** Whether warnings are emitted every time, as `torch.is_warn_always_enabled`. */
export function isWarnAlwaysEnabled(): boolean {
  return native.getWarnAlways();
}
