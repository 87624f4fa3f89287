/** Runs the cases in several processes. If a process crashes or hangs, only its current case fails. */

import { fork, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Choice, Finding, Job, Line, Outcome } from './suite';

export interface PoolOptions<F extends Finding> extends Choice {
  folder: string;
  /** The module that exports the suite. */
  suite: string;
  /** The entries to run, by position. */
  positions: number[];
  processes: number;
  /** The time limit of a case in milliseconds. */
  timeout: number;
  /** Another script for the processes, for tests. */
  worker?: string;
  /** The finding of a case that did not end. */
  failed(why: string): F;
  onOutcome(outcome: Outcome<F>): void;
}

/** Runs one process after the other, until there are no more jobs. */
async function serveJobs<F extends Finding>(options: PoolOptions<F>, next: () => Job | undefined): Promise<void> {
  let job = next();
  while (job !== undefined) job = await runProcess(options, job, next);
}

/** Runs one process until there are no more jobs, or until it ends. Resolves with the rest of its job. */
function runProcess<F extends Finding>(
  options: PoolOptions<F>,
  first: Job,
  next: () => Job | undefined,
): Promise<Job | undefined> {
  const script = options.worker ?? path.join(__dirname, 'worker-process.mjs');
  const child: ChildProcess = fork(script, [options.suite, options.folder], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
  });
  let job: Job | undefined = first;
  let current: { start: number; mode: string; sample: string } | null = null;
  let timer: NodeJS.Timeout | undefined;
  let hung = false;
  let errors = '';
  child.stderr!.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-2000)));
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, options.timeout);
  };
  child.once('message', () => child.send(first));
  const report = (finding: F) => {
    const { mode, sample } = current!;
    options.onOutcome({ position: job!.position, mode, sample, ...finding });
  };
  const lines = createInterface({ input: child.stdio[3] as Readable });
  lines.on('line', (text) => {
    const line = JSON.parse(text) as Line<F>;
    watch();
    if ('start' in line) current = line;
    else if ('end' in line) {
      report(line.finding);
      current = null;
    } else {
      job = next();
      if (job === undefined) child.disconnect();
      else child.send(job);
    }
  });
  watch();
  return new Promise((resolve, reject) => {
    const ended = Promise.all([
      new Promise<string>((done) => child.on('exit', (code, signal) => done(signal ?? `code ${code}`))),
      new Promise((done) => lines.on('close', done)),
    ]);
    child.on('error', reject);
    void ended.then(([how]) => {
      clearTimeout(timer);
      if (job === undefined) return resolve(undefined);
      if (current === null) return reject(new Error(`a process ended between two cases (${how}): ${errors}`));
      const crash = `the process ended: ${how} ${errors.trim().split('\n')[0]}`;
      report(options.failed(hung ? `no result after ${options.timeout / 1000} s` : crash));
      resolve({ ...job, from: current.start + 1 });
    });
  });
}

/** Runs all cases of the entries. */
export async function runPool<F extends Finding>(options: PoolOptions<F>): Promise<void> {
  const { modes, every } = options;
  const jobs = options.positions.map((position): Job => ({ position, from: 0, modes, every }));
  const count = Math.min(options.processes, jobs.length);
  await Promise.all(Array.from({ length: count }, () => serveJobs(options, () => jobs.shift())));
}
