// The most memory that this process has had resident, in bytes.

import fs from 'node:fs';

/** Linux counts `maxRSS` on across exec, from the process that started this one; VmHWM it does not. */
export function peakMemory() {
  try {
    const status = fs.readFileSync('/proc/self/status', 'utf8');
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
