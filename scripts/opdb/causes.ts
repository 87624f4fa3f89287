/** The causes of known differences. */

import * as fs from 'node:fs';
import { titleOf } from './corpus';

/** A case that differs, or is wrong. */
export interface Failure {
  op: string;
  variant: string;
  mode: string;
  /** The dtype, and the position among the operator's samples. */
  sample: string;
  why: string;
}

/** Regular expressions that a failure has to match, and why it is there. */
export interface Cause {
  op: string;
  mode: string;
  /** Of each line that says what differs. */
  why: string;
  cause: string;
  /** PyTorch is wrong or fails here, and the result of this package is right. */
  pytorchFault?: boolean;
}

export function readCauses(file: string): Cause[] {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Cause[];
}

/** The cause of a failure: the first one that matches every line that says what differs; or null. */
export function explain(causes: readonly Cause[], failure: Failure): Cause | null {
  const whole = (pattern: string, text: string) => new RegExp(`^(?:${pattern})$`).test(text);
  const lines = failure.why.split('\n');
  const found = causes.find(
    ({ op, mode, why }) =>
      whole(op, titleOf(failure)) && whole(mode, failure.mode) && lines.every((line) => new RegExp(why).test(line)),
  );
  return found ?? null;
}
