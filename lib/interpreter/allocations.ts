/** How much memory a call takes, and how much there is. */

import * as cuda from '../cuda';
import type { Device } from '../device';
import { native } from '../native';

/** The memory of a call, in bytes. */
export interface Allocations {
  /** The most of what it allocated that was in use at a time. */
  peak: number;
  /** The largest block. */
  largest: number;
}

/** What a call may take, in bytes. */
export interface MemoryLimits {
  /** The memory that is available. */
  available: number;
  /** The largest cache of a processor core; infinite for a GPU. */
  cache: number;
}

/** Calls `body` and measures what it allocates on a device. Measurements nest. */
export function measureAllocations<T>(device: Device, body: () => T): [result: T, allocations: Allocations] {
  return device.type === 'cuda' ? measureCuda(device, body) : measureCpu(body);
}

function measureCpu<T>(body: () => T): [T, Allocations] {
  const { start, live, peak, largest } = native.beginMeter();
  const end = (): Allocations => native.endMeter(start, live, peak, largest);
  let result: T;
  try {
    result = body();
  } catch (error) {
    end();
    throw error;
  }
  return [result, end()];
}

// The peak of CUDA's allocator belongs to the user, who may have reset it. The sum of all blocks is an upper bound.
function measureCuda<T>(device: Device, body: () => T): [T, Allocations] {
  const allocated = (): number => cuda.memoryStats(device)['allocated_bytes.all.allocated'];
  const before = allocated();
  const result = body();
  return [result, { peak: allocated() - before, largest: 0 }];
}

export function memoryLimits(device: Device): MemoryLimits {
  return device.type === 'cuda' ? { available: cuda.memGetInfo(device)[0], cache: Infinity } : native.memoryLimits();
}
