/** What a run found, in the form of the JSON file. */

import type { Corpus } from './corpus';
import type { Outcome } from './pool';

export interface Failure {
  op: string;
  variant: string;
  mode: string;
  /** The dtype, and the position among the operator's samples. */
  sample: string;
  why: string;
}

export interface Results {
  torch: string;
  seed: number;
  total: number;
  passed: number;
  failed: Failure[];
  skipped: { op: string; variant: string; mode: string; why: string }[];
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
