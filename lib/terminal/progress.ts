/** A progress bar on standard error, if standard error is a terminal. */

import { formatCount, formatSeconds } from './format';
import type { Terminal } from './terminal';

/** Minimum time between two redraws, in milliseconds. */
const INTERVAL = 100;

const BAR_WIDTH = 30;

const DEFAULT_COLUMNS = 80;

const ERASE_LINE = '\r\x1b[K';

/** Shows how much of a job is done. */
export class Progress {
  private readonly started = performance.now();
  private drawn = 0;

  constructor(
    private readonly terminal: Terminal,
    /** What is counted, in the plural. */
    private readonly unit: string,
  ) {}

  /** Redraws the bar, at most ten times a second. */
  update(done: number, total: number): void {
    const { err } = this.terminal;
    const now = performance.now();
    if (err.isTTY !== true || now - this.drawn < INTERVAL) return;
    this.drawn = now;
    // A terminal that does not know its size reports 0 columns. One column stays free: a character in the
    // last one would wrap the line.
    const width = (err.columns || DEFAULT_COLUMNS) - 1;
    const line = progressLine(done, total, (now - this.started) / 1000, this.unit);
    err.write(ERASE_LINE + line.slice(0, width));
  }

  /** Erases the bar. */
  clear(): void {
    if (this.drawn > 0) this.terminal.err.write(ERASE_LINE);
    this.drawn = 0;
  }
}

/** The bar, the count, the rate and the time left, as one line. */
export function progressLine(done: number, total: number, seconds: number, unit: string): string {
  const part = total === 0 ? 1 : done / total;
  const filled = Math.floor(part * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  const rate = seconds > 0 ? done / seconds : 0;
  const left = rate > 0 ? `${formatSeconds((total - done) / rate)} left` : '';
  const percent = `${Math.floor(part * 100)}%`.padStart(4);
  const count = `${formatCount(done)} of ${formatCount(total)} ${unit}`;
  return `${bar} ${percent}  ${count}  ${formatCount(rate)}/s  ${left}`.trimEnd();
}
