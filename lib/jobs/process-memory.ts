/** The memory policy of a process that only runs a job. */

import { native } from '../native';

/** More than the largest chunks of the usual jobs need. */
const FREED_MEMORY = 512 * 1024 * 1024;

/**
 * Keeps the memory that one chunk frees for the next one instead of returning it to the system, which
 * makes jobs up to twice as fast. A program decides this, not a library: the setting is process-wide.
 */
export function keepFreedMemory(): void {
  native.keepFreedMemory(FREED_MEMORY);
}
