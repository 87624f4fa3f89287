/** The command line of a run over the operator database. */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { integer, parseOrExplain, UsageError } from '../command-line';

export interface Options {
  ops: RegExp | null;
  modes: string[] | null;
  /** N: run every N-th case. */
  every: number;
  seed: number;
  json: string | null;
  report: boolean;
  check: boolean;
  processes: number;
  /** The time limit of a case in milliseconds. */
  timeout: number;
}

/** The properties of a run that its command line depends on. */
export interface Run {
  usage: string;
  modes: readonly string[];
  /** The default time limit of a case in seconds. */
  timeout: number;
}

function parse(args: string[], run: Run): Options | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      ops: text,
      modes: text,
      every: text,
      seed: text,
      json: text,
      report: flag,
      check: flag,
      processes: text,
      timeout: text,
      help: flag,
    },
  });
  if (values.help) return null;
  const modes = values.modes?.split(',') ?? null;
  const unknown = modes?.find((mode) => !run.modes.includes(mode));
  if (unknown !== undefined) {
    throw new UsageError(`there is no mode ${unknown}; the modes are ${run.modes.join(', ')}`);
  }
  const every = integer('every', values.every ?? '1');
  if ((values.report || values.check) && (modes !== null || values.ops !== undefined || every > 1)) {
    throw new UsageError(
      `--${values.report ? 'report' : 'check'} requires a full run: omit --ops, --modes and --every`,
    );
  }
  return {
    ops: values.ops === undefined ? null : new RegExp(values.ops),
    modes,
    every,
    seed: integer('seed', values.seed ?? '0', 0),
    json: values.json ?? null,
    report: values.report,
    check: values.check,
    processes: integer('processes', values.processes ?? String(availableParallelism())),
    timeout: integer('timeout', values.timeout ?? String(run.timeout)) * 1000,
  };
}

/** Parses the command line. Returns null after printing the usage, with exit code 2 if the command line is wrong. */
export function readOptions(args: string[], run: Run): Options | null {
  return parseOrExplain(() => parse(args, run), run.usage);
}
