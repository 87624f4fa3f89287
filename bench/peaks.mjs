// The peak memory of a case, here and in Python: each in a process of its own.

import { execFileSync } from 'node:child_process';
import path from 'node:path';

const folder = import.meta.dirname;
const MB = 1e6;
/** A peak may exceed Python's by a tenth, and by what user code has dropped and the collector has not found yet. */
const RATIO = 1.1;
const UNCOLLECTED = 128 * MB;

/** @typedef {{ imported: number, peak: number, sums: number[] }} Reading */

/** @param {string} command @param {string} program @param {string} name @param {number} calls @returns {Reading} */
function read(command, program, name, calls) {
  const environment = { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
  const args = [path.join(folder, program), name, String(calls)];
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8', env: environment }));
}

/** @param {Reading} reading */
const figuresOf = ({ imported, peak }) => ({ above: Math.max(0, peak - imported) / MB, absolute: peak / MB });

/**
 * @param {string} interpreter of Python
 * @param {{ name: string, calls: number, python?: string }} entry
 */
export function measurePeaks(interpreter, { name, calls, python = name }) {
  const ours = read(process.execPath, 'peak-worker.mjs', name, calls);
  const theirs = read(interpreter, 'peak_worker.py', python, calls);
  const same =
    ours.sums.length === theirs.sums.length &&
    ours.sums.every((sum, i) => Math.abs(sum - theirs.sums[i]) <= 1e-3 * Math.max(1e-3, Math.abs(theirs.sums[i])));
  if (!same) throw new Error(`'${name}' has different results here and in Python: ${ours.sums} and ${theirs.sums}`);
  const here = figuresOf(ours);
  const there = figuresOf(theirs);
  return { here, there, limit: Math.round(there.above * RATIO + UNCOLLECTED / MB) };
}
