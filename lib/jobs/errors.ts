/** The errors of batch jobs. */

import { messageOf } from './thrown';

/**
 * What a job failed on:
 *
 * - `argument`: the request itself, whatever the files hold
 * - `input`, `output`: a file that is read or written
 * - `function`: the user's function or the module that exports it
 * - `device`: the device to compute on
 * - `plan`: a plan that is malformed, or that does not belong to these files
 */
export type JobErrorCode = 'argument' | 'input' | 'output' | 'function' | 'device' | 'plan';

/** A failure that the user can act on: the message is complete without a stack. */
export class JobError extends Error {
  override name = 'JobError';

  /** The option that caused the failure, or that resolves it. */
  readonly option: string | undefined;

  constructor(
    readonly code: JobErrorCode,
    message: string,
    { option, ...options }: ErrorOptions & { readonly option?: string } = {},
  ) {
    super(message, options);
    this.option = option;
  }
}

/** Runs `work`, which reads from a file; its errors become a {@link JobError} that names the file. */
export function reading<T>(file: string, work: () => T): T {
  return describing('input', `cannot read ${file}`, work);
}

/** Runs `work`, which writes to a file; its errors become a {@link JobError} that names the file. */
export function writing<T>(file: string, work: () => T): T {
  return describing('output', `cannot write ${file}`, work);
}

function describing<T>(code: JobErrorCode, action: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = messageOf(error);
    throw new JobError(code, message.startsWith(action) ? message : `${action}: ${message}`, { cause: error });
  }
}
