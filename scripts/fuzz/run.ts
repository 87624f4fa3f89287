/** `npm run fuzz`: random programs, compiled, against eager execution. */

import { parseArgs } from 'node:util';
import * as torch from '../../lib';
import { integer, parseOrExplain } from '../command-line';
import { compare } from './compare';
import { programOf } from './program';

const usage = `Usage: npm run fuzz -- [options]

Compiles random programs (operators, views, writes, random numbers, transforms) and
compares each call with eager execution: results, shapes, strides, what was written
to arguments, and which results share memory.

  --count N      number of programs (default 1000)
  --seed N       the first seed (default 0); program n has seed N + n
  --show         print each program before it runs
  --workers N    something else: random work of N threads; see --workers 1 --help
  --help         print this text

Exits with 1 if a compiled program differs.
`;

export interface Options {
  count: number;
  seed: number;
  show: boolean;
}

/** Parses the command line. Returns null after printing the usage. */
export function readOptions(args: string[]): Options | null {
  return parseOrExplain(() => {
    const { values } = parseArgs({
      args,
      options: {
        count: { type: 'string', default: '1000' },
        seed: { type: 'string', default: '0' },
        show: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return null;
    return { count: integer('count', values.count), seed: integer('seed', values.seed, 0), show: values.show };
  }, usage);
}

/** Runs the programs and returns the exit code. */
export async function run({ count, seed, show }: Options): Promise<number> {
  // The tensors are small: more threads would only wait for each other.
  torch.setNumThreads(1);
  // A program that is not compiled says so once; here that is counted instead.
  process.removeAllListeners('warning');
  process.on('warning', () => undefined);
  const totals = { same: 0, refused: 0, failing: 0, different: 0 };
  const reasons = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const program = programOf(torch, seed + i);
    if (show) process.stdout.write(`${program.text}\n`);
    const verdict = torch.scope(() => compare(torch, program));
    totals[verdict.kind]++;
    if (verdict.kind === 'different') process.stdout.write(`${program.text}\n  ${verdict.why}\n`);
    if (verdict.kind === 'refused') reasons.set(verdict.why, (reasons.get(verdict.why) ?? 0) + 1);
    // Lets finalizers and warnings run.
    if (i % 100 === 99) await new Promise(setImmediate);
  }
  for (const [why, times] of [...reasons].sort((a, b) => b[1] - a[1]))
    process.stdout.write(`${times} refused: ${why}\n`);
  process.stdout.write(
    `${count} programs: ${totals.same} same, ${totals.refused} not compiled, ${totals.failing} fail eagerly as well, ` +
      `${totals.different} different\n`,
  );
  return totals.different > 0 ? 1 : 0;
}
