/** Runs a suite over the chosen entries of a corpus, and writes or checks the report of a run. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { Progress } from '../../lib/terminal/progress';
import { processTerminal } from '../../lib/terminal/terminal';
import { Corpus, titleOf } from './corpus';
import type { Options } from './options';
import { runPool } from './pool';
import type { Finding, Outcome } from './suite';

export interface SuiteRun<F extends Finding> {
  corpus: Corpus;
  /** The entries that were chosen, by position. */
  positions: number[];
  outcomes: Outcome<F>[];
  /** The number of cases that should have run. */
  expected: number;
  seconds: number;
}

/** `expectedOf` is the number of cases of an entry; `failed` the finding of a case that did not end. */
export async function runSuite<F extends Finding>(
  folder: string,
  options: Options,
  suite: string,
  expectedOf: (corpus: Corpus, position: number) => number,
  failed: (why: string) => F,
): Promise<SuiteRun<F>> {
  const begin = performance.now();
  const corpus = new Corpus(folder);
  const { entries } = corpus.manifest;
  const isChosen = (i: number): boolean => options.ops === null || options.ops.test(titleOf(entries[i]));
  const positions = entries.map((_, i) => i).filter(isChosen);
  const expected = positions.reduce((sum, i) => sum + expectedOf(corpus, i), 0);
  const progress = new Progress(processTerminal, 'cases');
  const outcomes: Outcome<F>[] = [];
  await runPool<F>({
    ...options,
    folder,
    suite,
    positions,
    failed,
    onOutcome(outcome) {
      outcomes.push(outcome);
      progress.update(outcomes.length, expected);
    },
  });
  progress.clear();
  return { corpus, positions, outcomes, expected, seconds: (performance.now() - begin) / 1000 };
}

/** With --report writes the file; with --check returns the problem of a file that differs. */
export function settleReport(
  { report, check }: Pick<Options, 'report' | 'check'>,
  file: string,
  command: string,
  text: () => string,
): string[] {
  if (report) fs.writeFileSync(file, text());
  if (report || !check) return [];
  const isCurrent = fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text();
  const name = path.posix.join('docs', path.basename(file));
  return isCurrent ? [] : [`${name} differs from the results of this run: update it with ${command} -- --report`];
}
