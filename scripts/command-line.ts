/** What the command lines of the scripts have in common. */

export class UsageError extends Error {}

/** An option as an integer of at least `least`. */
export function integer(name: string, value: string, least = 1): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < least) {
    throw new UsageError(`--${name} must be an integer of at least ${least}, got ${value}`);
  }
  return number;
}

/**
 * Parses a command line; `parse` returns null if it asks for help. Returns null after printing the usage, with exit
 * code 2 if the command line is wrong.
 */
export function parseOrExplain<T>(parse: () => T | null, usage: string): T | null {
  try {
    const options = parse();
    if (options === null) process.stdout.write(usage);
    return options;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    process.exitCode = 2;
    return null;
  }
}
