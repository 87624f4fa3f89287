/** The known causes of differences, which a JSON file lists. */

import * as fs from 'node:fs';
import { titleOf, type Corpus } from './corpus';
import type { Outcome } from './suite';

/** A case with a difference. */
export interface Failure {
  op: string;
  variant: string;
  mode: string;
  /** The dtype, and the position among the samples of the operator. */
  sample: string;
  why: string;
}

/** Regular expressions that a failure must match, and the cause of such failures. */
export interface Cause {
  op: string;
  mode: string;
  /** Matches a line that describes a difference. */
  why: string;
  cause: string;
  /** Set if roundings, which depend on the processor, differ: the case counts as equal. */
  rounding?: boolean;
  /** Set if PyTorch is wrong or fails, and the result of this package is right. */
  pytorchFault?: boolean;
}

export function readCauses(file: string): Cause[] {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Cause[];
}

/** The first cause that matches a failure and every line of its description, or null. */
export function explain(causes: readonly Cause[], failure: Failure): Cause | null {
  const whole = (pattern: string, text: string) => new RegExp(`^(?:${pattern})$`).test(text);
  const lines = failure.why.split('\n');
  const found = causes.find(
    ({ op, mode, why }) =>
      whole(op, titleOf(failure)) && whole(mode, failure.mode) && lines.every((line) => new RegExp(why).test(line)),
  );
  return found ?? null;
}

/** The outcomes, without the differences whose cause is rounding. */
export function withoutRounding(corpus: Corpus, outcomes: readonly Outcome[], causes: readonly Cause[]): Outcome[] {
  return outcomes.map((outcome) => {
    if (outcome.why === null) return outcome;
    const { op, variant } = corpus.manifest.entries[outcome.position];
    return explain(causes, { op, variant, ...outcome, why: outcome.why })?.rounding
      ? { ...outcome, why: null }
      : outcome;
  });
}
