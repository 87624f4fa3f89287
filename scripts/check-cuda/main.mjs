#!/usr/bin/env node
// `npm run check:cuda`: what can only be checked on a machine with a GPU. Prints figures as it goes, and a summary.

import fs from 'node:fs';
import { parseArgs } from 'node:util';
import torch from '../../dist/index.mjs';
import { steps } from './steps.mjs';

const usage = `Usage: npm run check:cuda -- [options] [STEP...]

Checks this package on a GPU: ${steps.map(({ name }) => name).join(', ')}.
Takes less than 8 minutes.

  STEP...          only these steps
  --python FILE    the Python with the peers of the benchmark, in place of those of
                   the setup
  --corpus FOLDER  the operator database, for a machine without the PyTorch that
                   generates it
  --json FILE      also write the results to FILE
  --help           this text

Exits with 1 if a step fails.
`;

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        python: { type: 'string' },
        corpus: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const unknown = positionals.find((name) => !steps.some((step) => step.name === name));
    if (unknown !== undefined) throw new Error(`there is no step '${unknown}'`);
    return { ...values, chosen: steps.filter(({ name }) => positionals.length === 0 || positionals.includes(name)) };
  } catch (error) {
    process.stderr.write(`${/** @type {Error} */ (error).message}\n\n${usage}`);
    process.exit(2);
  }
}

const { chosen, help, json, ...options } = readOptions();
if (help) {
  process.stdout.write(usage);
  process.exit(0);
}
try {
  torch.cuda.currentDevice();
} catch (error) {
  // PyTorch's words: the build of libtorch has no CUDA, its libraries or the driver are missing, or there is no GPU.
  process.stdout.write(`No GPU to check: ${/** @type {Error} */ (error).message}\n`);
  process.exit(1);
}

/** @type {{ name: string, title: string, seconds: number, problem: string | null, figures: object }[]} */
const results = [];
for (const { name, title, run } of chosen) {
  process.stdout.write(`\n${title}\n`);
  const start = performance.now();
  /** @type {Record<string, unknown>} */
  const figures = {};
  /** @param {string} line @param {Record<string, unknown>} [more] */
  const say = (line, more = {}) => {
    Object.assign(figures, more);
    process.stdout.write(`  ${line}\n`);
  };
  let problem = null;
  try {
    await run({ ...options, say });
  } catch (error) {
    problem = /** @type {Error} */ (error).message;
    process.stdout.write(`  failed: ${/** @type {Error} */ (error).stack}\n`);
  }
  results.push({ name, title, seconds: (performance.now() - start) / 1000, problem, figures });
  // After each step, so that a run that is interrupted leaves what it has found.
  if (json !== undefined) fs.writeFileSync(json, `${JSON.stringify(results, null, 1)}\n`);
}

process.stdout.write('\nSummary\n');
for (const { title, seconds, problem } of results) {
  const outcome = problem === null ? 'passed' : `FAILED: ${problem.split('\n')[0]}`;
  process.stdout.write(`  ${title}: ${outcome} (${seconds.toFixed(0)} s)\n`);
}
process.exitCode = results.some(({ problem }) => problem !== null) ? 1 : 0;
