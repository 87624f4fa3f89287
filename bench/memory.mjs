// Memory: each measurement in a process of its own.

import path from 'node:path';
import { packageRoot, runNode, runProgram, withTemporaryFolder } from './processes.mjs';

const MB = 1e6;

/** Each returns MB. `scale` divides the amount of work. */
export const memoryMeasurements = {
  manyTensors: (/** @type {number} */ scale) => runProgram('many-tensors.mjs', 20_000 / scale).peak / MB,

  manyGrads(/** @type {number} */ scale) {
    const { early, end } = JSON.parse(runProgram('many-grads.mjs', 1_000_000 / scale).output);
    return (end - early) / MB;
  },

  jacobianCommand: (/** @type {number} */ scale) =>
    withTemporaryFolder((folder) => {
      const input = path.join(folder, 'x.npy');
      runProgram('make-samples.mjs', input, 1_000_000 / scale);
      const command = path.join(packageRoot, 'dist', 'cli', 'main.js');
      const fn = path.join(packageRoot, 'bench', 'cases.mjs#notebook');
      const job = runNode([command, 'jacobian', '--fn', fn, '--input', input, '--output', path.join(folder, 'j.npy')]);
      const idle = runNode([path.join(packageRoot, 'dist', 'index.mjs')]);
      return (job.peak - idle.peak) / MB;
    }),
};
