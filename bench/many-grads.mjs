// Gradients of a small function in a synchronous loop. Argument: the number of calls. Prints the peak memory after the first
// tenth and at the end, as JSON.

import torch from '../dist/index.mjs';
import { peakMemory } from './peak.mjs';

const count = Number(process.argv[2]);
const gradient = torch.func.grad((x) => x.sin().mul(x).sum());
const x = torch.linspace(-1, 1, 3);
const repeat = (/** @type {number} */ times) => {
  for (let i = 0; i < times; i++) gradient(x);
};
repeat(count / 10);
const early = peakMemory();
repeat(count - count / 10);
process.stdout.write(JSON.stringify({ early, end: peakMemory() }));
