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

/** The cases of a run. `every` N selects every N-th case. */
export interface Choice {
  modes: string[] | null;
  every: number;
}

/** A message to a worker process: an entry, and the number of the first case to run. */
export interface Job extends Choice {
  position: number;
  from: number;
}

/** Whether a run includes a case. `position` is that of the entry: it shifts the choice, so that all modes occur. */
export function isChosen({ modes, every }: Choice, position: number, number: number, mode: string): boolean {
  return (number + position) % every === 0 && (modes === null || modes.includes(mode));
}

/** How many of the cases of an entry a run of all modes includes. */
export function countChosen(cases: number, position: number, { every }: Pick<Choice, 'every'>): number {
  return Array.from({ length: cases }, (_, number) => number).filter((n) => (n + position) % every === 0).length;
}

/** A message of a worker process: before each case, after each case, and after each entry. */
export type Line<F extends Finding> =
  { start: number; mode: string; sample: string } | { end: number; finding: F } | { done: number };
