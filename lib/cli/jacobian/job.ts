/**
 * The job behind `torch-func jacobian`: `vmap(jacrev(f))` or `vmap(jacfwd(f))` over a file, chunk
 * by chunk.
 */

import { setImmediate } from 'node:timers/promises';

import * as torch from '../../index';
import type { Tensor } from '../../index';
import { type NpyDtype, allocateBytes, isNpyDtype, itemsizeOf } from '../../npy/dtypes';
import { elementCount } from '../../npy/header';
import { NpyReader } from '../../npy/reader';
import { dataInto, tensorFromData } from '../../npy/tensors';
import { NpyWriter } from '../../npy/writer';
import { CommandFailure, messageOf } from '../failure';
import { type ChunkSizeInput, defaultChunkSize, trialSize } from './chunk-size';
import { peakMemory } from './peak-memory';
import type { SampleFunction } from './sample-function';
import type { JacobianSummary } from './summary';

/** What is to be computed. */
export interface JacobianJob {
  readonly fn: SampleFunction;
  /** An .npy file of shape (N, ...in). */
  readonly input: string;
  /** The .npy file to write, of shape (N, ...out, ...in). */
  readonly output: string;
  readonly mode?: 'rev' | 'fwd' | 'auto';
  readonly device?: string;
  /** What the input is converted to; by default it stays as it is. */
  readonly dtype?: 'float32' | 'float64';
  readonly chunkSize?: number;
}

/**
 * Milliseconds of work between two turns of the event loop: chunks may be tiny, and a turn, with the
 * change of signal handlers around interruptible work, costs more than they do.
 */
const SLICE = 100;

/** How the job gets on with the program around it. */
export interface JobSurroundings {
  /** Told now and then how many samples are done. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Looked at between two pieces of work; the job then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Calls everything that may take long, so that it can be interrupted. */
  readonly invoke?: <T>(work: () => T) => T;
}

type Dtype = 'float16' | 'float32' | 'float64';

/**
 * Computes the Jacobian of a function for every sample of a file.
 *
 * @throws CommandFailure for everything that is wrong with files or function; the output file is
 * then not there, or what it was before.
 */
export async function runJacobianJob(
  job: JacobianJob,
  { onProgress, signal, invoke = (work) => work() }: JobSurroundings = {},
): Promise<JacobianSummary> {
  const started = performance.now();
  using reader = openInput(job.input);
  const source = new SampleSource(reader, chooseDtype(reader, job.dtype), deviceOf(job.device));
  const plan = invoke(() => planJob(job, source));
  const total = reader.rows;

  using writer = createOutput(job.output, plan.dtype, [total, ...plan.jacobianShape]);
  // The file may be left for dead by a process.exit() in the user's function.
  const abandon = (): void => {
    writer.abort();
  };
  process.once('exit', abandon);
  try {
    let done = 0;
    let nonFiniteValues = 0;
    let nonFiniteSamples = 0;
    // One buffer for the values of all chunks: typed arrays left to the collector would lie scattered
    // between the tensors of later chunks, and the process would grow to several times what it uses.
    const perSample = itemsizeOf(plan.dtype) * elementCount(plan.jacobianShape);
    const buffer = new Uint8Array(perSample * Math.min(plan.chunkSize, total));
    const computeSlice = (): void => {
      const end = performance.now() + SLICE;
      do {
        const count = Math.min(plan.chunkSize, total - done);
        const chunk = computeChunk(job.fn, source, plan.jacobians, done, count, buffer);
        writing(job.output, () => {
          writer.write(chunk.data);
        });
        nonFiniteValues += chunk.nonFiniteValues;
        nonFiniteSamples += chunk.nonFiniteSamples;
        done += count;
      } while (done < total && performance.now() < end);
    };
    while (done < total) {
      // Lets signal handlers run.
      await setImmediate();
      signal?.throwIfAborted();
      invoke(computeSlice);
      onProgress?.(done, total);
    }
    await setImmediate();
    signal?.throwIfAborted();
    writing(job.output, () => {
      writer.finish();
    });
    const seconds = (performance.now() - started) / 1000;
    return {
      samples: total,
      seconds,
      samplesPerSecond: total / seconds,
      device: String(source.device),
      peakMemoryBytes: peakMemory(),
      mode: plan.mode,
      dtype: plan.dtype,
      shape: [total, ...plan.jacobianShape],
      chunkSize: plan.chunkSize,
      nonFiniteValues,
      nonFiniteSamples,
      output: job.output,
    };
  } finally {
    process.off('exit', abandon);
  }
}

/** The samples of a file as tensors. */
class SampleSource {
  constructor(
    private readonly reader: NpyReader,
    readonly dtype: Dtype,
    readonly device: torch.Device,
  ) {}

  get total(): number {
    return this.reader.rows;
  }

  get shape(): readonly number[] {
    return this.reader.rowShape;
  }

  // What the file's values go through on their way into tensors; as large as the largest chunk so far.
  private scratch = allocateBytes(0);

  /** Samples `start` to `start + count`, stacked. */
  read(start: number, count: number): Tensor {
    const { dtype } = this.reader;
    const bytes = count * elementCount(this.shape) * itemsizeOf(dtype);
    if (this.scratch.length < bytes) this.scratch = allocateBytes(bytes);
    const data = reading(this.reader.path, () => this.reader.readRows(start, count, this.scratch));
    const stacked = tensorFromData(data, dtype, [count, ...this.shape]);
    return stacked.to({ dtype: this.dtype, device: this.device });
  }

  /** The first sample as a stack of one; zeros where there is none. */
  first(): Tensor {
    if (this.total > 0) return this.read(0, 1);
    return torch.zeros([1, ...this.shape], { dtype: this.dtype, device: this.device });
  }
}

type Transform = (x: Tensor) => Tensor;

interface Plan {
  readonly mode: 'rev' | 'fwd';
  readonly jacobians: Transform;
  readonly jacobianShape: readonly number[];
  readonly dtype: NpyDtype;
  readonly chunkSize: number;
}

/** Tries the function on the first sample to learn what it gives and what it takes. */
function planJob(job: JacobianJob, source: SampleSource): Plan {
  const { fn } = job;
  try {
    return torch.scope(() => {
      const first = source.first();
      const y = torch.noGrad(() => fn.evaluate(first.select(0, 0)));
      const inputs = elementCount(source.shape);
      const outputs = y.numel();
      const mode = chooseMode(job.mode ?? 'auto', inputs, outputs);
      const jacobians = batchJacobian(fn, mode);
      const size: ChunkSizeInput = {
        mode,
        inputs,
        outputs,
        bytesPerElement: itemsizeOf(source.dtype),
        device: source.device.type === 'cuda' ? 'cuda' : 'cpu',
      };
      const trial = Math.min(job.chunkSize ?? Infinity, trialSize(size));
      const copies = first.repeat([trial, ...source.shape.map(() => 1)]);
      const bytesBefore = torch.memoryUsage().bytes;
      const result = jacobians(copies);
      const bytes = torch.memoryUsage().bytes - bytesBefore;
      if (!isNpyDtype(result.dtype)) {
        throw new CommandFailure(`the Jacobian is of ${result.dtype}, which no .npy file can hold`);
      }
      const jacobianShape = result.shape.slice(1);
      const chunkSize = job.chunkSize ?? defaultChunkSize(size, bytes / trial);
      return { mode, jacobians, jacobianShape, dtype: result.dtype, chunkSize };
    });
  } catch (error) {
    throw fn.explain(error);
  }
}

/**
 * Reverse mode costs one pass for every output, forward mode one for every input; at equal counts
 * the reverse pass is the cheaper one.
 */
function chooseMode(asked: 'rev' | 'fwd' | 'auto', inputs: number, outputs: number): 'rev' | 'fwd' {
  if (asked !== 'auto') return asked;
  return outputs > inputs ? 'fwd' : 'rev';
}

function batchJacobian(fn: SampleFunction, mode: 'rev' | 'fwd'): Transform {
  const jacobian = mode === 'rev' ? torch.func.jacrev(fn.call) : torch.func.jacfwd(fn.call);
  return torch.func.vmap(jacobian) as Transform;
}

interface Chunk {
  readonly data: ArrayBufferView;
  readonly nonFiniteValues: number;
  readonly nonFiniteSamples: number;
}

function computeChunk(
  fn: SampleFunction,
  source: SampleSource,
  jacobians: Transform,
  start: number,
  count: number,
  buffer: Uint8Array,
): Chunk {
  try {
    return torch.scope(() => {
      const result = jacobians(source.read(start, count)).detach();
      return { data: dataInto(result, buffer), ...countNonFinite(result) };
    });
  } catch (error) {
    throw fn.explain(error);
  }
}

function countNonFinite(result: Tensor): Pick<Chunk, 'nonFiniteValues' | 'nonFiniteSamples'> {
  const finite = result.isfinite();
  if (finite.all().item()) return { nonFiniteValues: 0, nonFiniteSamples: 0 };
  const wrong = finite.logicalNot().reshape([result.shape[0], -1]);
  return {
    nonFiniteValues: Number(wrong.sum().item()),
    nonFiniteSamples: Number(wrong.any(1).sum().item()),
  };
}

function openInput(file: string): NpyReader {
  const reader = reading(file, () => NpyReader.open(file));
  if (reader.shape.length > 0) return reader;
  reader.close();
  throw new CommandFailure(`${file} holds a single number; expected an array of samples, of shape (N, ...)`);
}

function chooseDtype(reader: NpyReader, wanted: JacobianJob['dtype']): Dtype {
  const { dtype, path } = reader;
  if (dtype.startsWith('complex')) {
    throw new CommandFailure(`${path} holds ${dtype} values; only real numbers are differentiated`);
  }
  if (wanted !== undefined) return wanted;
  if (dtype.startsWith('float')) return dtype as Dtype;
  throw new CommandFailure(
    `${path} holds ${dtype} values, by which nothing can be differentiated; ` +
      'convert them with --dtype float32 or --dtype float64',
  );
}

function deviceOf(name = 'cpu'): torch.Device {
  try {
    const device = torch.device(name);
    torch.zeros([1], { device });
    return device;
  } catch (error) {
    throw new CommandFailure(`cannot use the device ${name}: ${messageOf(error)}`, 1, {
      cause: error,
    });
  }
}

/** Runs something that reads the input, and says so when it fails. */
function reading<T>(file: string, work: () => T): T {
  return naming(`cannot read ${file}`, work);
}

/** Runs something that writes the output, and says so when it fails. */
function writing<T>(file: string, work: () => T): T {
  return naming(`cannot write ${file}`, work);
}

function createOutput(file: string, dtype: NpyDtype, shape: readonly number[]): NpyWriter {
  return writing(file, () => NpyWriter.create(file, { dtype, shape }));
}

function naming<T>(action: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = messageOf(error);
    const text = message.startsWith(action) ? message : `${action}: ${message}`;
    throw new CommandFailure(text, 1, { cause: error });
  }
}
