/** Whether mutants are noticed, and rows guarded. */

import { claimsOf, type Mutant } from './mutants';
import type { Outcome, Results, Row } from './rows';

export interface Verdict {
  mutant: Mutant;
  /** The rows one of whose tests fails. */
  killed: string[];
  /** The claimed rows whose tests all pass. */
  survived: string[];
  /** Why the tests have no results. */
  failure: string | null;
}

const hasFailed = ({ status }: Outcome): boolean => status === 'failed';

/** Compares the results of a mutant with what it claims. */
export function judge(mutant: Mutant, rows: ReadonlyMap<string, Row>, results: Results): Verdict {
  const kills = ({ references }: Row): boolean => references.some((reference) => results.of(reference).some(hasFailed));
  const killed = [...rows.values()].filter(kills).map(({ key }) => key);
  return { mutant, killed, survived: claimsOf(mutant).filter((key) => !killed.includes(key)), failure: null };
}

/** The verdict on a mutant whose tests gave no results. */
export function failed(mutant: Mutant, failure: string): Verdict {
  return { mutant, killed: [], survived: claimsOf(mutant), failure };
}

/** References of rows without a test that passes when nothing is mutated; examples check themselves. */
export function unsoundRows(rows: Iterable<Row>, results: Results): string[] {
  return [...rows].flatMap(({ key, references }) =>
    references.flatMap((reference) => {
      if (reference.file.startsWith('../')) return [];
      const named = `${key}: ${reference.file}: ${reference.title}`;
      const outcomes = results.of(reference);
      if (outcomes.length === 0) return [`${named}: there is no such test`];
      return outcomes.every(({ status }) => status === 'passed') ? [] : [`${named}: does not pass without a mutant`];
    }),
  );
}

/**
 * Rows without a mutant that kills them and without a reason, and reasons that are not needed. Rows that a mutant
 * claims without killing them are reported with the mutant.
 */
export function unguardedRows(
  rows: Iterable<string>,
  mutants: readonly Mutant[],
  reasons: Readonly<Record<string, string>>,
): { missing: string[]; needless: string[] } {
  const keys = new Set(rows);
  const claimed = new Set(mutants.flatMap(claimsOf));
  return {
    missing: [...keys].filter((key) => !claimed.has(key) && !Object.hasOwn(reasons, key)),
    needless: Object.keys(reasons).filter((key) => claimed.has(key) || !keys.has(key)),
  };
}
