/** What a run found, in the form of the JSON file. */

import type { Failure } from '../opdb/causes';
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
