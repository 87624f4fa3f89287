/** libtorch's warnings, handed to Node. */

import { native } from './native';

const seen = new Set<string>();

/**
 * Emits a warning of libtorch's through `process.emitWarning`. Each text is emitted once per
 * process, as Python does by default: a warning from inside a loop should not flood the log.
 */
export function emitLibtorchWarning(category: string, message: string): void {
  if (seen.has(message) && !native.getWarnAlways()) return;
  seen.add(message);
  process.emitWarning(message, category);
}

/**
 * Whether a warning is given each time it arises instead of once per process, as
 * `torch.set_warn_always`. It goes through `process.emitWarning` either way.
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
    throw new TypeError(`setWarnOnlyOnce expects a bool, but got ${always === null ? 'null' : typeof always}`);
  }
  native.setWarnAlways(always);
}

/** Whether warnings are given each time, as `torch.is_warn_always_enabled`. */
export function isWarnAlwaysEnabled(): boolean {
  return native.getWarnAlways();
}
