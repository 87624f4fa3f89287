/** The error of a file that cannot be read: it names the file, and the message of its cause names the place. */

import { OutOfMemoryError, RuntimeError, ValueError } from '../errors';
import type { Steps } from './steps';

/** The message of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error with a place before its message. A failure of the machine, not of the file, keeps its class. */
function placed(place: string, error: unknown): Error {
  const message = `${place}: ${messageOf(error)}`;
  if (error instanceof OutOfMemoryError) return new OutOfMemoryError(message, { cause: error });
  if (error instanceof RuntimeError) return new RuntimeError(message, { cause: error });
  return new ValueError(message, { cause: error });
}

/** Calls `body`; the place comes before the message of its error, which is a ValueError or RuntimeError. */
export function at<T>(place: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw placed(place, error);
  }
}

/** {@link at} for steps. */
export function* stepsAt<T>(place: string, steps: Steps<T>): Steps<T> {
  try {
    return yield* steps;
  } catch (error) {
    throw placed(place, error);
  }
}

/** {@link readingFile} for steps. */
export function stepsReading<T>(path: string, steps: Steps<T>): Steps<T> {
  return stepsAt(`cannot read ${path}`, steps);
}

/** Calls `body`; the name of the file comes before the message of its error. */
export function readingFile<T>(path: string, body: () => T): T {
  return at(`cannot read ${path}`, body);
}
