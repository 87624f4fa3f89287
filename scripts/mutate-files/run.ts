/** `npm run mutate-files`: reads damaged weight files; none may crash, hang, execute code or take more memory than it should. */

import { fork } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { integer, parseOrExplain } from '../command-line';
import type { Report, Task } from './worker';

const FORMATS = ['safetensors', 'index', 'npz', 'npy', 'torch', 'torch-mmap', 'pt2', 'jit'];

const usage = `Usage: npm run mutate-files -- [options]

Damages files of each format and reads them, in a process of its own for each format. A file must
be read, or be refused with an error that names the file and the place. Reports crashes, hangs,
other errors, functions that come out of a file, and tensors that take more memory than twice the
size of the file.

  --count N        damaged files per format (default 100000)
  --seed N         the first seed (default 0); file n has seed N + n
  --formats A,B    ${FORMATS.join(', ')} (default: all)
  --help           print this text

Exits with 1 after a fault; the damaged file is kept.
`;

export interface Options {
  count: number;
  seed: number;
  formats: string[];
}

/** Parses the command line. Returns null after printing the usage. */
export function readOptions(args: string[]): Options | null {
  return parseOrExplain(() => {
    const { values } = parseArgs({
      args,
      options: {
        count: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '0' },
        formats: { type: 'string', default: FORMATS.join(',') },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return null;
    const formats = values.formats.split(',');
    const unknown = formats.find((format) => !FORMATS.includes(format));
    if (unknown !== undefined) throw new Error(`--formats: unknown format '${unknown}'`);
    return { count: integer('count', values.count), seed: integer('seed', values.seed, 0), formats };
  }, usage);
}

/** Seconds without a report after which a worker hangs. */
const PATIENCE = 60;

/** How much the resident memory may grow after the first files. */
const MAX_GROWTH = 256 * 1024 * 1024;

/** Damages and reads the files, and returns the exit code. */
export async function run({ count, seed, formats }: Options): Promise<number> {
  // In memory, where there is such a folder: every file is written and read once.
  const folder = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'torch-func-mutate-'));
  let faults = 0;
  for (const format of formats) faults += await runFormat({ format, folder, seed, count });
  if (faults === 0) fs.rmSync(folder, { recursive: true });
  else process.stdout.write(`The files are in ${folder}.\n`);
  return faults > 0 ? 1 : 0;
}

/** The number of faults. */
function runFormat(task: Task): Promise<number> {
  const { format, folder, seed, count } = task;
  let faults = 0;
  const fault = (seed: number | string, why: string): void => {
    faults++;
    process.stdout.write(`${format}, seed ${seed}: ${why}\n`);
  };
  const start = performance.now();
  return new Promise((resolve) => {
    const child = fork(path.join(__dirname, 'main.mjs'), [JSON.stringify(task)], { execArgv: ['--expose-gc'] });
    let done = 0;
    let silence = 0;
    // Counted, not measured: a machine that was stopped for a while has stopped this process too.
    const timer = setInterval(() => void (++silence >= PATIENCE && child.kill('SIGKILL')), 1000);
    let hasEnded = false;
    child.on('message', (report: Report) => {
      silence = 0;
      if (report.kind === 'progress') done = report.done;
      else if (report.kind === 'fault') fault(report.seed, report.why);
      else {
        hasEnded = true;
        const seconds = (performance.now() - start) / 1000;
        if (report.growth > MAX_GROWTH) fault('?', `the resident memory grew by ${mebibytes(report.growth)}`);
        process.stdout.write(
          `${format}: ${count} files in ${seconds.toFixed(0)} s, ${report.read} read, ${report.refused} refused, ${faults} faults; ` +
            `slowest ${(report.slowest * 1000).toFixed(0)} ms, tensors at most ${report.peak} bytes beyond twice the file, ` +
            `resident memory grew by ${mebibytes(report.growth)}\n`,
        );
      }
    });
    child.on('close', (code, signal) => {
      clearInterval(timer);
      if (!hasEnded) {
        const kept = path.join(folder, `crash-${format}`);
        const damaged = fs.readdirSync(folder).find((name) => /^x\./.test(name));
        if (damaged !== undefined) fs.copyFileSync(path.join(folder, damaged), kept);
        fault(`${seed + done} or later`, `the process ended with ${signal ?? code}; the file is ${kept}`);
      }
      for (const name of fs.readdirSync(folder)) if (name.startsWith('x.')) fs.rmSync(path.join(folder, name));
      resolve(faults);
    });
  });
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
