/** The error of a file that cannot be read: it names the file, and the message of its cause names the place. */

import { ValueError } from '../errors';

/** The message of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Calls `body`.
 *
 * @throws ValueError with the name of the file before the message of the error.
 */
export function readingFile<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw new ValueError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Calls `body`; the place comes before the message of its error. */
export function at<T>(place: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw new ValueError(`${place}: ${messageOf(error)}`, { cause: error });
  }
}
