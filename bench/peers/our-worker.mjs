// This package as a peer: answers requests, one line of JSON each, until the input ends (worker.mjs has the protocol).
// Arguments: `ours` or `ours-compiled`, and `cpu` or `cuda`.

import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import torch from '../../dist/index.mjs';
import pytree from '../../dist/pytree.js';
import runtime from '../../dist/runtime.js';
import { peakMemory } from '../peak.mjs';
import { packageRoot } from '../processes.mjs';
import { eagerRows, transformRows } from './our-rows.mjs';

/** @typedef {import('../../dist/index.js').Tensor} Tensor */
/** @typedef {import('./our-rows.mjs').Wrap} Wrap */

const compiled = process.argv[2] === 'ours-compiled';
const onCuda = process.argv[3] === 'cuda';
/** @type {Wrap} */
const wrap = (f) => (compiled ? torch.compile(f) : f);
const rows = compiled ? transformRows(torch, wrap) : eagerRows(torch);

/** @type {() => unknown} */
let call = () => undefined;
let batch = 1;
/** @type {number | null} */
let imported = null;

/** On CUDA every call waits for its result, as that of every peer. @param {() => unknown} f */
const waiting = (f) => () => {
  const result = f();
  torch.cuda.synchronize();
  return result;
};

/** What the package and libtorch set up at their first use belongs to the import. */
function firstUse() {
  const { jacfwd, jacrev, jvp, vmap } = torch.func;
  const f = (/** @type {Tensor} */ x) => x.sin();
  wrap(vmap(jacrev(f)))(torch.ones(2, 3));
  jvp(jacfwd(f), [torch.ones(3)], [torch.ones(3)]);
}

/** Resident memory now, from which the peak counts; null where the system cannot reset the peak. */
function resetPeak() {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
    return process.memoryUsage.rss();
  } catch {
    return null;
  }
}

const peak = () => (onCuda ? torch.cuda.maxMemoryAllocated() : peakMemory());

/** @type {Record<string, (request: any) => object>} */
const requests = {
  open({ row }) {
    if (onCuda) torch.setDefaultDevice('cuda');
    firstUse();
    imported = onCuda ? 0 : resetPeak();
    call = onCuda ? waiting(rows[row]()) : rows[row]();
    torch.setDefaultDevice(null);
    const start = performance.now();
    call();
    return { first: (performance.now() - start) / 1000 };
  },
  run({ seconds }) {
    let calls = 0;
    let elapsed = 0;
    for (const start = performance.now(); elapsed < seconds; elapsed = (performance.now() - start) / 1000) {
      for (let i = 0; i < batch; i++) call();
      calls += batch;
    }
    batch = Math.max(1, Math.floor(calls / elapsed / 1000));
    return { calls, seconds: elapsed };
  },
  peak: () => ({ peak: imported === null ? null : Math.max(0, peak() - imported) }),
  save({ folder }) {
    const tensors = /** @type {Tensor[]} */ (pytree.flatten(call()).leaves);
    const leaves = tensors.map((tensor, i) => {
      const file = path.join(folder, `${i}.bin`);
      fs.writeFileSync(file, /** @type {Float32Array} */ (tensor.cpu().data()));
      return { file, dtype: tensor.dtype, shape: tensor.shape };
    });
    return { leaves };
  },
};

const answer = (/** @type {object} */ value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const { version } = JSON.parse(fs.readFileSync(path.join(packageRoot, 'package.json'), 'utf8'));
const versions = { 'torch-func': version, libtorch: runtime.libtorchVersion(), 'Node.js': process.versions.node };
answer({ rows: Object.keys(rows), versions, threads: torch.getNumThreads() });
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { do: name, ...request } = JSON.parse(line);
  try {
    answer(requests[name](request));
  } catch (error) {
    const { name: kind, message } = /** @type {Error} */ (error);
    answer({ error: `${kind}: ${message.split('\n')[0]}` });
  }
}
