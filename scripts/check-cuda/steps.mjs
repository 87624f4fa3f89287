// The steps of `npm run check:cuda`, in order.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import torch from '../../dist/index.mjs';
import { root } from '../setup/project.mjs';
import { checkCompiled } from './compiled.mjs';
import { checkMemory } from './memory.mjs';
import { checkTransforms } from './transforms.mjs';

/**
 * @typedef {object} Context
 * @property {string} [python]
 * @property {string} [corpus]
 * @property {(line: string, figures?: Record<string, unknown>) => void} say
 */
/** @typedef {{ name: string, title: string, run: (context: Context) => void | Promise<void> }} Step */

/**
 * Runs a script of the project with its output on the terminal, and fails if it does.
 *
 * @param {string[]} args
 * @returns {Promise<string>} its output
 */
function node(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
    process.stdout.write(String(data).replace(/^(?=.)/gm, '  '));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${args[0]} ended with ${code}`))));
  });
}

/** The processes that share the GPU: each has a context of some hundred megabytes. */
const processes = String(Math.min(8, os.availableParallelism()));

/** @param {Context} context */
const corpusOf = ({ corpus }) => (corpus === undefined ? [] : ['--corpus', corpus]);

/** A temporary folder. @template T @param {(folder: string) => Promise<T>} body */
async function inFolder(body) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-cuda-'));
  try {
    return await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The Jacobians of a UR5 arm from the command line, on a device. @param {string} folder @param {string} device */
async function runJob(folder, device) {
  const output = path.join(folder, `${device.replace(':', '')}.npy`);
  const start = performance.now();
  const args = ['--fn', 'examples/robot-arm/ur5.ts', '--input', path.join(folder, 'q.npy'), '--output', output];
  await node(['dist/cli/main.js', 'jacobian', ...args, '--device', device]);
  return { output, seconds: (performance.now() - start) / 1000 };
}

/** @type {Step[]} */
export const steps = [
  {
    name: 'device',
    title: 'The devices',
    run({ say }) {
      for (let index = 0; index < torch.cuda.deviceCount(); index++) {
        const { name, major, minor, multiProcessorCount, totalMemory } = torch.cuda.getDeviceProperties(index);
        const memory = `${(totalMemory / 2 ** 30).toFixed(1)} GiB`;
        say(
          `cuda:${index}: ${name}, compute capability ${major}.${minor}, ${multiProcessorCount} processors, ${memory}`,
          {
            [`cuda:${index}`]: { name, major, minor, multiProcessorCount, totalMemory },
          },
        );
      }
    },
  },
  {
    name: 'tests',
    title: 'The tests of CUDA',
    async run() {
      await node(['node_modules/jest/bin/jest.js', '--silent', 'test/cuda.process.test.ts']);
    },
  },
  { name: 'transforms', title: 'Transforms, compared with the CPU', run: checkTransforms },
  { name: 'memory', title: 'Memory: accounting, out of memory, and calls after it', run: checkMemory },
  { name: 'compiled', title: 'Compiled functions: kernels and CUDA graphs', run: checkCompiled },
  {
    name: 'operators',
    title: 'One sample of every operator in every mode, compared with the CPU',
    async run(context) {
      await node(['scripts/parity/main.mjs', '--device', 'cuda', '--processes', processes, ...corpusOf(context)]);
    },
  },
  {
    name: 'compiled-operators',
    title: 'The same operators, compiled, compared with eager calls',
    async run(context) {
      const options = ['--device', 'cuda', '--compiled', '--processes', processes, ...corpusOf(context)];
      await node(['scripts/parity/main.mjs', ...options]);
    },
  },
  {
    name: 'job',
    title: 'The batch job: Jacobians of a UR5 arm, 10^6 samples',
    async run({ say }) {
      await inFolder(async (folder) => {
        torch.manualSeed(0);
        torch.npy.save(path.join(folder, 'q.npy'), torch.rand([1_000_000, 6], { dtype: 'float64' }).mul(6));
        const cpu = await runJob(folder, 'cpu');
        const expected = torch.npy.load(cpu.output);
        for (let index = 0; index < torch.cuda.deviceCount(); index++) {
          const device = `cuda:${index}`;
          const { output, seconds } = await runJob(folder, device);
          const error = torch.npy.load(output).sub(expected).abs().max().item();
          say(
            `${device}: ${seconds.toFixed(2)} s, on the CPU ${cpu.seconds.toFixed(2)} s; largest difference ${error}`,
            {
              [device]: seconds,
              cpu: cpu.seconds,
            },
          );
          assert(error < 1e-12, `the Jacobians of ${device} differ from those of the CPU by ${error}`);
        }
      });
    },
  },
  {
    name: 'bench',
    title: "Benchmark rows beside this machine's Python",
    async run({ python }) {
      const options = ['--peers', 'torch,torch-compile,jax', '--device', 'cuda', '--quick', '--timeout', '60'];
      const rows = '^(op-sin|grad|hvp|vmap-jacrev-1e6|batch-jacobian|batch-hessian|mlp-grads|mlp-hvp|ur5-jacfwd)$';
      const peers = python === undefined ? [] : ['--python', python];
      await node(['bench/main.mjs', ...options, '--rows', rows, ...peers]);
    },
  },
];
