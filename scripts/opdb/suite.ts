/** The interface between a suite, the pool, and its worker processes. */

import type { LoadedEntry } from './corpus';

/** The result of a case. `why` describes the differences, or is null. */
export interface Finding {
  why: string | null;
}

export interface SuiteCase<F extends Finding> {
  mode: string;
  /** The dtype, and the position of the sample in the entry. */
  sample: string;
  run(): F;
}

export interface Suite<F extends Finding> {
  /** Called once in each process. */
  begin?(): void;
  /** All cases of an entry, always in the same order. */
  casesOf(loaded: LoadedEntry): Iterable<SuiteCase<F>>;
}

/** The finding of a case, and what identifies the case. */
export type Outcome<F extends Finding = Finding> = F & {
  /** The position of the entry in the corpus. */
  position: number;
  mode: string;
  sample: string;
};

/** A message to a worker process: an entry, and the number of the first case to run. */
export interface Job {
  position: number;
  from: number;
  modes: string[] | null;
}

/** A message of a worker process: before each case, after each case, and after each entry. */
export type Line<F extends Finding> =
  { start: number; mode: string; sample: string } | { end: number; finding: F } | { done: number };
