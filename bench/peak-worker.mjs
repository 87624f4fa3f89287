// The JavaScript side of peaks.mjs: repeats a case and prints its memory in bytes. Arguments: the case and the number of calls.

import fs from 'node:fs';
import torch from '../dist/index.mjs';
import { makeCases } from './cases.mjs';
import { peakMemory } from './peak.mjs';
import { sums } from './results.mjs';
import { makeWorkloads } from './workloads.mjs';

const [, , name, count] = process.argv;
torch.setNumThreads(1);
const { func } = torch;
/** @type {Record<string, () => () => unknown>} */
const cases = { ...makeCases(torch), ...makeWorkloads(torch) };

// The first use of the transforms belongs to the import: Python loads modules then.
const f = (/** @type {import('../dist/index.js').Tensor} */ x) => x.sin();
func.vmap(func.jacrev(f))(torch.ones(2, 3));
func.jvp(func.jacfwd(f), [torch.ones(3)], [torch.ones(3)]);

const imported = process.memoryUsage.rss();
fs.writeFileSync('/proc/self/clear_refs', '5'); // resets the peak
const call = cases[name]();
let result;
for (let i = 0; i < Number(count); i++) result = call();
const peak = peakMemory();
process.stdout.write(JSON.stringify({ imported, peak, sums: sums(result) }));
