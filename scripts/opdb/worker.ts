/**
 * A worker process, which runs cases. It receives the position of an entry and the number of the first case to run. It
 * writes a line before and after each case to file descriptor 3, synchronously, so that the parent knows the current
 * case even if the process crashes.
 */

import * as fs from 'node:fs';
import * as torch from 'torch-func';
import { Corpus } from './corpus';
import { isChosen, type Finding, type Job, type Line, type Suite } from './suite';

function say(line: Line<Finding>): void {
  fs.writeSync(3, `${JSON.stringify(line)}\n`);
}

function run(suite: Suite<Finding>, corpus: Corpus, job: Job): void {
  const { position, from } = job;
  let number = 0;
  for (const { mode, sample, run } of suite.casesOf(corpus.entry(position))) {
    const start = number++;
    if (start < from || !isChosen(job, position, start, mode)) continue;
    say({ start, mode, sample });
    say({ end: start, finding: torch.scope(run) });
  }
  say({ done: position });
}

/** Runs jobs until the parent disconnects. */
export function serve(suite: Suite<Finding>, folder: string): void {
  torch.setNumThreads(1);
  suite.begin?.();
  const corpus = new Corpus(folder);
  process.on('message', (job: Job) => run(suite, corpus, job));
  process.on('disconnect', () => process.exit());
  process.send!('ready');
}
