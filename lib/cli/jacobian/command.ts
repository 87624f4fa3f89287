/** `torch-func jacobian`: options, help and output. */

import { parseArgs } from 'node:util';

import type { JacobianJob } from '../../jobs/jacobian/job';
import { Progress } from '../../terminal/progress';
import type { Terminal } from '../../terminal/terminal';
import { UsageError } from '../failure';
import { print } from '../print';
import { summaryLine } from './summary';

const HELP = `torch-func jacobian: the Jacobian of a function for every sample of a file

Usage
  torch-func jacobian --fn FILE[#EXPORT] --input X.npy --output J.npy [options]

  --fn FILE[#EXPORT]     the module that exports the function: a .ts, .mjs, .cjs or .js file,
                         anywhere on disk. The function takes one sample and the package, and
                         returns one tensor of any shape:
                           export default (x, torch) => torch.stack([x.sin(), x.pow(2)]);
                         The command uses EXPORT, or the default export, or the only exported
                         function. The file may also import 'torch-func'.
  --input X.npy          the samples: an array of shape (N, ...in)
  --output J.npy         the Jacobians: an array of shape (N, ...out, ...in)

Options
  --mode rev|fwd|auto    reverse mode (one pass per output) or forward mode (one pass per input).
                         Default: auto, which is forward mode if there are more outputs than inputs
  --device cpu|cuda[:N]  the device that computes. Default: cpu
  --dtype float32|float64
                         the dtype that samples are converted to. Default: that of the input.
                         Required for integers.
  --chunk-size N|auto    the number of samples that are computed at once. Memory grows with it, not
                         with the number of samples. Default: auto, which is as many as take 64 MiB
                         (1 GiB on a GPU) by a trial, at most 16,384 (1,048,576)
  --no-compile           run the function for each chunk, instead of compiling its Jacobians
  --json                 print the final figures as one JSON object
  -h, --help             show this help

The last line shows the number of samples, the seconds, samples per second, what compiling gained, the device, the peak
memory, and the number of results that are not finite, if any. J.npy appears when it is complete.
`;

const MODES = ['rev', 'fwd', 'auto'] as const;
const DTYPES = ['float32', 'float64'] as const;

interface Request {
  readonly fn: string;
  readonly job: Omit<JacobianJob, 'fn'>;
  readonly json: boolean;
}

/** Runs `torch-func jacobian`. */
export async function jacobianCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const request = parseRequest(args);
  if (request === 'help') {
    await print(terminal, HELP);
    return 0;
  }
  const progress = new Progress(terminal, 'samples');
  // Without a handler, exceeding `ulimit -f` kills the process instead of failing the write.
  const ignore = (): void => undefined;
  process.on('SIGXFSZ', ignore);
  try {
    const { torch, loadFunction, runJacobianJob, withStopSignals, callInterruptibly } = loadEngine();
    // Outside of withStopSignals: a module that loads for ever is ended by the default action of the signal.
    const fn = await loadFunction(request.fn, torch);
    const report = await withStopSignals((signal) =>
      runJacobianJob(
        { ...request.job, fn },
        {
          signal,
          invoke: callInterruptibly,
          onProgress: (done, total) => {
            progress.update(done, total);
          },
        },
      ),
    );
    progress.clear();
    const line = request.json ? JSON.stringify(report) : summaryLine(report);
    await print(terminal, `${line}\n`, `; ${report.output} is complete`);
    return 0;
  } finally {
    progress.clear();
    process.off('SIGXFSZ', ignore);
  }
}

/**
 * Loads what needs the addon, only now: help and errors of the command line work without it. (`import()`
 * does not suit a CommonJS module that tests load from its source.)
 */
function loadEngine() {
  /* eslint-disable @typescript-eslint/no-require-imports */
  const torch = require('../../index') as typeof import('../../index');
  const { loadFunction } =
    require('../../jobs/function/load-function') as typeof import('../../jobs/function/load-function');
  const { runJacobianJob } = require('../../jobs/jacobian/job') as typeof import('../../jobs/jacobian/job');
  const { withStopSignals, callInterruptibly } = require('../interrupt') as typeof import('../interrupt');
  /* eslint-enable @typescript-eslint/no-require-imports */
  return { torch, loadFunction, runJacobianJob, withStopSignals, callInterruptibly };
}

function parseRequest(args: readonly string[]): Request | 'help' {
  const values = parseOptions(args);
  if (values.help === true) return 'help';
  const { fn, input, output, device = 'cpu' } = values;
  const missing = Object.entries({ fn, input, output })
    .filter(([, value]) => value === undefined)
    .map(([name]) => `--${name}`);
  if (fn === undefined || input === undefined || output === undefined) {
    throw new UsageError(`${missing.join(', ')} missing; see torch-func jacobian --help`);
  }
  if (!/^(cpu|cuda(:\d+)?)$/.test(device)) {
    throw new UsageError(`--device is '${device}'; expected cpu, cuda or cuda:N`);
  }
  return {
    fn,
    json: values.json ?? false,
    job: {
      input,
      output,
      device,
      mode: oneOf('--mode', values.mode, MODES) ?? 'auto',
      dtype: oneOf('--dtype', values.dtype, DTYPES),
      chunkSize: chunkSizeOf(values['chunk-size']),
      compile: values['no-compile'] !== true,
    },
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        fn: { type: 'string' },
        input: { type: 'string' },
        output: { type: 'string' },
        mode: { type: 'string' },
        device: { type: 'string' },
        dtype: { type: 'string' },
        'chunk-size': { type: 'string' },
        'no-compile': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function oneOf<T extends string>(name: string, value: string | undefined, choices: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const choice = choices.find((known) => known === value);
  if (choice !== undefined) return choice;
  throw new UsageError(`${name} is '${value}'; expected ${choices.join(' or ')}`);
}

function chunkSizeOf(value: string | undefined): number | 'auto' | undefined {
  if (value === undefined || value === 'auto') return value;
  const number = Number(value);
  if (/^\d+$/.test(value) && number > 0 && Number.isSafeInteger(number)) return number;
  throw new UsageError(`--chunk-size is '${value}'; expected a positive integer or auto`);
}
