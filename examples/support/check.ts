/** The checks of the examples: they print one line each, and set the exit code. */

import type { Tensor } from 'torch-func';

/** Prints a blank line and the heading of a part. */
export function part(title: string): void {
  console.log(`\n${title}`);
}

/** Prints whether something holds. If not, the program will exit with code 1. */
export function checkThat(what: string, holds: boolean, detail = ''): void {
  console.log(`  ${holds ? 'ok  ' : 'FAIL'} ${what}${detail && `: ${detail}`}`);
  if (!holds) process.exitCode = 1;
}

/** Compares a tensor with the expected one: shape and dtype exactly, values within a tolerance. */
export function check(what: string, actual: Tensor, expected: Tensor, tolerance = 1e-12): void {
  const form = (x: Tensor): string => `${x.dtype} [${x.shape.join(', ')}]`;
  if (form(actual) !== form(expected)) {
    checkThat(what, false, `${form(actual)} instead of ${form(expected)}`);
    return;
  }
  const difference = actual.numel() === 0 ? 0 : actual.sub(expected).abs().max().item();
  // NaN is not within any tolerance.
  checkThat(what, difference <= tolerance, `${form(actual)}, off by ${difference.toExponential(1)} at most`);
}

/** Checks the largest absolute error of some result. */
export function checkError(what: string, error: number, tolerance: number): void {
  // NaN is not within any tolerance.
  checkThat(what, error <= tolerance, `largest error ${error.toExponential(1)}`);
}

/** Checks that a call throws an error with such a message. */
export function checkThrows(what: string, call: () => unknown, message: RegExp): void {
  try {
    call();
  } catch (error) {
    const text = (error as Error).message;
    checkThat(what, message.test(text), text.length > 100 ? `${text.slice(0, 97)}...` : text);
    return;
  }
  checkThat(what, false, 'nothing was thrown');
}

/** Prints a number that the Python twin of a program computes too; the tests compare the two. */
export function result(name: string, value: number): void {
  console.log(`  =    ${name}: ${value}`);
}
