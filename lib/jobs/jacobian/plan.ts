/**
 * The plan of a Jacobian job: every decision that depends on the function and the input, as plain
 * data. Whoever holds the plan, the function and the files can compute any range of the samples.
 */

import { noGrad } from '../../autograd';
import { device as deviceOf, type Device } from '../../device';
import { type Dtype, isDtype } from '../../dtype';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import { scope } from '../../scope';
import type { SampleFunction } from '../function/sample-function';
import { JobError } from '../errors';
import type { RowReader, RowType } from '../rows';
import { messageOf } from '../thrown';
import { tryChunk } from './chunk-size';
import { SampleSource } from './samples';
import { type Mode, batchJacobian } from './transform';

const MODES: readonly Mode[] = ['rev', 'fwd'];

/** The choices of the caller; the plan fills in the rest. */
export interface JacobianOptions {
  /** Reverse mode, forward mode, or whichever needs fewer passes. Default: `'auto'`. */
  readonly mode?: Mode | 'auto';
  /** Default: `'cpu'`. */
  readonly device?: string;
  /** The dtype that samples are converted to. Default: that of the input, which must be floating-point. */
  readonly dtype?: 'float32' | 'float64';
  /** Samples per chunk. Default: `'auto'`, as many as fit a memory budget; see chunk-size.ts. */
  readonly chunkSize?: number | 'auto';
  /** Whether the Jacobians are compiled, with `torch.compile`. Default: true. */
  readonly compile?: boolean;
}

/** A plan. Plain data: `JSON.stringify` writes it, {@link parseJacobianPlan} reads it. */
export interface JacobianPlan {
  readonly job: 'jacobian';
  readonly mode: Mode;
  readonly device: string;
  /** The dtype that samples are converted to. */
  readonly dtype: Dtype;
  readonly chunkSize: number;
  readonly compile: boolean;
  readonly samples: number;
  /** One sample, as stored. */
  readonly input: RowType;
  /** The Jacobian of one sample. */
  readonly output: RowType;
}

/**
 * Plans the job: evaluates the function on the first sample for the shape of its result, and its
 * Jacobian on a few copies of that sample for the memory that it takes.
 *
 * @throws JobError if the function, the input or the device cannot be used.
 */
export function planJacobian(fn: SampleFunction, reader: RowReader, options: JacobianOptions = {}): JacobianPlan {
  const { chunkSize = 'auto', mode: requested = 'auto', dtype, compile = true } = options;
  if (dtype !== undefined && dtype !== 'float32' && dtype !== 'float64') {
    throw new JobError('argument', `dtype is ${String(dtype)}; expected 'float32' or 'float64'`);
  }
  if (requested !== 'auto' && !MODES.includes(requested)) {
    throw new JobError('argument', `mode is ${String(requested)}; expected 'auto', 'rev' or 'fwd'`);
  }
  if (chunkSize !== 'auto' && !(isSize(chunkSize) && chunkSize > 0)) {
    throw new JobError('argument', `chunkSize is ${String(chunkSize)}; expected a positive integer or 'auto'`);
  }
  const source = new SampleSource(reader, chooseDtype(reader, dtype), checkDevice(options.device ?? 'cpu'));
  try {
    return scope(() => {
      const first = source.first();
      const sample = first.select(0, 0);
      const y = noGrad(() => fn.evaluate(sample));
      const [inputs, outputs] = [sample.numel(), y.numel()];
      const mode = chooseMode(requested, inputs, outputs);
      const jacobians = batchJacobian(fn, mode);
      const trial = tryChunk((n) => jacobians(first.repeat([n, ...reader.rowShape.map(() => 1)])), {
        most: chunkSize === 'auto' ? Infinity : chunkSize,
        sampleBytes: Math.max(inputs, outputs) * native.elementSize(sample),
        device: source.device,
      });
      return {
        job: 'jacobian',
        mode,
        device: String(source.device),
        dtype: source.dtype,
        chunkSize: chunkSize === 'auto' ? trial.chunkSize : chunkSize,
        compile,
        samples: reader.rows,
        input: { dtype: reader.dtype, shape: [...reader.rowShape] },
        output: { dtype: trial.result.dtype, shape: trial.result.shape.slice(1) },
      };
    });
  } catch (error) {
    throw fn.explain(error);
  }
}

/**
 * Reads a plan that was written as JSON.
 *
 * @throws JobError (`plan`) if the text is not a plan of this kind.
 */
export function parseJacobianPlan(text: string): JacobianPlan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new JobError('plan', `the plan is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const plan = (value ?? {}) as Partial<Record<keyof JacobianPlan, unknown>>;
  const { job, mode, device, dtype, chunkSize, compile, samples, input, output } = plan;
  check(job === 'jacobian', 'job', job, "'jacobian'");
  check(MODES.includes(mode as Mode), 'mode', mode, "'rev' or 'fwd'");
  check(typeof device === 'string', 'device', device, 'a string');
  check(isDtype(dtype), 'dtype', dtype, 'a dtype');
  check(isSize(chunkSize) && chunkSize > 0, 'chunkSize', chunkSize, 'a positive integer');
  check(typeof compile === 'boolean', 'compile', compile, 'a boolean');
  check(isSize(samples), 'samples', samples, 'an integer from 0');
  check(isRowType(input), 'input', input, '{ dtype, shape }');
  check(isRowType(output), 'output', output, '{ dtype, shape }');
  return { job, mode: mode as Mode, device, dtype, chunkSize, compile, samples, input, output };
}

function check(holds: boolean, name: string, found: unknown, expected: string): asserts holds {
  if (!holds) throw new JobError('plan', `the plan has ${name} ${JSON.stringify(found)}; expected ${expected}`);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRowType(value: unknown): value is RowType {
  const { dtype, shape } = (value ?? {}) as Partial<RowType>;
  return isDtype(dtype) && Array.isArray(shape) && shape.every(isSize);
}

/** Reverse mode takes one pass per output, forward mode one per input; at equal counts a reverse pass is cheaper. */
function chooseMode(requested: Mode | 'auto', inputs: number, outputs: number): Mode {
  if (requested !== 'auto') return requested;
  return outputs > inputs ? 'fwd' : 'rev';
}

function chooseDtype({ dtype, path }: RowReader, requested: JacobianOptions['dtype']): Dtype {
  if (dtype.startsWith('complex')) {
    throw new JobError('input', `${path} holds ${dtype} values; a Jacobian job differentiates real numbers only`);
  }
  if (requested !== undefined) return requested;
  if (/^b?float/.test(dtype)) return dtype;
  throw new JobError(
    'input',
    `${path} holds ${dtype} values, which cannot be differentiated; convert them to float32 or float64`,
    { option: 'dtype' },
  );
}

/** The device, after a test that it works. */
export function checkDevice(name: string): Device {
  try {
    const device = deviceOf(name);
    torchFunctions.zeros([1], { device }).dispose();
    return device;
  } catch (error) {
    throw new JobError('device', `cannot use the device ${name}: ${messageOf(error)}`, { cause: error });
  }
}
