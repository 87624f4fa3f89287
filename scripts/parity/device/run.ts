/** `npm run parity -- --device cuda`: the operator database on a device, against the CPU. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { explain, readCauses } from '../../opdb/causes';
import { titleOf } from '../../opdb/corpus';
import { firstLine } from '../../opdb/markdown';
import { readOptions as read, type Options } from '../../opdb/options';
import { runSuite } from '../../opdb/run-suite';
import { countChosen, type Finding } from '../../opdb/suite';
import { MODE_NAMES } from '../modes';
import { summarize } from '../results';
import { deviceOfRun } from './device';

export const CAUSES = path.join(__dirname, 'causes.json');

const usage = `Usage: npm run parity -- --device NAME [options]

Runs one sample of every operator of PyTorch's operator database in every mode
with its tensors on the device, and compares with the results of the CPU.

  --ops, --modes, --every, --seed, --json, --processes, --timeout, --help
                   as without --device
  --corpus FOLDER  the corpus that an earlier run has generated, for a machine
                   without the PyTorch that generates it

Exits with 1 if a case did not run, or differs without a cause in
scripts/parity/device/causes.json.
`;

/** The command line without \`--device\` and \`--corpus\`; null after it was answered with the usage. */
export const readOptions = (args: string[]): Options | null => {
  const options = read(args, { usage, modes: MODE_NAMES, timeout: 60 });
  if (!options?.report && !options?.check) return options;
  process.stderr.write(`a comparison of devices writes no report\n\n${usage}`);
  process.exitCode = 2;
  return null;
};

/** Runs the cases; gives the exit code. */
export async function run(folder: string, options: Options): Promise<number> {
  const device = deviceOfRun()!;
  const { corpus, positions, outcomes, expected, seconds } = await runSuite<Finding>(
    folder,
    options,
    path.join(__dirname, 'suite.ts'),
    ({ manifest }, i) => countChosen(manifest.entries[i].cases, i, options),
    (why) => ({ why }),
  );
  const results = summarize(corpus, positions, outcomes);
  if (options.json !== null) fs.writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
  const causes = readCauses(CAUSES);
  const unexplained = results.failed.filter((failure) => explain(causes, failure) === null);
  for (const { op, variant, mode, sample, why } of unexplained.slice(0, 40)) {
    process.stdout.write(`${titleOf({ op, variant })} ${mode} (${sample}): ${firstLine(why)}\n`);
  }
  if (unexplained.length > 40) process.stdout.write(`... and ${unexplained.length - 40} more\n`);
  const total = outcomes.length;
  process.stdout.write(
    `${total} cases on ${device}: ${total - results.failed.length} as on the CPU, ` +
      `${results.failed.length - unexplained.length} differ for a known cause, ${unexplained.length} failed; ` +
      `${seconds.toFixed(0)} s\n`,
  );
  const isWhole = options.modes === null;
  if (isWhole && total !== expected) process.stdout.write(`${total} of ${expected} cases were run\n`);
  return unexplained.length > 0 || (isWhole && total !== expected) ? 1 : 0;
}
