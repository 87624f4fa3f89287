/** A progress bar on a terminal; nothing where standard error is not one. */

import type { Terminal } from './terminal';

/** Milliseconds between two drawings. */
const INTERVAL = 100;

const BAR_WIDTH = 30;

const ERASE_LINE = '\r\x1b[K';

/** Shows how far a job is. */
export class Progress {
  private readonly started = performance.now();
  private drawn = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly unit: string,
  ) {}

  /** Draws the bar, at most ten times a second. */
  update(done: number, total: number): void {
    const now = performance.now();
    if (terminalIsPlain(this.terminal) || now - this.drawn < INTERVAL) return;
    this.drawn = now;
    const width = (this.terminal.err.columns ?? 80) - 1;
    const line = progressLine(done, total, (now - this.started) / 1000, this.unit);
    this.terminal.err.write(ERASE_LINE + line.slice(0, Math.max(0, width)));
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.drawn > 0) this.terminal.err.write(ERASE_LINE);
    this.drawn = 0;
  }
}

function terminalIsPlain(terminal: Terminal): boolean {
  return terminal.err.isTTY !== true;
}

/** One drawing of the bar. */
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

/** A whole number with its digits in groups of three. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A time span for people. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const rest = `${Math.floor(whole / 60) % 60} min ${whole % 60} s`;
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)} h ${rest}`;
}

/** A number of bytes for people. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
