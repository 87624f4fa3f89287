#!/usr/bin/env node
// `node bench/chunks.mjs [CASE...]`: time and peak memory with chunkSize 'auto', against a single batch. The times are
// the least processor time of rounds in turn, on one thread; each peak is that of a process that makes a single call.

import torch from '../dist/index.mjs';
import { chunkCases } from './chunk-cases.mjs';
import { runProgram } from './processes.mjs';

const ROUNDS = 8;
const MB = 1e6;
torch.setNumThreads(1);
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(chunkCases);
const chunkSizes = /** @type {const} */ ([null, 'auto']);

/** @param {() => unknown} body */
function processorTime(body) {
  const start = process.cpuUsage();
  torch.scope(() => {
    body();
  });
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

for (const name of names) {
  const call = chunkCases[name]();
  const times = chunkSizes.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, chunkSize] of chunkSizes.entries()) {
      times[i] = Math.min(
        times[i],
        processorTime(() => call({ chunkSize })),
      );
    }
  }
  const peaks = chunkSizes.map((chunkSize) => runProgram('chunk-cases.mjs', name, chunkSize).peak / MB);
  const [time, peak] = [times, peaks].map((figures) => figures.map((figure) => figure.toFixed(0).padStart(6)));
  console.log(
    `${name.padEnd(18)} ms:${time[0]}, auto${time[1]} (${(times[1] / times[0]).toFixed(2)})   ` +
      `MB:${peak[0]}, auto${peak[1]} (${(peaks[1] / peaks[0]).toFixed(2)})`,
  );
}
