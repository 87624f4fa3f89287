/** Text in files that strangers made. */

import { ValueError } from '../errors';

/**
 * The text of bytes in UTF-8.
 *
 * @throws ValueError that names `what` for bytes that are not UTF-8.
 */
export function decodeUtf8(bytes: Buffer, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ValueError(`${what} is not UTF-8`);
  }
}
