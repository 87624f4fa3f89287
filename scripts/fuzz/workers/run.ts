/** `npm run fuzz -- --workers N`: threads that share tensors, call asynchronously, abort, throw, and are terminated. */

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { parseArgs } from 'node:util';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import * as torch from 'torch-func';
import { integer, parseOrExplain } from '../../command-line';
import { Choices } from '../random';
import { SUBJECTS, gather } from './functions';
import { ON_PURPOSE } from './thread';
import type { Counts, Message, Start } from './thread';

const usage = `Usage: npm run fuzz -- --workers N [options]

N threads at once share tensors and compiled functions, call them asynchronously, read and write
files, abort calls, throw errors, dispose of tensors or drop them, and end, are terminated, or end
with an error; others follow them. Every result is compared with that of the plain function, called
at once. In the end nothing may be left of the memory of tensors.

  --workers N    number of threads
  --seconds N    length of the run (default 60)
  --seed N       seed of the random choices (default: the time). Threads make the same choices
                 again, but not at the same moments
  --help         print this text

Exits with 1 after a wrong result, an error, a hang, or if memory is left.
`;

export interface Options {
  workers: number;
  seconds: number;
  seed: number;
}

/** Parses the command line. Returns null after printing the usage. */
export function readOptions(args: string[]): Options | null {
  return parseOrExplain(() => {
    const { values } = parseArgs({
      args,
      options: {
        workers: { type: 'string', default: '8' },
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return null;
    return {
      workers: integer('workers', values.workers),
      seconds: integer('seconds', values.seconds),
      seed: integer('seed', values.seed, 0),
    };
  }, usage);
}

/** Seconds that the threads may take after the end of the run. */
const PATIENCE = 120;

/** Bytes of tensors that may remain when all threads have ended. */
const ALLOWED = 64 * 1024;

/** The functions, compiled once for all threads. */
function compileAll(): Pick<Start, 'compiled' | 'gather'> {
  const compiled = Object.fromEntries(
    Object.entries(SUBJECTS).map(([name, { shape, f }]) => {
      const made = torch.compile(f);
      made(torch.ones([...shape], { dtype: 'float64' }));
      return [name, made];
    }),
  );
  const compiledGather = torch.compile(gather);
  compiledGather(torch.ones([3], { dtype: 'float64' }), torch.tensor([0], { dtype: 'int64' }));
  return { compiled: torch.share(compiled), gather: torch.share(compiledGather) } as unknown as Start;
}

class Run {
  private readonly choices: Choices;
  private readonly running = new Set<Worker>();
  private readonly totals: Counts = { checks: 0, calls: 0, aborted: 0, refused: 0, tokens: 0 };
  private readonly ends = { ended: 0, terminated: 0, threw: 0 };
  private wrong = 0;
  private started = 0;
  private readonly end: number;

  constructor(
    private readonly options: Options,
    private readonly shared: Pick<Start, 'compiled' | 'gather'>,
    private readonly folder: string,
  ) {
    this.choices = new Choices(options.seed);
    this.end = Date.now() + 1000 * options.seconds;
  }

  /** Starts threads one after the other until the time is over. */
  async lane(): Promise<void> {
    while (Date.now() < this.end) await this.thread();
  }

  private async thread(): Promise<void> {
    const seed = this.options.seed * 1000 + this.started++;
    const milliseconds = Math.max(1, Math.min(this.end - Date.now(), 1000 + this.choices.below(8000)));
    const data: Start = { seed, milliseconds, folder: this.folder, ...this.shared };
    const worker = new Worker(new URL(`file://${path.join(__dirname, 'thread-entry.mjs')}`), { workerData: data });
    this.running.add(worker);
    const isTerminated = this.choices.chance(0.3);
    const when = this.choices.below(milliseconds + 500);
    const termination = isTerminated ? setTimeout(when).then(() => worker.terminate()) : undefined;
    worker.on('message', (message: Message) => this.receive(worker, seed, message));
    let error: Error | undefined;
    worker.on('error', (thrown: Error) => (error = thrown));
    await new Promise((resolve) => worker.once('exit', resolve));
    await termination;
    this.running.delete(worker);
    if (error === undefined) this.ends[isTerminated ? 'terminated' : 'ended']++;
    else if (error.message === ON_PURPOSE) this.ends.threw++;
    else this.report(seed, error.stack ?? error.message);
  }

  private receive(from: Worker, seed: number, message: Message): void {
    if ('wrong' in message) return this.report(seed, message.wrong);
    if ('counts' in message) {
      for (const [key, count] of Object.entries(message.counts)) this.totals[key as keyof Counts] += count;
      return;
    }
    const others = [...this.running].filter((other) => other !== from);
    if (others.length > 0) this.choices.of(others).postMessage(message.parcel);
  }

  private report(seed: number, what: string): void {
    this.wrong++;
    process.stdout.write(`thread ${seed}: ${what}\n`);
  }

  /** The exit code. */
  finish(left: number): number {
    const { ended, terminated, threw } = this.ends;
    const { checks, calls, aborted, refused, tokens } = this.totals;
    process.stdout.write(
      `seed ${this.options.seed}: ${this.started} threads (${ended} ended, ${terminated} terminated, ${threw} threw); of those that ended: ` +
        `${calls} asynchronous calls, ${aborted} aborted, ${refused} refused, ${tokens} tokens, ${checks} results compared; ` +
        `${this.wrong} wrong, ${left} bytes left\n`,
    );
    return this.wrong > 0 || left > ALLOWED || checks === 0 ? 1 : 0;
  }
}

/** The bytes of live tensors, after full collections. */
async function liveBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // The collector sweeps tokens in the background.
  for (let i = 0; i < 5; i++) {
    collect();
    await setTimeout(20);
  }
  return torch.memoryUsage().live;
}

/** Runs the threads and returns the exit code. */
export async function run(options: Options): Promise<number> {
  process.stdout.write(`seed ${options.seed}\n`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-fuzz-'));
  const hang = globalThis.setTimeout(
    () => {
      process.stdout.write(`the threads have not ended ${PATIENCE} s after the run\n`);
      process.exit(1);
    },
    1000 * (options.seconds + PATIENCE),
  );
  try {
    const shared = compileAll();
    const before = await liveBytes();
    const threads = new Run(options, shared, folder);
    await Promise.all(Array.from({ length: options.workers }, () => threads.lane()));
    return threads.finish(Math.max(0, (await liveBytes()) - before));
  } finally {
    clearTimeout(hang);
    fs.rmSync(folder, { recursive: true });
  }
}
