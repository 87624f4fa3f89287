/** The last line of `torch-func jacobian`. */

import type { JacobianReport } from '../../jobs/jacobian/job';
import { formatBytes, formatCount, formatSeconds } from '../../terminal/format';

/** The figures of a job as one line. */
export function summaryLine(report: JacobianReport): string {
  const parts = [
    `${formatCount(report.samples)} ${plural(report.samples, 'sample')} in ${formatSeconds(report.seconds)}`,
    `${formatCount(report.samplesPerSecond)} samples/s`,
    ...(report.compiledSpeedup === null ? [] : [speedup(report.compiledSpeedup)]),
    ...(report.notCompiled === null ? [] : [`not compiled: ${report.notCompiled}`]),
    `device ${report.device}`,
    `peak memory ${formatBytes(report.peakMemoryBytes)}`,
  ];
  if (report.nonFiniteValues > 0) {
    parts.push(
      `NOT FINITE: ${formatCount(report.nonFiniteValues)} ${plural(report.nonFiniteValues, 'value')} ` +
        `in ${formatCount(report.nonFiniteSamples)} ${plural(report.nonFiniteSamples, 'sample')}`,
    );
  }
  return parts.join(', ');
}

/** Of the computation alone, without reading and writing the files. */
function speedup(factor: number): string {
  return `compiled: computes ${Number(factor.toPrecision(2)).toLocaleString('en-US')} times as fast`;
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
