/**
 * The memory of tensors, and the pool of large CPU blocks.
 * See Note [Freed large blocks stay mapped] (native/core/large_blocks.h).
 */

import * as timers from 'node:timers';
import * as v8 from 'node:v8';
import * as vm from 'node:vm';
import { checkOptions } from './arguments';
import { describeType } from './describe';
import { ValueError } from './errors';
import { native } from './native';

/** Free blocks are returned to the system after this many milliseconds. */
const IDLE = 5000;

type Collect = (options?: { type: 'minor' }) => void;

// Of Node.js: a test may replace those of the global object.
const { setInterval, clearInterval } = timers;

let collect: Collect | undefined;
let trimming: NodeJS.Timeout | undefined;

// V8 offers collections as a global function of contexts that are created under a flag.
function findCollect(): Collect {
  try {
    v8.setFlagsFromString('--expose-gc');
    return vm.runInNewContext('gc') as Collect;
  } finally {
    v8.setFlagsFromString('--no-expose-gc');
  }
}

/**
 * Frees the tensors that nothing refers to: young ones, or all. The addon calls it before it maps more memory. Returns
 * whether it could: not in a runtime without V8's function, and not where the stack is exhausted.
 */
export function collectGarbage(full: boolean): boolean {
  try {
    collect ??= findCollect();
    // In Node.js 20 any options object stands for a young collection.
    if (full) collect();
    else collect({ type: 'minor' });
    trimming ??= setInterval(trim, IDLE).unref();
    return true;
  } catch {
    return false;
  }
}

function trim(): void {
  if (native.trimPool(IDLE) > 0) return;
  clearInterval(trimming);
  trimming = undefined;
}

/** What {@link memoryUsage} returns. All sizes are bytes. */
export interface MemoryUsage {
  /** The number of tensors that JavaScript holds on this thread. */
  tensors: number;
  /** The bytes of these tensors, on every device. */
  bytes: number;
  /** The bytes of all large CPU blocks (256 KiB and more) in use, in the whole process. */
  live: number;
  /** The bytes of freed large blocks that the process keeps for reuse. */
  pool: number;
  /** `live + pool`. */
  reserved: number;
  /** The limit of `pool`. */
  limit: number;
}

/**
 * The memory that tensors use.
 *
 * @example
 * ```ts
 * const { bytes } = torch.memoryUsage();
 * const x = torch.ones(1000, 1000);
 * torch.memoryUsage().bytes - bytes >= 4e6; // true
 * ```
 */
export function memoryUsage(): MemoryUsage {
  return native.memoryUsage();
}

/**
 * Sets how many bytes of freed large CPU blocks the process keeps for reuse; a quarter of the memory of the machine or
 * of the control group by default, and 0 for none. A new block costs more in page faults than most operators take to
 * fill it. Blocks that stay unused for some seconds are returned to the system, and all of them while less than a tenth
 * of the memory is available.
 *
 * @throws ValueError if `limit` is not a non-negative integer.
 * @example
 * ```ts
 * torch.setMemoryPool({ limit: 512 * 2 ** 20 });
 * ```
 */
export function setMemoryPool(options: { limit: number }): void {
  const { limit = NaN } = checkOptions('setMemoryPool', options, ['limit']);
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new ValueError(
      `setMemoryPool(): option 'limit' must be a number of bytes, a non-negative integer, but got ${typeof limit === 'number' ? limit : describeType(limit)}`,
    );
  }
  native.setPoolLimit(limit);
}
