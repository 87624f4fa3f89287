/**
 * The process that runs cases. It is told entries by their position (with the first case to run) and
 * writes a line before and after each case to file descriptor 3, synchronously: whatever ends the
 * process, its parent knows in which case.
 */

import * as fs from 'node:fs';
import * as torch from 'torch-func';
import { Corpus, type Case, type LoadedEntry, type Sample } from './corpus';
import { runCase, watchWarnings } from './run-case';

export interface Job {
  position: number;
  /** The case to go on with: those before it are done. */
  from: number;
  modes: string[] | null;
}

/** All cases of an entry with their samples, numbered in this order. */
export function* casesOf({ entry }: LoadedEntry): Generator<[Sample, Case, number]> {
  let number = 0;
  for (const sample of entry.samples) {
    for (const description of sample.cases) yield [sample, description, number++];
  }
}

function say(line: unknown): void {
  fs.writeSync(3, `${JSON.stringify(line)}\n`);
}

function run(corpus: Corpus, { position, from, modes }: Job): void {
  const loaded = corpus.entry(position);
  for (const [sample, description, number] of casesOf(loaded)) {
    if (number < from || (modes !== null && !modes.includes(description.mode))) continue;
    say({ start: number });
    const why = torch.scope(() => runCase(sample, description, loaded.values));
    say({ end: number, mode: description.mode, sample: `${sample.dtype} ${sample.sample}`, why });
  }
  say({ done: position });
}

/** Serves jobs until the parent goes. */
export function serve(folder: string): void {
  torch.setNumThreads(1);
  watchWarnings();
  const corpus = new Corpus(folder);
  process.on('message', (job: Job) => run(corpus, job));
  process.on('disconnect', () => process.exit());
  process.send!('ready');
}
