/** A line for every check, and whether all held. */

/** The result of holding numbers against their closed form. */
export interface Check {
  readonly name: string;
  /** The largest absolute difference. */
  readonly error: number;
  readonly tolerance: number;
}

/** Prints a check and says whether it holds. */
export function report({ name, error, tolerance }: Check): boolean {
  // Not `error > tolerance`: NaN must fail.
  const ok = error <= tolerance;
  const verdict = ok ? 'ok  ' : 'FAIL';
  console.log(`  ${verdict} ${name}: largest error ${error.toExponential(1)}`);
  return ok;
}
