// The error that ends a setup: the problem, what was tried, and advice.

/**
 * The code of a system error, such as `ENOENT`; undefined for any other error.
 *
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error)?.code;
}

/** The message of an error. @param {unknown} error */
export function messageOf(error) {
  return String(/** @type {Partial<Error> | undefined} */ (error)?.message ?? error);
}

export class SetupFailure extends Error {
  /**
   * @param {string} message one sentence
   * @param {{ tried?: string[], advice?: string[], details?: string, cause?: unknown }} [more]
   */
  constructor(message, { tried = [], advice = [], details = '', cause } = {}) {
    super(message, { cause });
    this.name = 'SetupFailure';
    this.tried = tried;
    this.advice = advice;
    this.details = details;
  }

  /** The full text for the user. */
  explain() {
    const lines = [`torch-func: ${this.message}`];
    if (this.details)
      lines.push(
        ...this.details
          .trimEnd()
          .split('\n')
          .map((line) => `  | ${line}`),
      );
    if (this.tried.length > 0) lines.push('What was tried:', ...this.tried.map((line) => `  - ${line}`));
    if (this.advice.length > 0) lines.push('What you can do:', ...this.advice.map((line) => `  - ${line}`));
    return lines.join('\n');
  }
}

/** The text of any error for the user: a setup failure explained, any other error with its stack. @param {unknown} error */
export function explain(error) {
  if (error instanceof SetupFailure) return error.explain();
  return String(/** @type {Partial<Error> | undefined} */ (error)?.stack ?? error);
}

/**
 * Turns a file-system error into a setup failure if there is advice for it; returns any other error unchanged.
 *
 * @param {unknown} error
 * @param {string} place the folder that was written to
 */
export function explainFileError(error, place) {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SetupFailure(`no disk space left while writing to ${place}`, {
      advice: [
        'free about 1.5 GB there (libtorch for the CPU takes 0.5 GB, and 0.2 GB more during the download)',
        'or set TORCH_FUNC_CACHE to a folder on another disk',
        'or set LIBTORCH to an existing libtorch',
      ],
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new SetupFailure(`cannot write to ${place} (${code})`, {
      advice: ['set TORCH_FUNC_CACHE to a writable folder', 'or set LIBTORCH to an existing libtorch'],
      cause: error,
    });
  }
  if (code === 'ENOTDIR' || code === 'EEXIST' || code === 'EISDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG') {
    return new SetupFailure(`cannot make the folder ${place} (${code}): ${messageOf(error)}`, {
      advice: [
        'set TORCH_FUNC_CACHE to a folder, or to where one can be made',
        'or set LIBTORCH to an existing libtorch',
      ],
      cause: error,
    });
  }
  return error;
}
