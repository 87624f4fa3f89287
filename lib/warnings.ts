/** libtorch's warnings, handed to Node. */

/**
 * Emits a warning of libtorch's through `process.emitWarning`. Each text is emitted once per
 * process, as Python does by default: a warning from inside a loop should not flood the log.
 */
export function emitLibtorchWarning(category: string, message: string): void {
  if (seen.has(message)) return;
  seen.add(message);
  process.emitWarning(message, category);
}

const seen = new Set<string>();
