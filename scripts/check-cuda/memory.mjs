// The memory of a GPU: what is counted, and what happens when there is not enough.

import assert from 'node:assert/strict';
import torch from '../../dist/index.mjs';

const { cuda } = torch;
const MB = 2 ** 20;

/** @param {import('./steps.mjs').Context} context */
export async function checkMemory({ say }) {
  const start = cuda.memoryAllocated();
  const x = torch.zeros([64 * MB], { dtype: 'uint8', device: 'cuda' });
  assert.equal(cuda.memoryAllocated() - start, 64 * MB);
  cuda.resetPeakMemoryStats();
  torch.scope(() => void x.add(1).add(1));
  assert.equal(cuda.memoryAllocated() - start, 64 * MB, 'a scope frees the memory of its tensors');
  assert.equal(cuda.maxMemoryAllocated() - start, 3 * 64 * MB);
  say(`64 MiB are counted as such; the peak of x.add(1).add(1) is three times as much`);

  const [free, total] = cuda.memGetInfo();
  say(`${(free / 2 ** 30).toFixed(1)} of ${(total / 2 ** 30).toFixed(1)} GiB are free`, { free, total });
  /** @type {Error | undefined} */
  let failure;
  try {
    torch.zeros([2 * total], { dtype: 'uint8', device: 'cuda' });
  } catch (error) {
    failure = /** @type {Error} */ (error);
  }
  assert(failure instanceof torch.OutOfMemoryError, `more than there is: ${String(failure)}`);
  say(`more than there is: ${failure.name}: ${failure.message.split('\n')[0].slice(0, 120)}`);
  assert.equal(torch.ones([3], { device: 'cuda' }).sum().item(), 3, 'calls work after it');

  // Results that nobody refers to: the collector knows little of the memory of a GPU.
  const chunk = Math.floor(total / 20);
  const rounds = 100;
  const begin = performance.now();
  for (let i = 0; i < rounds; i++) torch.empty([chunk], { dtype: 'uint8', device: 'cuda' });
  const seconds = (performance.now() - begin) / 1000;
  say(`${rounds} results of a twentieth of the memory each, which nobody refers to: ${seconds.toFixed(2)} s`, {
    seconds,
  });
  x.dispose();
}
