// The ratio of the time of a call to the time of the same call in Python's PyTorch.

import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { median } from './statistics.mjs';

const folder = import.meta.dirname;
// Threads of libtorch would compete for the processors, and distort one side only.
const environment = { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** @typedef {{ ask(name: string, count: number): Promise<any>, stop(): void }} Worker */

/** @param {string} command @param {string[]} args @returns {Worker} */
function startWorker(command, args) {
  const child = spawn(command, args, { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** @type {Error | undefined} */
  let failure;
  child.on('error', (error) => (failure = error));
  child.stdin.on('error', () => undefined); // The missing answer is reported instead.
  return {
    async ask(name, count) {
      child.stdin.write(`${JSON.stringify({ name, count })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${path.basename(command)} ended at '${name}'`, { cause: failure });
      return JSON.parse(value);
    },
    stop: () => child.stdin.end(),
  };
}

export const startNode = () => startWorker(process.execPath, [path.join(folder, 'worker.mjs')]);
export const startPython = (/** @type {string} */ python) => startWorker(python, [path.join(folder, 'worker.py')]);

/** Checks that both sides compute the same result. @param {string} name @param {Worker} node @param {Worker} python */
async function compareResults(name, node, python) {
  /** @type {number[]} */
  const ours = await node.ask(name, 0);
  /** @type {number[]} */
  const theirs = await python.ask(name, 0);
  const same =
    ours.length === theirs.length &&
    ours.every((value, i) => Math.abs(value - theirs[i]) <= 1e-4 * Math.max(1, Math.abs(value)));
  if (!same) throw new Error(`'${name}' has different results in Node.js and in Python`);
}

/**
 * Times one case on both sides. They alternate, and the first one changes from round to round, so that other load on the
 * machine affects both alike. The result is the median of the rounds' ratios.
 *
 * @param {{ name: string, calls: number, rounds: number }} options `calls` per side and round
 * @param {Worker} node
 * @param {Worker} python
 */
export async function measureRatio({ name, calls, rounds }, node, python) {
  const count = Math.max(1, Math.round(calls));
  await compareResults(name, node, python);
  for (const worker of [node, python]) await worker.ask(name, Math.min(count, 20_000));
  /** @type {Record<'node' | 'python', number[]>} */
  const times = { node: [], python: [] };
  /** @type {Record<'node' | 'python', number[]>} */
  const cpuTimes = { node: [], python: [] };
  /** @type {('node' | 'python')[]} */
  const sides = ['node', 'python'];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? sides : sides.toReversed();
    for (const side of order) {
      const { seconds, cpuSeconds } = await (side === 'node' ? node : python).ask(name, count);
      times[side].push((seconds / count) * 1e6);
      cpuTimes[side].push((cpuSeconds / count) * 1e6);
    }
  }
  const ratios = times.node.map((time, i) => time / times.python[i]);
  return {
    ratio: median(ratios),
    // Of processor time: less relevant to users, but hardly affected by other load.
    cpuRatio: median(cpuTimes.node.map((time, i) => time / cpuTimes.python[i])),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    node: median(times.node),
    python: median(times.python),
    calls: count * rounds,
  };
}
