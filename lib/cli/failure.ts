/** What can end a command, and how it is told. */

import { pathToFileURL } from 'node:url';
import { types } from 'node:util';

/** A failure that the user can act on: its message is shown without a stack. */
export class CommandFailure extends Error {
  override name = 'CommandFailure';

  constructor(
    message: string,
    /** What the process ends with. */
    readonly exitCode = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A command line that makes no sense. */
export class UsageError extends CommandFailure {
  override name = 'UsageError';

  constructor(message: string) {
    super(message, 2);
  }
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that asks a command to stop. */
export type StopSignal = keyof typeof SIGNAL_NUMBERS;

/** The command was stopped; the exit code is the one that shells give for the signal. */
export class Interrupted extends CommandFailure {
  override name = 'Interrupted';

  constructor(readonly signal: StopSignal) {
    super(`stopped by ${signal === 'SIGINT' ? 'Ctrl-C' : signal}`, 128 + SIGNAL_NUMBERS[signal]);
  }
}

const SYSTEM_MESSAGES: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than this system or its limits allow',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'no space is left on the device',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
};

/** Whether something thrown is an error, whichever realm's: a user's code may run in one of its own. */
export function isError(thrown: unknown): thrown is Error {
  return types.isNativeError(thrown) || thrown instanceof Error;
}

/** The stack of something thrown, as lines without the message; none for what is no error. */
export function stackLines(thrown: unknown): string[] {
  const stack = isError(thrown) ? (thrown.stack ?? '') : '';
  return stack.split('\n').filter((line) => /^\s+at /.test(line));
}

/** Whether a line of a stack speaks of this file, by path or as URL. */
export function liesIn(line: string, file: string): boolean {
  return line.includes(`${file}:`) || line.includes(`${pathToFileURL(file).href}:`);
}

/** The message of anything that was thrown; the operating system's errors in words. */
export function messageOf(error: unknown): string {
  if (!isError(error)) return `${String(error)} was thrown`;
  const { code } = error as NodeJS.ErrnoException;
  const words = code === undefined ? undefined : SYSTEM_MESSAGES[code];
  return words === undefined ? error.message : `${words} (${String(code)})`;
}
