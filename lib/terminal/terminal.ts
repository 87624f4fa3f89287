/** The output streams of a program, as an interface that tests can replace. */

/** Standard output and standard error, or replacements for them. */
export interface Terminal {
  readonly out: {
    /** May return a Promise that is rejected if the text cannot be written. */
    write(text: string): unknown;
  };
  readonly err: {
    write(text: string): unknown;
    readonly isTTY?: boolean;
    readonly columns?: number;
  };
}

/** The streams of this process. Errors of standard output are rejections; those of standard error are ignored. */
export const processTerminal: Terminal = {
  out: { write: (text) => writeTo(process.stdout, text) },
  err: {
    write: (text) => writeTo(process.stderr, text).catch(() => undefined),
    get isTTY() {
      return process.stderr.isTTY;
    },
    get columns() {
      return process.stderr.columns;
    },
  },
};

/** Resolves when the text is written. */
function writeTo(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // After the callback, a failed stream also emits the error, which would end the process without a listener.
    stream.once('error', reject);
    stream.write(text, (error) => {
      if (error) {
        reject(error);
        return;
      }
      stream.off('error', reject);
      resolve();
    });
  });
}
