/** How a process that does nothing else than the job treats its memory. */

import { native } from '../../native';

/** More than the largest chunks of the usual jobs need. */
const FREED_MEMORY = 512 * 1024 * 1024;

/**
 * Keeps what one chunk frees for the next, rather than giving it to the system and taking it back: the
 * job is then up to twice as fast. For the command and the demo, not for a library to decide.
 */
export function keepFreedMemory(): void {
  native.keepFreedMemory(FREED_MEMORY);
}
