// The setup's output: one line per step. On a terminal a line shows progress and is overwritten; in a pipe there are only
// plain lines.

const spinnerPause = 100;

/** @typedef {(done: number, total: number | null) => void} Progress in bytes; the total may be unknown */

export class Report {
  /** @param {{ quiet?: boolean, stream?: NodeJS.WriteStream | { write(text: string): unknown, isTTY?: boolean, columns?: number } }} [options] */
  constructor({ quiet = false, stream = process.stderr } = {}) {
    this.quiet = quiet;
    this.stream = stream;
    this.live = Boolean(stream.isTTY) && !quiet;
    this.shown = 0;
    this.lastTime = 0;
    this.lastLine = '';
    /** @type {string[]} */
    this.lines = [];
  }

  /** A line that stays. @param {string} text */
  line(text) {
    this.lines.push(text);
    if (this.quiet) return;
    this.clear();
    this.stream.write(`${text}\n`);
  }

  /** A warning, printed even if quiet. @param {string} text */
  warn(text) {
    this.lines.push(text);
    this.clear();
    this.stream.write(`torch-func: ${text}\n`);
  }

  /** A line that the next one overwrites; not shown in a pipe. @param {string} text */
  progress(text) {
    if (!this.live) return;
    const now = Date.now();
    if (now - this.lastTime < spinnerPause) return;
    this.lastTime = now;
    const width = (this.stream.columns ?? 80) - 1;
    const line = text.length > width ? `${text.slice(0, width - 3)}...` : text;
    this.stream.write(`\r${line}${' '.repeat(Math.max(0, this.shown - line.length))}`);
    this.shown = line.length;
  }

  /**
   * Progress in bytes. In a pipe it prints five lines at most, which keeps logs short.
   *
   * @param {string} what
   * @returns {Progress}
   */
  bytes(what) {
    let nextFifth = 1;
    return (done, total) => {
      const amount = total ? `${megabytes(done)} of ${megabytes(total)} MB` : `${megabytes(done)} MB`;
      this.progress(`  ${what}: ${amount}`);
      if (this.live || !total || done >= total || 5 * done < nextFifth * total) return;
      nextFifth = Math.floor((5 * done) / total) + 1;
      this.line(`  ${what}: ${amount}`);
    };
  }

  clear() {
    if (!this.live || this.shown === 0) return;
    this.stream.write(`\r${' '.repeat(this.shown)}\r`);
    this.shown = 0;
    this.lastTime = 0;
  }
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return (bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0);
}

/** The time since `from`, as text. @param {number} from as from performance.now() */
export function since(from) {
  return `${((performance.now() - from) / 1000).toFixed(1)} s`;
}
