// The error that ends a set-up: what went wrong, what was tried, what the user can do.

/**
 * The code of a system error, such as `ENOENT`; undefined for any other error.
 *
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error)?.code;
}

/** What an error says. @param {unknown} error */
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

  /** The whole text for a person. */
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

/** Any error for a person: a set-up failure explained, anything else with its stack. @param {unknown} error */
export function explain(error) {
  if (error instanceof SetupFailure) return error.explain();
  return String(/** @type {Partial<Error> | undefined} */ (error)?.stack ?? error);
}

/**
 * A file-system error as a set-up failure where there is something useful to say about it.
 *
 * @param {unknown} error
 * @param {string} place the folder that was written to
 */
export function explainFileError(error, place) {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SetupFailure(`no disk space left while writing to ${place}`, {
      advice: [
        'free about 1.5 GB there (libtorch for the CPU takes 0.5 GB unpacked, and 0.2 GB more while it is fetched)',
        'or set TORCH_FUNC_CACHE to a folder on another disk',
        'or set LIBTORCH to a libtorch that you have already',
      ],
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new SetupFailure(`cannot write to ${place} (${code})`, {
      advice: [
        'set TORCH_FUNC_CACHE to a folder that you may write to',
        'or set LIBTORCH to a libtorch that you have already',
      ],
      cause: error,
    });
  }
  return error;
}
