// The process of a peer. It writes one line when it starts, and answers each request with a line:
//
//   start                        { rows, versions, threads } or { unavailable: 'reason' }
//   { do: 'open', row }          { first }: makes the row's inputs and calls it once; seconds of that call
//   { do: 'run', seconds }       { calls, seconds }: repeats the call for that long
//   { do: 'peak' }               { peak }: peak memory since before the inputs, less what was resident then; bytes or null
//   { do: 'save', folder }       { leaves: [{ file, dtype, shape }] }: writes the result
//
// A request that fails is answered with { error }.

import { spawn } from 'node:child_process';
import readline from 'node:readline';

/** @typedef {{ rows: string[], versions: Record<string, string>, threads: number | null }} Description */
/** @typedef {{ description: Description, ask(request: object, seconds: number): Promise<any>, stop(): void }} Worker */

/** @type {Set<() => void>} */
const running = new Set();
process.on('exit', () => running.forEach((stop) => stop()));

export class TooSlow extends Error {}

/** Why a peer cannot run at all. */
export class Unavailable extends Error {}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, seconds: number }} options `seconds`: the time that the start may take
 * @returns {Promise<Worker>}
 */
export async function startWorker(command, args, { env = process.env, seconds }) {
  // A group of its own, so that compilers which it starts end with it.
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaints = '';
  let failure = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (complaints = (complaints + text).slice(-2000)));
  child.on('error', (error) => (failure = error.message));
  child.stdin.on('error', () => undefined); // The missing answer is reported instead.
  const exited = new Promise((resolve) => child.on('close', resolve));

  const stop = () => {
    running.delete(stop);
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  running.add(stop);

  /** @param {number} limit in seconds */
  async function nextLine(limit) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const timeout = new Promise((resolve) => {
      timer = setTimeout(() => resolve(null), limit * 1000);
    });
    const line = await Promise.race([lines.next(), timeout]);
    clearTimeout(timer);
    if (line === null) {
      stop();
      throw new TooSlow(`no answer within ${limit} s`);
    }
    if (!line.done) return JSON.parse(line.value);
    await exited;
    const reason = failure || complaints.trimEnd().split('\n').at(-1) || `signal ${child.signalCode}`;
    throw new Error(`ended: ${reason}`);
  }

  try {
    const { unavailable, ...description } = await nextLine(seconds);
    if (unavailable !== undefined) throw new Unavailable(unavailable);
    return {
      description,
      stop,
      async ask(request, limit) {
        child.stdin.write(`${JSON.stringify(request)}\n`);
        const { error, ...answer } = await nextLine(limit);
        if (error !== undefined) throw new Error(error);
        return answer;
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}
