/** `npm run mutants`: checks that the tests named in test/behaviours notice faults. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Progress } from '../../lib/terminal/progress';
import { processTerminal } from '../../lib/terminal/terminal';
import { runTests } from './jest';
import { claimsOf, problemsOf, readKills, readMutants, readReasons, type Mutant } from './mutants';
import type { Options } from './options';
import { readRows, Results, testFilesOf, type Outcome, type Row } from './rows';
import { failed, judge, unguardedRows, unsoundRows, type Verdict } from './verdicts';

export { readOptions } from './options';

type Importers = ReadonlyMap<string, readonly string[]>;

/** Runs the mutants and returns the exit code. */
export async function run(options: Options): Promise<number> {
  const all = readRows();
  const mutants = await readMutants();
  const importers = testFilesOf();
  const rows = new Map(all.map((row) => [row.key, row]));
  const problems = problemsOf(mutants, readKills(), new Set(rows.keys()));
  if (options.only === null) {
    const { missing, needless } = unguardedRows(rows.keys(), mutants, readReasons());
    problems.push(...missing.map((key) => `no mutant kills ${key}`));
    problems.push(...needless.map((key) => `unkilled.json has a reason for ${key}, which is not needed`));
  }
  print(problems);

  const folder = mkdtempSync(path.join(tmpdir(), 'torch-func-mutants-'));
  try {
    mkdirSync(path.join(folder, 'answers'));
    const chosen = mutants.filter((mutant) => isChosen(mutant, options.only));
    const claimed = [...new Set(chosen.flatMap(claimsOf))].flatMap((key) => rows.get(key) ?? []);
    const baseline = await runBaseline(claimed, importers, folder, options);
    const unsound = unsoundRows(claimed, baseline);
    print(unsound);
    const verdicts = await runMutants(chosen, { rows, importers, baseline, folder, options });
    if (options.json !== null) writeFileSync(options.json, JSON.stringify(verdicts, null, 2));
    return summarize(verdicts, problems.length + unsound.length);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function isChosen(mutant: Mutant, only: RegExp | null): boolean {
  return only === null || only.test(mutant.name) || claimsOf(mutant).some((key) => only.test(key));
}

/** Calls `work` for each item, `processes` at a time, and shows how many are done. */
async function inParallel<T>(
  items: readonly T[],
  processes: number,
  unit: string,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const progress = new Progress(processTerminal, unit);
  const queue = [...items];
  let done = 0;
  const serve = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item);
      progress.update(++done, items.length);
    }
  };
  await Promise.all(Array.from({ length: processes }, serve));
  progress.clear();
}

/** The results of the rows' test files without a mutant. */
async function runBaseline(
  rows: readonly Row[],
  importers: Importers,
  folder: string,
  { processes, timeout }: Options,
): Promise<Results> {
  const files = rows.flatMap(({ references }) => references.flatMap(({ file }) => importers.get(file) ?? []));
  const outcomes: Outcome[] = [];
  await inParallel([...new Set(files)], processes, 'test files', async (file) => {
    const id = `baseline-${file.replaceAll('/', '-')}`;
    outcomes.push(...(await runTests({ id, files: [file], edits: [], folder, timeout })));
  });
  return new Results(outcomes, importers);
}

interface Context {
  rows: ReadonlyMap<string, Row>;
  importers: Importers;
  baseline: Results;
  folder: string;
  options: Options;
}

async function runMutants(mutants: readonly Mutant[], context: Context): Promise<Verdict[]> {
  const { rows, importers, baseline, folder, options } = context;
  const verdicts: Verdict[] = [];
  await inParallel([...mutants.entries()], options.processes, 'mutants', async ([i, mutant]) => {
    const references = claimsOf(mutant).flatMap((key) => rows.get(key)?.references ?? []);
    const files = [...new Set(references.flatMap((reference) => baseline.of(reference).map(({ file }) => file)))];
    let verdict: Verdict;
    try {
      const outcomes = await runTests({
        id: String(i),
        files,
        edits: mutant.edits,
        folder,
        timeout: options.timeout,
      });
      verdict = judge(mutant, rows, new Results(outcomes, importers));
    } catch (error) {
      verdict = failed(mutant, (error as Error).message);
    }
    verdicts.push(verdict);
    print(describe(verdict));
  });
  return verdicts;
}

function describe({ mutant, survived, failure }: Verdict): string[] {
  if (failure !== null) return [`FAILED    ${mutant.name}: ${failure}`];
  if (survived.length > 0) return [`SURVIVED  ${mutant.name}: ${survived.join(' ')}`];
  return [`killed    ${mutant.name}`];
}

function summarize(verdicts: readonly Verdict[], problems: number): number {
  const survivors = verdicts.filter(({ survived, failure }) => survived.length > 0 || failure !== null);
  const claims = verdicts.reduce((sum, { mutant }) => sum + claimsOf(mutant).length, 0);
  const survived = verdicts.reduce((sum, verdict) => sum + verdict.survived.length, 0);
  print([
    `${verdicts.length - survivors.length} of ${verdicts.length} mutants killed, in ${claims - survived} of ${claims} rows; ${problems} other problems`,
  ]);
  return survivors.length + problems === 0 ? 0 : 1;
}
