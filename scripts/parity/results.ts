/** What a run found, in the form of the JSON file. */

import { explain, type Cause, type Failure } from '../opdb/causes';
import type { Corpus } from '../opdb/corpus';
import type { Outcome } from '../opdb/suite';

export interface Results {
  torch: string;
  seed: number;
  total: number;
  passed: number;
  failed: Failure[];
  skipped: { op: string; variant: string; mode: string; why: string }[];
}

/** The cases of a run, by outcome. */
export interface Counts {
  total: number;
  passed: number;
  /** Different, because PyTorch is wrong or fails. */
  corrected: number;
  /** Different for another known cause. */
  explained: number;
  unexplained: number;
}

export function count({ total, passed, failed }: Results, causes: readonly Cause[]): Counts {
  const found = failed.map((failure) => explain(causes, failure));
  const unexplained = found.filter((cause) => cause === null).length;
  const corrected = found.filter((cause) => cause?.pytorchFault).length;
  return { total, passed, corrected, explained: failed.length - corrected - unexplained, unexplained };
}

export function summarize(corpus: Corpus, positions: readonly number[], outcomes: readonly Outcome[]): Results {
  const { torch, seed, entries } = corpus.manifest;
  const failed = outcomes
    .filter(({ why }) => why !== null)
    .sort((a, b) => a.position - b.position)
    .map(({ position, mode, sample, why }) => {
      const { op, variant } = entries[position];
      return { op, variant, mode, sample, why: why! };
    });
  const skipped = positions.flatMap((position) => {
    const { op, variant, skipped } = corpus.entry(position).entry;
    return skipped.map(({ mode, why }) => ({ op, variant, mode, why }));
  });
  return { torch, seed, total: outcomes.length, passed: outcomes.length - failed.length, failed, skipped };
}
