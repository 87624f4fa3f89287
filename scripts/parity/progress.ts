/** A line on the terminal that says how far the run is; nothing where there is no terminal. */

interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const INTERVAL = 100;
const WIDTH = 30;

export class ProgressLine {
  private readonly started = performance.now();
  private drawn = 0;

  constructor(
    private readonly output: Output,
    private readonly total: number,
  ) {}

  update(done: number, failed: number): void {
    const now = performance.now();
    if (this.output.isTTY !== true || now - this.drawn < INTERVAL) return;
    this.drawn = now;
    const part = Math.min(1, this.total === 0 ? 1 : done / this.total);
    const filled = Math.floor(part * WIDTH);
    const left = (((now - this.started) / 1000) * (1 - part)) / Math.max(part, 1e-6);
    const line =
      `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${Math.floor(part * 100)}%  ` +
      `${done} of ${this.total} cases, ${failed} differ, ${left.toFixed(0)} s left`;
    this.output.write(`\r\x1b[K${line.slice(0, (this.output.columns ?? 80) - 1)}`);
  }

  clear(): void {
    if (this.drawn > 0) this.output.write('\r\x1b[K');
  }
}
