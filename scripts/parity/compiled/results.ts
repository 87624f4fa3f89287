/** What a run of compiled functions found, in the form of the JSON file. */

import type { Failure } from '../../opdb/causes';
import type { Corpus } from '../../opdb/corpus';
import type { Outcome } from '../../opdb/suite';
import type { CompiledFinding } from './run-case';

export type CompiledOutcome = Outcome<CompiledFinding>;

/** What became of a case, in the order of the report. */
export const CLASSES = ['machine', 'fused', 'library', 'replay', 'refused', 'error', 'differs'] as const;
export type Class = (typeof CLASSES)[number];

/**
 * `machine`: only programs of the machine, or nothing to compute; `fused`: also library calls, matrix products or
 * chains; `library`: only these; `replay`: the recorded operators one by one; `error`: the function throws, and so does
 * the compiled one.
 */
export function classOf({ why, execution }: CompiledOutcome): Class {
  if (why !== null) return 'differs';
  if (execution === null) return 'error';
  if (execution.refusal !== null) return 'refused';
  const parts = new Set(execution.parts);
  if (parts.has('replay')) return 'replay';
  if (parts.has('chain')) return 'fused';
  if (parts.has('library') || parts.has('product')) return parts.has('machine') ? 'fused' : 'library';
  return 'machine';
}

export interface CompiledResults {
  torch: string;
  seed: number;
  total: number;
  /** The number of cases in each class. */
  classes: Record<Class, number>;
  /** The share of the cases that are compiled, of those without an error. */
  compiled: number;
  failed: Failure[];
  refused: { op: string; variant: string; mode: string; sample: string; reason: string }[];
}

export function summarize(corpus: Corpus, outcomes: readonly CompiledOutcome[]): CompiledResults {
  const { torch, seed, entries } = corpus.manifest;
  const sorted = [...outcomes].sort((a, b) => a.position - b.position);
  const classes = Object.fromEntries(CLASSES.map((name) => [name, 0])) as Record<Class, number>;
  for (const outcome of sorted) classes[classOf(outcome)]++;
  const named = ({ position, mode, sample }: CompiledOutcome) => {
    const { op, variant } = entries[position];
    return { op, variant, mode, sample };
  };
  const refused = sorted
    .filter(({ execution }) => execution !== null && execution.refusal !== null)
    .map((outcome) => ({ ...named(outcome), reason: outcome.execution!.refusal! }));
  const counted = outcomes.length - classes.error;
  return {
    torch,
    seed,
    total: outcomes.length,
    classes,
    compiled: counted === 0 ? 1 : (counted - refused.length) / counted,
    failed: sorted.filter(({ why }) => why !== null).map((outcome) => ({ ...named(outcome), why: outcome.why! })),
    refused,
  };
}
