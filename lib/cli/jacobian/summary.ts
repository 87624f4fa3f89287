/** What a job ends with. */

import { formatBytes, formatCount, formatSeconds } from '../../terminal/format';

/** The figures of a finished job; `--json` prints them as they are. */
export interface JacobianSummary {
  readonly samples: number;
  readonly seconds: number;
  readonly samplesPerSecond: number;
  readonly device: string;
  /** The most memory that the process had at any time, libtorch and Node.js included. */
  readonly peakMemoryBytes: number;
  readonly mode: 'rev' | 'fwd';
  readonly dtype: string;
  /** The shape of the Jacobian that was written. */
  readonly shape: readonly number[];
  readonly chunkSize: number;
  /** How many values of the Jacobian are NaN or infinite. */
  readonly nonFiniteValues: number;
  /** How many samples have such values. */
  readonly nonFiniteSamples: number;
  readonly output: string;
}

/** The line for people. */
export function summaryLine(summary: JacobianSummary): string {
  const parts = [
    `${formatCount(summary.samples)} ${plural(summary.samples, 'sample')} in ${formatSeconds(summary.seconds)}`,
    `${formatCount(summary.samplesPerSecond)} samples/s`,
    `device ${summary.device}`,
    `peak memory ${formatBytes(summary.peakMemoryBytes)}`,
  ];
  if (summary.nonFiniteValues > 0) {
    parts.push(
      `NOT FINITE: ${formatCount(summary.nonFiniteValues)} ${plural(summary.nonFiniteValues, 'value')} ` +
        `in ${formatCount(summary.nonFiniteSamples)} ${plural(summary.nonFiniteSamples, 'sample')}`,
    );
  }
  return parts.join(', ');
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
