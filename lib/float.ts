/**
 * A number that is Python's `float` even where it is integral. JavaScript has one type for both, and an operator takes
 * an integral number as an `int`: the dtype of `x.add(2)` differs from that of Python's `x.add(2.0)` if `x` is an integer.
 */
export class Float {
  constructor(
    /** The number; the addon reads it. */
    readonly float: number,
  ) {}

  valueOf(): number {
    return this.float;
  }

  /** The number as Python prints it: `2.0`. */
  toString(): string {
    return Number.isInteger(this.float) && Math.abs(this.float) < 1e16 ? this.float.toFixed(1) : String(this.float);
  }
}
