/** The most memory that this process has had resident. */

import fs from 'node:fs';

/** In bytes. Linux counts `maxRSS` on across exec, from the process that started this one; VmHWM it does not. */
export function peakMemory(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // No /proc: not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
