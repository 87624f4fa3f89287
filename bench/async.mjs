// Calls of a compiled function off the event loop, in a process of their own: `npm run bench -- --async`.
//
//   node bench/async.mjs [--seconds 60]
//
// Prints the figures as JSON.

import { existsSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import torch from '../dist/index.mjs';
import { median } from './statistics.mjs';

const { seconds } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } }).values;
const THREADS = 2;
const AT_ONCE = 8;
const MILLISECONDS = 50;
const RESOLUTION = 1;

/** @typedef {import('../dist/index.js').Tensor} Tensor */

const matrix = torch.eye(256).mul(0.5);

/** @param {number} steps */
function chain(steps) {
  const f = torch.compile((/** @type {Tensor} */ x) => {
    let y = x;
    for (let i = 0; i < steps; i++) y = y.matmul(x).tanh();
    return y;
  });
  for (let i = 0; i < 3; i++) f(matrix);
  return f;
}

/** Milliseconds of one call, one after the other. @param {(x: Tensor) => Tensor} f @param {number} count */
function timeOf(f, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) f(matrix).dispose();
  return (performance.now() - start) / count;
}

/** Milliseconds for which a hypervisor has withheld the processors; 0 where the kernel does not count them. */
function stolen() {
  if (!existsSync('/proc/stat')) return 0;
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/);
  return Number(ticks[7]) * 10;
}

torch.setNumThreads(1);
const steps = Math.max(1, Math.round((MILLISECONDS / timeOf(chain(40), 20)) * 40));
const f = chain(steps);
const before = timeOf(f, 40);

torch.setNumThreads(THREADS);
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
let calls = 0;
const stolenBefore = stolen();
const start = performance.now();
const end = start + Number(seconds) * 1000;
delay.enable();
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (performance.now() < end) {
      (await f.async(matrix)).dispose();
      calls++;
    }
  }),
);
delay.disable();
const each = (performance.now() - start) / calls;
const withheld = stolen() - stolenBefore;

torch.setNumThreads(1);
const alone = median([before, timeOf(f, 40)]);

torch.setNumThreads(THREADS);
const small = torch.ones(10);
const g = torch.compile((/** @type {Tensor} */ x) => x.sin().mul(x));
g(small);
/** @type {number[]} */
const synchronous = [];
/** @type {number[]} */
const asynchronous = [];
for (let i = 0; i < 20_000; i++) {
  const from = performance.now();
  g(small);
  const between = performance.now();
  await g.async(small);
  synchronous.push(between - from);
  asynchronous.push(performance.now() - between);
}

process.stdout.write(
  JSON.stringify({
    p99: delay.percentile(99) / 1e6 - RESOLUTION,
    max: delay.max / 1e6 - RESOLUTION,
    alone,
    each,
    withheld,
    cost: (median(asynchronous) - median(synchronous)) * 1000,
  }),
);
