// The JavaScript side of timing.mjs: answers requests, one line of JSON each, until the input ends.

import readline from 'node:readline';
import torch from '../dist/index.mjs';
import { makeCases } from './cases.mjs';
import { makeFileCases } from './files.mjs';
import { sums } from './results.mjs';
import { makeWorkloads } from './workloads.mjs';

torch.setNumThreads(1);
/** @type {Record<string, () => () => unknown>} */
const cases = { ...makeCases(torch), ...makeWorkloads(torch), ...makeFileCases(torch) };
/** @type {Record<string, () => unknown>} */
const calls = {};

/** @param {() => unknown} call @param {number} count */
function repeat(call, count) {
  const from = performance.now();
  const cpu = process.cpuUsage();
  for (let i = 0; i < count; i++) call();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - from) / 1000, cpuSeconds: (user + system) / 1e6 };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { name, count } = JSON.parse(line);
  const call = (calls[name] ??= cases[name]());
  const answer = count === 0 ? sums(call()) : repeat(call, count);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
