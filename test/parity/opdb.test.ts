/**
 * A part of the parity run over PyTorch's operator database (`npm run parity` is the whole): one sample
 * of every operator in every mode, made by Python's PyTorch, and the few cases that are kept here.
 */

import * as path from 'node:path';
import * as torch from '../../lib';
import { prepareCorpus } from '../../scripts/parity/cache.mjs';
import { explain, readCauses } from '../../scripts/parity/causes';
import { Corpus, titleOf, type LoadedEntry } from '../../scripts/parity/corpus';
import { MODE_NAMES } from '../../scripts/parity/modes';
import { leftBehind, runCase, watchWarnings } from '../../scripts/parity/run-case';
import { casesOf } from '../../scripts/parity/worker';

const causes = readCauses();

/** The cases of a mode that differ for no known cause, and how many there are. */
function run(entries: readonly LoadedEntry[], modes: readonly string[]): { count: number; failed: string[] } {
  const failed: string[] = [];
  let count = 0;
  for (const loaded of entries) {
    for (const [sample, description] of casesOf(loaded)) {
      const { mode } = description;
      if (!modes.includes(mode)) continue;
      count++;
      const why = torch.scope(() => runCase(sample, description, loaded.values));
      if (why === null) continue;
      const failure = { ...loaded.entry, mode, sample: `${sample.dtype} ${sample.sample}`, why };
      if (explain(causes, failure) === null) failed.push(`${titleOf(failure)} ${mode} (${failure.sample}): ${why}`);
    }
  }
  return { count, failed };
}

function load(folder: string): LoadedEntry[] {
  const corpus = new Corpus(folder);
  return corpus.manifest.entries.map((_, position) => corpus.entry(position));
}

let restore: () => void;

beforeAll(() => {
  torch.setNumThreads(1);
  restore = watchWarnings();
});

afterAll(() => {
  restore();
});

test('the cases that are kept here', () => {
  const entries = load(path.join(__dirname, 'opdb'));
  const { count, failed } = run(entries, MODE_NAMES);
  expect(failed).toEqual([]);
  expect(count).toBeGreaterThan(250);
  // Every mode is among them.
  const modes = new Set(entries.flatMap((loaded) => [...casesOf(loaded)].map(([, { mode }]) => mode)));
  expect([...modes].sort()).toEqual([...MODE_NAMES].sort());
});

describe('one sample of every operator', () => {
  let entries: LoadedEntry[] = [];
  let total = 0;

  beforeAll(async () => {
    entries = load(await prepareCorpus(0, { small: true }));
  }, 300_000);

  test.each(MODE_NAMES)('%s', (mode) => {
    const { count, failed } = run(entries, [mode]);
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(100);
    total += count;
  });

  test('at least 2,000 cases in all', () => {
    expect(total).toBeGreaterThan(2000);
    expect(leftBehind()).toBeNull();
  });
});
