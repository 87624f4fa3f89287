/** `npm run parity -- --compiled`: the operator database through `torch.compile`, against eager execution. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { explain, readCauses } from '../../opdb/causes';
import { titleOf } from '../../opdb/corpus';
import { firstLine } from '../../opdb/markdown';
import { readOptions as read, type Options } from '../../opdb/options';
import { runSuite, settleReport } from '../../opdb/run-suite';
import { countChosen } from '../../opdb/suite';
import { MODE_NAMES } from '../modes';
import { report } from './report';
import { CLASSES, summarize, type CompiledResults } from './results';
import type { CompiledFinding } from './run-case';

const REPORT = path.join(__dirname, '..', '..', '..', 'docs', 'compile-coverage.md');
export const CAUSES = path.join(__dirname, 'causes.json');

// The least share of the cases of a full run that compile.
const LEAST = 0.99;

const usage = `Usage: npm run parity -- --compiled [options]

Compiles every operator of PyTorch's operator database in every mode, calls the
compiled function three times, and compares with eager execution.

  --ops, --modes, --every, --seed, --json, --processes, --timeout, --help
             as without --compiled
  --report   write docs/compile-coverage.md (of a full run only)
  --check    fail if docs/compile-coverage.md is not what --report would write

Exits with 1 if a case did not run, or differs without a cause in
scripts/parity/compiled/causes.json; after a full run also if fewer than 99 % of
the cases compile.
`;

/** The command line without \`--compiled\`; null after it was answered with the usage. */
export const readOptions = (args: string[]): Options | null => read(args, { usage, modes: MODE_NAMES, timeout: 120 });

/** Runs the cases; gives the exit code. */
export async function run(folder: string, options: Options): Promise<number> {
  const { corpus, outcomes, expected, seconds } = await runSuite<CompiledFinding>(
    folder,
    options,
    path.join(__dirname, 'suite.ts'),
    ({ manifest }, i) => countChosen(manifest.entries[i].cases, i, options),
    (why) => ({ why, execution: null }),
  );
  const results = summarize(corpus, outcomes);
  if (options.json !== null) fs.writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
  const causes = readCauses(CAUSES);
  const unexplained = results.failed.filter((failure) => explain(causes, failure) === null);
  for (const { op, variant, mode, sample, why } of unexplained.slice(0, 40)) {
    process.stdout.write(`${titleOf({ op, variant })} ${mode} (${sample}): ${firstLine(why)}\n`);
  }
  if (unexplained.length > 40) process.stdout.write(`... and ${unexplained.length - 40} more\n`);
  const classes = CLASSES.map((name) => `${results.classes[name]} ${name}`).join(', ');
  process.stdout.write(`${results.total} cases: ${classes}; ${seconds.toFixed(0)} s\n`);
  const problems = [
    ...problemsOf(results, unexplained.length, options, expected),
    ...settleReport(options, REPORT, 'npm run parity -- --compiled', () => report(corpus, outcomes, results, causes)),
  ];
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  return problems.length > 0 ? 1 : 0;
}

/** What makes a run a failure; `expected` is the number of cases of the entries that were run. */
export function problemsOf(
  { total, compiled }: Pick<CompiledResults, 'total' | 'compiled'>,
  unexplained: number,
  { ops, modes, every }: Pick<Options, 'ops' | 'modes' | 'every'>,
  expected: number,
): string[] {
  const problems: string[] = [];
  if (unexplained > 0) problems.push(`differences without a known cause: ${unexplained}`);
  if (modes === null && total !== expected) problems.push(`${total} of ${expected} cases were run`);
  if (ops === null && modes === null && every === 1 && compiled < LEAST) {
    problems.push(`only ${(100 * compiled).toFixed(2)} % of the cases compile`);
  }
  return problems;
}
