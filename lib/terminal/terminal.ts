/** The output streams of a program, as an interface that tests can replace. */

interface Output {
  write(text: string): unknown;
}

/** Standard output and standard error, or replacements for them. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output & { readonly isTTY?: boolean; readonly columns?: number };
}

/** The streams of this process. */
export const processTerminal: Terminal = { out: process.stdout, err: process.stderr };
