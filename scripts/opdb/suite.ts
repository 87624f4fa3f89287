/** What a run over the operator database does with each sample, in the processes of the pool. */

import type { LoadedEntry } from './corpus';

/** What came of a case; `why` is null if nothing is wrong. */
export interface Finding {
  why: string | null;
}

export interface SuiteCase<F extends Finding> {
  mode: string;
  /** The dtype, and the sample's position in the entry. */
  sample: string;
  run(): F;
}

export interface Suite<F extends Finding> {
  /** Called once in each process. */
  begin?(): void;
  /** All cases of an entry, always in the same order. */
  casesOf(loaded: LoadedEntry): Iterable<SuiteCase<F>>;
}

/** One case that was run. */
export type Outcome<F extends Finding = Finding> = F & {
  /** Of the entry in the corpus. */
  position: number;
  mode: string;
  sample: string;
};

/** What a process is told: an entry, and the case to go on with; those before it are done. */
export interface Job {
  position: number;
  from: number;
  modes: string[] | null;
}

/** What a process says: before and after each case, and after each entry. */
export type Line<F extends Finding> =
  { start: number; mode: string; sample: string } | { end: number; finding: F } | { done: number };
