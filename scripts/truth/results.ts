/** Classifies the outcomes of a run. */

import { explain, type Cause } from '../opdb/causes';
import { titleOf, type Corpus } from '../opdb/corpus';
import type { Outcome } from '../opdb/suite';
import type { Refusal, TruthFinding } from './verdicts';

export interface Failure {
  op: string;
  variant: string;
  mode: string;
  /** The dtype, and the position among the samples of the operator. */
  sample: string;
  /** The description of one wrong comparison. */
  why: string;
}

/** The comparisons of one case, by class. */
export interface TruthCase {
  position: number;
  title: string;
  mode: string;
  sample: string;
  right: number;
  refused: Refusal[];
  wrong: Failure[];
  /** The causes of comparisons that are not possible, one entry per comparison. */
  excused: string[];
}

/** With `always`, a cause also applies to comparisons without a difference, because their equality is a coincidence. */
export type TruthCause = Cause & { always?: boolean };

function classify(outcome: Outcome<TruthFinding>, corpus: Corpus, causes: readonly TruthCause[]): TruthCase {
  const { position, mode, sample, refused } = outcome;
  const { op, variant } = corpus.manifest.entries[position];
  const title = titleOf({ op, variant });
  const always = causes.filter((cause) => cause.always === true);
  const chance = explain(always, { op, variant, mode, sample, why: '' })?.cause ?? null;
  if (chance !== null) return { position, title, mode, sample, right: 0, refused, wrong: [], excused: [chance] };
  const failures = (outcome.why?.split('\n') ?? []).map((why) => ({ op, variant, mode, sample, why }));
  const found = failures.map((failure) => explain(causes, failure)?.cause ?? null);
  return {
    position,
    title,
    mode,
    sample,
    right: outcome.right,
    refused,
    wrong: failures.filter((_, i) => found[i] === null),
    excused: found.filter((cause) => cause !== null),
  };
}

/** All cases in the order of the corpus. */
export function sortOutcomes(
  corpus: Corpus,
  outcomes: readonly Outcome<TruthFinding>[],
  causes: readonly TruthCause[],
): TruthCase[] {
  return outcomes
    .map((outcome) => classify(outcome, corpus, causes))
    .sort((a, b) => a.position - b.position || a.sample.localeCompare(b.sample) || a.mode.localeCompare(b.mode));
}

export interface Totals {
  right: number;
  refused: number;
  excused: number;
  wrong: number;
}

export function totalsOf(cases: readonly TruthCase[]): Totals {
  const totals = { right: 0, refused: 0, excused: 0, wrong: 0 };
  for (const { right, refused, excused, wrong } of cases) {
    totals.right += right;
    totals.refused += refused.length;
    totals.excused += excused.length;
    totals.wrong += wrong.length;
  }
  return totals;
}
