/** The command line of a run over the operator database. */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export interface Options {
  ops: RegExp | null;
  modes: string[] | null;
  seed: number;
  json: string | null;
  report: boolean;
  check: boolean;
  processes: number;
  /** Milliseconds that a case may take. */
  timeout: number;
}

/** What a run says about itself. */
export interface Run {
  usage: string;
  modes: readonly string[];
  /** Seconds that a case may take. */
  timeout: number;
}

class UsageError extends Error {}

function positive(name: string, value: string, least = 1): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < least) {
    throw new UsageError(`--${name} must be an integer from ${least} on, got ${value}`);
  }
  return number;
}

function parse(args: string[], run: Run): Options | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      ops: text,
      modes: text,
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
  if ((values.report || values.check) && (modes !== null || values.ops !== undefined)) {
    throw new UsageError(`--${values.report ? 'report' : 'check'} is of a full run: leave --ops and --modes out`);
  }
  return {
    ops: values.ops === undefined ? null : new RegExp(values.ops),
    modes,
    seed: positive('seed', values.seed ?? '0', 0),
    json: values.json ?? null,
    report: values.report,
    check: values.check,
    processes: positive('processes', values.processes ?? String(availableParallelism())),
    timeout: positive('timeout', values.timeout ?? String(run.timeout)) * 1000,
  };
}

/** The options; null after the command line was answered with the usage. */
export function readOptions(args: string[], run: Run): Options | null {
  try {
    const options = parse(args, run);
    if (options === null) process.stdout.write(run.usage);
    return options;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${run.usage}`);
    process.exitCode = 2;
    return null;
  }
}
