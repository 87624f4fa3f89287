/** How a process that does nothing else than the job treats its memory. */

import { native } from '../../native';

/** Larger than most tensors of a chunk of small functions, whose reuse is worth while. */
const LARGE_BLOCK = 512 * 1024;

/**
 * Gives large blocks of memory back to the system as soon as they are freed. By default the C library
 * keeps them for later, and the holes between those that are kept can take many times what a chunk
 * needs. For the command and the demo, not for a library to decide.
 */
export function returnLargeBlocks(): void {
  native.returnLargeBlocks(LARGE_BLOCK);
}
