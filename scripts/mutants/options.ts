/** The command line of `npm run mutants`. */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { integer, parseOrExplain } from '../command-line';

export interface Options {
  /** Only mutants whose name or rows match. */
  only: RegExp | null;
  json: string | null;
  processes: number;
  /** The time limit of a mutant in milliseconds. */
  timeout: number;
}

const usage = `Usage: npm run mutants -- [options]

Checks that the tables of test/behaviours name tests that can fail: each mutant in
test/behaviours/mutants changes lib/ in memory, and a test of each row that it claims
must fail.

  --only REGEX     run only the mutants whose name, or one of whose rows, matches
  --json FILE      write the verdicts to FILE as JSON, with all rows that each mutant kills
  --processes N    number of parallel processes (default: the number of CPUs)
  --timeout S      time limit of a mutant in seconds (default 300)
  --help           print this text

Exits with 1 if a mutant survives, if a row has no mutant and unkilled.json gives no
reason, or if a test fails without a mutant.
`;

function parse(args: string[]): Options | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: { only: text, json: text, processes: text, timeout: text, help: { type: 'boolean', default: false } },
  });
  if (values.help) return null;
  return {
    only: values.only === undefined ? null : new RegExp(values.only),
    json: values.json ?? null,
    processes: integer('processes', values.processes ?? String(availableParallelism())),
    timeout: integer('timeout', values.timeout ?? '300') * 1000,
  };
}

/** Parses the command line. Returns null after printing the usage, with exit code 2 if the command line is wrong. */
export function readOptions(args: string[]): Options | null {
  return parseOrExplain(() => parse(args), usage);
}
