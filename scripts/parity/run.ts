/** `npm run parity`: the operator database of PyTorch, case by case, against this package. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { Progress } from '../../lib/terminal/progress';
import { processTerminal } from '../../lib/terminal/terminal';
import { explain, readCauses } from '../opdb/causes';
import { Corpus, titleOf } from '../opdb/corpus';
import { firstLine } from '../opdb/markdown';
import { readOptions as read, type Options, type Run } from '../opdb/options';
import { runPool } from '../opdb/pool';
import type { Outcome } from '../opdb/suite';
import { MODE_NAMES } from './modes';
import { report } from './report';
import { count, summarize, type Counts } from './results';

const REPORT = path.join(__dirname, '..', '..', 'docs', 'parity.md');
export const CAUSES = path.join(__dirname, 'causes.json');

// The least share of cases of a full run that are equal, or right where PyTorch is not.
const LEAST = 0.995;

const usage = `Usage: npm run parity -- [options]

Runs every operator of PyTorch's own operator database in every mode (eager,
vmap, vjp, jvp, Jacobians, nestings of these), and compares with PyTorch.

  --ops REGEX      only the operators whose name matches
  --modes LIST     only these modes, separated by commas:
                   ${MODE_NAMES.slice(0, 8).join(', ')},
                   ${MODE_NAMES.slice(8).join(', ')}
  --seed N         which samples and values are chosen (default 0)
  --json FILE      write the results to FILE as JSON
  --report         write docs/parity.md (of a full run only)
  --check          fail if docs/parity.md is not what --report would write
  --processes N    how many processes run at once
  --timeout S      seconds that a case may take (default 60)
  --help           this text

Python's PyTorch makes the corpus if there is none for the seed yet. Ends with 1
if a case differs for no cause that scripts/parity/causes.json names, or was not
run, and a full run if fewer than 99.5 % of the cases are equal, or right where
PyTorch is not.
`;

const PARITY: Run = { usage, modes: MODE_NAMES, timeout: 60 };

/** The command line; null after it was answered with the usage. */
export const readOptions = (args: string[]): Options | null => read(args, PARITY);

/** Runs the cases; gives the exit code. */
export async function run(folder: string, options: Options): Promise<number> {
  const begin = performance.now();
  const corpus = new Corpus(folder);
  const { entries } = corpus.manifest;
  const positions = entries
    .map((_, i) => i)
    .filter((i) => options.ops === null || options.ops.test(titleOf(entries[i])));
  const expected = positions.reduce((sum, i) => sum + entries[i].cases, 0);
  const progress = new Progress(processTerminal, 'cases');
  const outcomes: Outcome[] = [];
  await runPool({
    ...options,
    folder,
    suite: path.join(__dirname, 'suite.ts'),
    positions,
    failed: (why) => ({ why }),
    onOutcome(outcome) {
      outcomes.push(outcome);
      progress.update(outcomes.length, expected);
    },
  });
  progress.clear();
  const results = summarize(corpus, positions, outcomes);
  if (options.json !== null) fs.writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
  const causes = readCauses(CAUSES);
  const unexplained = results.failed.filter((failure) => explain(causes, failure) === null);
  for (const { op, variant, mode, sample, why } of unexplained.slice(0, 40)) {
    process.stdout.write(`${titleOf({ op, variant })} ${mode} (${sample}): ${firstLine(why)}\n`);
  }
  if (unexplained.length > 40) process.stdout.write(`... and ${unexplained.length - 40} more\n`);
  const counts = count(results, causes);
  const { total, passed, corrected, explained } = counts;
  const rate = total === 0 ? '' : ` (${((100 * passed) / total).toFixed(2)} %)`;
  process.stdout.write(
    `${total} cases: ${passed} passed${rate}, ${corrected} are right where PyTorch is not, ${explained} differ for another known cause, ` +
      `${unexplained.length} failed; ${results.skipped.length} skipped; ${((performance.now() - begin) / 1000).toFixed(0)} s\n`,
  );
  const problems = problemsOf(counts, options, expected);
  if (options.report || options.check) {
    const text = report(corpus, outcomes, results, causes);
    if (options.report) fs.writeFileSync(REPORT, text);
    else if (fs.readFileSync(REPORT, 'utf8') !== text) {
      problems.push('docs/parity.md is not what this run found: write it with npm run parity -- --report');
    }
  }
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  return problems.length > 0 ? 1 : 0;
}

/** What makes a run a failure; `expected` is the number of cases of the entries that were run. */
export function problemsOf(
  { total, passed, corrected, unexplained }: Counts,
  { ops, modes }: Pick<Options, 'ops' | 'modes'>,
  expected: number,
): string[] {
  const problems: string[] = [];
  if (unexplained > 0) problems.push(`differences without a known cause: ${unexplained}`);
  if (modes === null && total !== expected) problems.push(`${total} of ${expected} cases were run`);
  const whole = ops === null && modes === null;
  if (whole && passed + corrected < LEAST * expected) {
    problems.push(`fewer than ${100 * LEAST} % of the cases are equal, or right where PyTorch is not`);
  }
  return problems;
}
