// A thread of the pool: JSON in, JSON out. The compiled function comes from the main thread.

import { parentPort, workerData } from 'node:worker_threads';
import torch from 'torch-func';
import { answer } from './answer.mjs';

// The pool has as many workers as there are cores: each computes on its own thread alone.
torch.setNumThreads(1);
/** @type {{ jacobian(inputs: import('torch-func').Tensor): import('torch-func').Tensor }} */
const { jacobian } = torch.fromShared(workerData);
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

port.on('message', (/** @type {Uint8Array} */ body) => {
  try {
    const bytes = answer(body, (inputs) => jacobian(inputs));
    port.postMessage({ answer: bytes }, [/** @type {ArrayBuffer} */ (bytes.buffer)]);
  } catch (error) {
    port.postMessage({ error: /** @type {Error} */ (error).message });
  }
});
