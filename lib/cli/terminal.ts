/** Where a command's output goes. */

interface Output {
  write(text: string): unknown;
}

/** Standard output and standard error, or what stands in for them. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output & { readonly isTTY?: boolean; readonly columns?: number };
}

/** The streams of this process. */
export const processTerminal: Terminal = { out: process.stdout, err: process.stderr };
