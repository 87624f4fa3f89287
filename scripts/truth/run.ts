/** `npm run truth`: every operator of PyTorch's database against what mathematics says of it. */

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
import { MODE_NAMES, suite } from './suite';
import type { TruthFinding } from './verdicts';

export const CAUSES = path.join(__dirname, 'causes.json');

const usage = `Usage: npm run truth -- [options]

Holds every operator of PyTorch's own operator database against mathematics: each
derivative by every mode against the others and against differences, vmap against
a loop, results against those of other layouts. Python is asked for inputs alone.

  --ops REGEX      only the operators whose name matches
  --modes LIST     only these checks, separated by commas:
                   ${MODE_NAMES.slice(0, 6).join(', ')},
                   ${MODE_NAMES.slice(6).join(', ')}
  --seed N         which samples and values are chosen (default 0)
  --json FILE      write the results to FILE as JSON
  --report         write docs/truth.md (of a full run only)
  --check          fail if docs/truth.md is not what --report would write
  --processes N    how many processes run at once
  --timeout S      seconds that a case may take (default 60)
  --help           this text

Ends with 1 if anything is wrong in silence and scripts/truth/causes.json does not
say why it cannot be compared.
`;

const TRUTH: Run = { usage, modes: MODE_NAMES, timeout: 60 };

/** The command line; null after it was answered with the usage. */
export const readOptions = (args: string[]): Options | null => read(args, TRUTH);

/** Runs the checks; gives the exit code. */
export async function run(folder: string, options: Options): Promise<number> {
  const begin = performance.now();
  const corpus = new Corpus(folder);
  const { entries } = corpus.manifest;
  const positions = entries
    .map((_, i) => i)
    .filter((i) => options.ops === null || options.ops.test(titleOf(entries[i])));
  const progress = new Progress(processTerminal, 'cases');
  const wanted = ({ mode }: { mode: string }) => options.modes === null || options.modes.includes(mode);
  const expected = positions.reduce((sum, i) => sum + [...suite.casesOf(corpus.entry(i))].filter(wanted).length, 0);
  const outcomes: Outcome<TruthFinding>[] = [];
  await runPool<TruthFinding>({
    ...options,
    folder,
    suite: path.join(__dirname, 'suite.ts'),
    positions,
    failed: (why) => ({ why, right: 0, refused: [] }),
    onOutcome(outcome) {
      outcomes.push(outcome);
      progress.update(outcomes.length, expected);
    },
  });
  progress.clear();
  outcomes.sort((a, b) => a.position - b.position);
  const named = outcomes.map((outcome) => ({ ...outcome, ...entries[outcome.position] }));
  if (options.json !== null) fs.writeFileSync(options.json, `${JSON.stringify(named, null, 1)}\n`);
  const causes = readCauses(CAUSES);
  const wrong = named.flatMap((outcome) => (outcome.why === null ? [] : [{ ...outcome, why: outcome.why }]));
  const unexplained = wrong.filter((failure) => explain(causes, failure) === null);
  for (const failure of unexplained.slice(0, 40)) {
    process.stdout.write(`${titleOf(failure)} ${failure.mode} (${failure.sample}): ${firstLine(failure.why)}\n`);
  }
  if (unexplained.length > 40) process.stdout.write(`... and ${unexplained.length - 40} more\n`);
  const right = outcomes.reduce((sum, outcome) => sum + outcome.right, 0);
  const refused = outcomes.reduce((sum, outcome) => sum + outcome.refused.length, 0);
  process.stdout.write(
    `${outcomes.length} cases: ${right} comparisons right, ${refused} refused, ` +
      `${wrong.length - unexplained.length} cases cannot be compared, ${unexplained.length} cases wrong; ` +
      `${((performance.now() - begin) / 1000).toFixed(0)} s\n`,
  );
  return unexplained.length > 0 ? 1 : 0;
}
