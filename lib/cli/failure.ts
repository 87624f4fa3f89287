/** How a command fails: message and exit code. */

import { JobError } from '../jobs/errors';

/** A failure that the user can act on: its message is shown without a stack. */
export class CommandFailure extends Error {
  override name = 'CommandFailure';

  constructor(
    message: string,
    /** The exit code of the process. */
    readonly exitCode = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An invalid command line. */
export class UsageError extends CommandFailure {
  override name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, 2, options);
  }
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that asks a command to stop. */
export type StopSignal = keyof typeof SIGNAL_NUMBERS;

/** A signal stopped the command; the exit code is the one that shells give for the signal. */
export class Interrupted extends CommandFailure {
  override name = 'Interrupted';

  constructor(readonly signal: StopSignal) {
    super(`stopped by ${signal === 'SIGINT' ? 'Ctrl-C' : signal}`, 128 + SIGNAL_NUMBERS[signal]);
  }
}

/** A thrown value as a failure of the command; undefined for an error that is a bug. */
export function asFailure(thrown: unknown): CommandFailure | undefined {
  if (thrown instanceof CommandFailure) return thrown;
  if (!(thrown instanceof JobError)) return undefined;
  const { code, message, option } = thrown;
  const text = option === undefined ? message : `${message} (option --${option})`;
  const cause = { cause: thrown };
  return code === 'argument' ? new UsageError(text, cause) : new CommandFailure(text, 1, cause);
}
