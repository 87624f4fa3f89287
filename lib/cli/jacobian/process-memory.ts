/** How a process that does nothing else than the job treats its memory. */

import { native } from '../../native';

/**
 * The C library's own first choice, which it raises as blocks are freed. At twice this, a job of small
 * chunks was up to twice as fast, and its memory anything from 200 to 350 MB; so it stays at 200.
 */
const LARGE_BLOCK = 128 * 1024;

/**
 * Gives large blocks of memory back to the system as soon as they are freed. By default the C library
 * keeps them for later, and the holes between those that are kept can take many times what a chunk
 * needs. For the command and the demo, not for a library to decide.
 */
export function returnLargeBlocks(): void {
  native.returnLargeBlocks(LARGE_BLOCK);
}
