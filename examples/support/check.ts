/** How the examples hold their results against what these must be, and what they print of it. */

import type { Tensor } from 'torch-func';

/** Begins a part of an example: a blank line and a heading. */
export function part(title: string): void {
  console.log(`\n${title}`);
}

/** Prints whether something holds. If it does not, the program ends with the exit code 1. */
export function checkThat(what: string, holds: boolean, detail = ''): void {
  console.log(`  ${holds ? 'ok  ' : 'FAIL'} ${what}${detail && `: ${detail}`}`);
  if (!holds) process.exitCode = 1;
}

/** Holds a tensor against the one that it must be: the shape and the dtype exactly, the values closely. */
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

/** Checks that a call fails, with a message that says what is meant. */
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
