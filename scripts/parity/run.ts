/** `npm run parity`: the operator database of PyTorch, case by case, against this package. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { explain, readCauses, withoutRounding } from '../opdb/causes';
import { titleOf } from '../opdb/corpus';
import { firstLine } from '../opdb/markdown';
import { readOptions as read, type Options, type Run } from '../opdb/options';
import { runSuite, settleReport } from '../opdb/run-suite';
import { countChosen, type Finding } from '../opdb/suite';
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

  --compiled       compare torch.compile with eager execution instead; see
                   --compiled --help
  --device NAME    compare a device with the CPU instead; see --device cuda --help
  --ops REGEX      only the operators whose name matches
  --modes LIST     only these modes, separated by commas:
                   ${MODE_NAMES.slice(0, 8).join(', ')},
                   ${MODE_NAMES.slice(8).join(', ')}
  --every N        only every N-th case: a fixed part of all modes and operators
  --seed N         which samples and values are chosen (default 0)
  --json FILE      write the results to FILE as JSON
  --report         write docs/parity.md (of a full run only)
  --check          fail if docs/parity.md is not what --report would write
  --processes N    how many processes run at once
  --timeout S      seconds that a case may take (default 60)
  --help           this text

Python's PyTorch generates the corpus of a seed once. Exits with 1 if a case did not
run, or differs without a cause in scripts/parity/causes.json; after a full run also
if fewer than 99.5 % of the cases are equal, or right where PyTorch is not.
`;

const PARITY: Run = { usage, modes: MODE_NAMES, timeout: 60 };

/** The command line; null after it was answered with the usage. */
export const readOptions = (args: string[]): Options | null => read(args, PARITY);

/** Runs the cases; gives the exit code. */
export async function run(folder: string, options: Options): Promise<number> {
  const suite = await runSuite<Finding>(
    folder,
    options,
    path.join(__dirname, 'suite.ts'),
    ({ manifest }, i) => countChosen(manifest.entries[i].cases, i, options),
    (why) => ({ why }),
  );
  const { corpus, positions, expected, seconds } = suite;
  const causes = readCauses(CAUSES);
  const outcomes = withoutRounding(corpus, suite.outcomes, causes);
  const results = summarize(corpus, positions, outcomes);
  if (options.json !== null) fs.writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
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
      `${unexplained.length} failed; ${results.skipped.length} skipped; ${seconds.toFixed(0)} s\n`,
  );
  const problems = [
    ...problemsOf(counts, options, expected),
    ...settleReport(options, REPORT, 'npm run parity', () => report(corpus, outcomes, results, causes)),
  ];
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  return problems.length > 0 ? 1 : 0;
}

/** What makes a run a failure; `expected` is the number of cases of the entries that were run. */
export function problemsOf(
  { total, passed, corrected, unexplained }: Counts,
  { ops, modes, every }: Pick<Options, 'ops' | 'modes' | 'every'>,
  expected: number,
): string[] {
  const problems: string[] = [];
  if (unexplained > 0) problems.push(`differences without a known cause: ${unexplained}`);
  if (modes === null && total !== expected) problems.push(`${total} of ${expected} cases were run`);
  const whole = ops === null && modes === null && every === 1;
  if (whole && passed + corrected < LEAST * expected) {
    problems.push(`fewer than ${100 * LEAST} % of the cases are equal, or right where PyTorch is not`);
  }
  return problems;
}
