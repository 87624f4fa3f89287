/** `torch-func jacobian`: its options, its help and what it prints. */

import { parseArgs } from 'node:util';

import { UsageError } from '../failure';
import { callInterruptibly, withStopSignals } from '../interrupt';
import { Progress } from '../../terminal/progress';
import type { Terminal } from '../../terminal/terminal';
import type { JacobianJob } from './job';
import { summaryLine } from './summary';

const HELP = `torch-func jacobian: the Jacobian of a function for every sample of a file

Usage
  torch-func jacobian --fn FILE[#EXPORT] --input X.npy --output J.npy [options]

  --fn FILE[#EXPORT]     the module that exports the function: a .ts, .mjs, .cjs or .js file,
                         anywhere on disk. It takes one sample and the package, and returns one
                         tensor of any shape:
                           export default (x, torch) => torch.stack([x.sin(), x.pow(2)]);
                         The default export is taken, or the only function that is exported, or
                         EXPORT. The file may import 'torch-func' as well.
  --input X.npy          the samples, an array of shape (N, ...in)
  --output J.npy         where the Jacobians go, an array of shape (N, ...out, ...in)

Options
  --mode rev|fwd|auto    reverse mode (one pass for every output) or forward mode (one for every
                         input); auto, the default, takes forward mode when there are more outputs
                         than inputs
  --device cpu|cuda[:N]  where to compute; cpu by default
  --dtype float32|float64
                         what to convert the samples to; by default they stay what they are.
                         Needed for integers.
  --chunk-size N         how many samples are computed at once. Memory grows with it and not with
                         the number of samples. By default as many as are estimated to take 64 MiB
                         (1 GiB on a GPU), and at most 16,384 (1,048,576)
  --json                 print the final figures as one JSON object
  -h, --help             show this help

It ends with one line: samples, seconds, samples per second, device, peak memory, and how many
results are not finite, if any. J.npy appears only when it is complete.
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
    terminal.out.write(HELP);
    return 0;
  }
  const progress = new Progress(terminal, 'samples');
  // Without a handler, exceeding `ulimit -f` would kill the process instead of failing a write.
  const ignore = (): void => undefined;
  process.on('SIGXFSZ', ignore);
  try {
    const summary = await withStopSignals(async (signal) => {
      const { loadFunction, runJacobianJob } = loadMachinery();
      const fn = await loadFunction(request.fn);
      return runJacobianJob(
        { ...request.job, fn },
        {
          signal,
          invoke: callInterruptibly,
          onProgress: (done, total) => {
            progress.update(done, total);
          },
        },
      );
    });
    progress.clear();
    terminal.out.write(`${request.json ? JSON.stringify(summary) : summaryLine(summary)}\n`);
    return 0;
  } finally {
    progress.clear();
    process.off('SIGXFSZ', ignore);
  }
}

/**
 * What needs the addon is loaded only here: help and complaints about the command line are there
 * without it. (`import()` would not do in a CommonJS module that tests load from its source.)
 */
function loadMachinery() {
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { loadFunction } = require('./load-function') as typeof import('./load-function');
  const { runJacobianJob } = require('./job') as typeof import('./job');
  const { keepFreedMemory } = require('./process-memory') as typeof import('./process-memory');
  /* eslint-enable @typescript-eslint/no-require-imports */
  keepFreedMemory();
  return { loadFunction, runJacobianJob };
}

function parseRequest(args: readonly string[]): Request | 'help' {
  const values = parseOptions(args);
  if (values.help === true) return 'help';
  const { fn, input, output, device = 'cpu' } = values;
  const missing = Object.entries({ fn, input, output })
    .filter(([, value]) => value === undefined)
    .map(([name]) => `--${name}`);
  if (fn === undefined || input === undefined || output === undefined) {
    throw new UsageError(`${missing.join(', ')} missing; torch-func jacobian --help explains`);
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
      chunkSize: positiveInteger('--chunk-size', values['chunk-size']),
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

function positiveInteger(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number > 0 && Number.isSafeInteger(number)) return number;
  throw new UsageError(`${name} is '${value}'; expected a whole number from 1`);
}
