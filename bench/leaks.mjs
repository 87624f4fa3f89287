// Whether resident memory is flat over many calls of each transform, exceptions included.
//
//   node bench/leaks.mjs [--calls N] [--json] [NAME ...]
//
// Every transform runs in a process of its own: N calls (default 100,000), after a warm-up of a fifth as many. V8 and malloc
// may take a few MB once, at any time, and keep them; a leak grows steadily. So memory is read five times, and the median of
// the five growths per call is printed beside the total growth. --json prints all results.

import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import torch from '../dist/index.mjs';
import { leakCalls } from './leak-calls.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    calls: { type: 'string', default: '100000' },
    json: { type: 'boolean', default: false },
    child: { type: 'boolean', default: false },
  },
});
const calls = Number(values.calls);
const PARTS = 5;
const all = leakCalls(torch);

/** @param {string} name */
function measure(name) {
  torch.setNumThreads(1);
  const call = /** @type {() => void} */ (all.get(name));
  const collect = /** @type {() => void} */ (globalThis.gc);
  const resident = () => {
    collect();
    collect();
    return process.memoryUsage.rss() / 1e6;
  };
  const part = Math.ceil(calls / PARTS);
  const repeat = () => {
    for (let i = 0; i < part; i++) call();
    return resident();
  };
  const readings = [repeat()];
  const { tensors } = torch.memoryUsage();
  const start = performance.now();
  for (let i = 0; i < PARTS; i++) readings.push(repeat());
  const microseconds = ((performance.now() - start) * 1000) / (part * PARTS);
  const growths = readings.slice(1).map((reading, i) => reading - readings[i]);
  return {
    name,
    grownMB: readings[PARTS] - readings[0],
    bytesPerCall: (growths.toSorted((a, b) => a - b)[(PARTS - 1) / 2] * 1e6) / part,
    tensors: torch.memoryUsage().tensors - tensors,
    microseconds,
  };
}

/** @typedef {ReturnType<typeof measure>} Result */

/** @param {string} name @returns {Promise<Result>} */
async function measureInProcess(name) {
  const file = fileURLToPath(import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    // A small nursery reaches its final size sooner.
    '--max-semi-space-size=1',
    file,
    '--child',
    '--calls',
    values.calls,
    name,
  ]);
  return JSON.parse(stdout);
}

async function main() {
  const names = positionals.length > 0 ? positionals : [...all.keys()];
  const unknown = names.filter((name) => !all.has(name));
  if (unknown.length > 0)
    throw new Error(`unknown: ${unknown.join(', ')}; the names are ${[...all.keys()].join(', ')}`);
  /** @type {Result[]} */
  const results = [];
  const queue = [...names];
  const next = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const result = await measureInProcess(name);
      results.push(result);
      if (values.json) continue;
      const { grownMB, bytesPerCall, tensors, microseconds } = result;
      const columns = [
        name.padEnd(42),
        `${grownMB.toFixed(2).padStart(7)} MB`,
        `${bytesPerCall.toFixed(0).padStart(6)} bytes a call`,
        `${String(tensors).padStart(4)} tensors`,
        `${microseconds.toFixed(1).padStart(7)} us a call`,
      ];
      console.log(columns.join('  '));
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, next));
  if (values.json) console.log(JSON.stringify(results));
}

if (values.child) process.stdout.write(JSON.stringify(measure(positionals[0])));
else await main();
