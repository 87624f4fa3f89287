/** The parts of a range that are done, as sorted intervals that do not touch each other. */

interface Interval {
  start: number;
  end: number;
}

/** Which bytes of an array were written, in whatever order. */
export class Coverage {
  private readonly intervals: Interval[] = [];

  /** The number of bytes that were added, each counted once. */
  get size(): number {
    return this.intervals.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Adds `start` to `end`, exclusive. */
  add(start: number, end: number): void {
    if (start >= end) return;
    const { intervals } = this;
    // The first interval that touches the new one or lies after it.
    const first = this.search((interval) => interval.end >= start);
    let last = first;
    while (last < intervals.length && intervals[last].start <= end) last++;
    const touched = intervals.slice(first, last);
    const merged = {
      start: Math.min(start, touched[0]?.start ?? start),
      end: Math.max(end, touched.at(-1)?.end ?? end),
    };
    intervals.splice(first, touched.length, merged);
  }

  private search(matches: (interval: Interval) => boolean): number {
    let [low, high] = [0, this.intervals.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (matches(this.intervals[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
