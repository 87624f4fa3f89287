/** Runs the cases in several processes; one that crashes or hangs costs the case it was at. */

import { fork, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Corpus } from './corpus';
import { casesOf, type Job } from './worker';

/** One case that was run. */
export interface Outcome {
  position: number;
  mode: string;
  /** The dtype, and the sample's position in the entry. */
  sample: string;
  /** Null if it passed. */
  why: string | null;
}

export interface PoolOptions {
  folder: string;
  /** The entries to run, by position. */
  positions: number[];
  modes: string[] | null;
  processes: number;
  /** Milliseconds that a case may take. */
  timeout: number;
  /** The script of a process, for tests. */
  worker?: string;
  onOutcome(outcome: Outcome): void;
}

type Line = { start: number } | { end: number; mode: string; sample: string; why: string | null } | { done: number };

/** One process after the other, until there are no more jobs. */
async function serveJobs(options: PoolOptions, next: () => Job | undefined): Promise<void> {
  let job = next();
  while (job !== undefined) job = await runProcess(options, job, next);
}

/** Runs one process until there is nothing more to do, or it ends; resolves with what is left of its job. */
function runProcess(options: PoolOptions, first: Job, next: () => Job | undefined): Promise<Job | undefined> {
  const child: ChildProcess = fork(options.worker ?? path.join(__dirname, 'worker-process.mjs'), [options.folder], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
  });
  let job: Job | undefined = first;
  let current: number | null = null;
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
  const lines = createInterface({ input: child.stdio[3] as Readable });
  lines.on('line', (text) => {
    const line = JSON.parse(text) as Line;
    watch();
    if ('start' in line) current = line.start;
    else if ('end' in line) {
      current = null;
      options.onOutcome({ position: job!.position, mode: line.mode, sample: line.sample, why: line.why });
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
      const found = [...casesOf(new Corpus(options.folder).entry(job.position))][current];
      options.onOutcome({
        position: job.position,
        mode: found[1].mode,
        sample: `${found[0].dtype} ${found[0].sample}`,
        why: hung
          ? `no result after ${options.timeout / 1000} s`
          : `the process ended: ${how} ${errors.trim().split('\n')[0]}`,
      });
      resolve({ ...job, from: current + 1 });
    });
  });
}

/** Runs all cases of the entries. */
export async function runPool(options: PoolOptions): Promise<void> {
  const jobs = options.positions.map((position): Job => ({ position, from: 0, modes: options.modes }));
  const count = Math.min(options.processes, jobs.length);
  await Promise.all(Array.from({ length: count }, () => serveJobs(options, () => jobs.shift())));
}
