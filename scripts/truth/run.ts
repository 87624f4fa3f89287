/** `npm run truth`: checks every operator of PyTorch's operator database against mathematics. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { readCauses } from '../opdb/causes';
import { firstLine } from '../opdb/markdown';
import { readOptions as read, type Options, type Run } from '../opdb/options';
import { runSuite, settleReport } from '../opdb/run-suite';
import { isChosen } from '../opdb/suite';
import { report, type PyTorchFault } from './report';
import { sortOutcomes, totalsOf, type TruthCase } from './results';
import { MODE_NAMES, suite } from './suite';
import type { TruthFinding } from './verdicts';

const REPORT = path.join(__dirname, '..', '..', 'docs', 'truth.md');
const FAULTS = path.join(__dirname, 'pytorch-faults.json');
export const CAUSES = path.join(__dirname, 'causes.json');

const usage = `Usage: npm run truth -- [options]

Checks every operator of PyTorch's operator database against mathematics: compares
each derivative in every mode with finite differences, vmap with a loop, and results
with those of other memory layouts. PyTorch supplies inputs and no results.

  --ops REGEX      run only the operators whose name matches
  --modes LIST     run only these checks, separated by commas:
                   ${MODE_NAMES.slice(0, 6).join(', ')},
                   ${MODE_NAMES.slice(6).join(', ')}
  --every N        run every N-th case: a fixed part of all checks and operators
  --seed N         seed of the choice of samples and values (default 0)
  --json FILE      write the results to FILE as JSON
  --report         write docs/truth.md; requires a full run
  --check          fail if docs/truth.md differs from what --report would write;
                   requires a full run
  --processes N    number of parallel processes (default: the number of CPUs)
  --timeout S      time limit of a case in seconds (default 60)
  --help           print this text

Exits with 1 if a result is silently wrong: it differs, no error was thrown, and
scripts/truth/causes.json has no reason why it is not comparable.
`;

const TRUTH: Run = { usage, modes: MODE_NAMES, timeout: 60 };

/** Parses the command line. Returns null after printing the usage. */
export const readOptions = (args: string[]): Options | null => read(args, TRUTH);

/** Runs the checks and returns the exit code. */
export async function run(folder: string, options: Options): Promise<number> {
  const { corpus, outcomes, expected, seconds } = await runSuite<TruthFinding>(
    folder,
    options,
    path.join(__dirname, 'suite.ts'),
    (entries, i) =>
      [...suite.casesOf(entries.entry(i))].filter(({ mode }, number) => isChosen(options, i, number, mode)).length,
    (why) => ({ why, right: 0, refused: [] }),
  );
  const cases = sortOutcomes(corpus, outcomes, readCauses(CAUSES));
  if (options.json !== null) fs.writeFileSync(options.json, `${JSON.stringify(cases, null, 1)}\n`);
  for (const failure of firstFailures(cases)) process.stdout.write(`${failure}\n`);
  const { right, refused, excused, wrong } = totalsOf(cases);
  process.stdout.write(
    `${cases.length} cases: ${right} comparisons right, ${refused} refused, ${excused} not comparable, ` +
      `${wrong} silently wrong; ${seconds.toFixed(0)} s\n`,
  );
  const faults = JSON.parse(fs.readFileSync(FAULTS, 'utf8')) as PyTorchFault[];
  const problems = [
    ...problemsOf(cases, expected),
    ...settleReport(options, REPORT, 'npm run truth', () => report(corpus, cases, faults)),
  ];
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  return problems.length > 0 ? 1 : 0;
}

// One line per case, for at most 40 cases.
function firstFailures(cases: readonly TruthCase[]): string[] {
  const found = cases.filter(({ wrong }) => wrong.length > 0);
  const lines = found.slice(0, 40).map(({ title, mode, sample, wrong }) => {
    return `${title} ${mode} (${sample}): ${firstLine(wrong.map(({ why }) => why).join('\n'))}`;
  });
  return found.length > 40 ? [...lines, `... and ${found.length - 40} more cases`] : lines;
}

/** The reasons why a run fails. `expected` is the number of cases that should have run. */
export function problemsOf(cases: readonly TruthCase[], expected: number): string[] {
  const problems: string[] = [];
  const { wrong } = totalsOf(cases);
  if (wrong > 0) problems.push(`silently wrong comparisons: ${wrong}`);
  if (cases.length !== expected) problems.push(`${cases.length} of ${expected} cases ran`);
  return problems;
}
