/** Computes the Jacobians of a range of samples, chunk by chunk. */

import { setImmediate } from 'node:timers/promises';

import { native } from '../../native';
import { scope } from '../../scope';
import type { Tensor } from '../../tensor';
import { JobError, writing } from '../errors';
import type { SampleFunction } from '../function/sample-function';
import { type JobHooks, invokeDirectly } from '../hooks';
import type { RowReader, RowType, RowWriter } from '../rows';
import { type JacobianPlan, checkDevice } from './plan';
import { SampleSource } from './samples';
import { ChunkComputer, type CompilationFigures } from './transform';

/**
 * Milliseconds of work between two turns of the event loop. Chunks may be tiny, and a turn, with the
 * change of signal handlers around interruptible work, costs more than they do.
 */
const SLICE = 100;

/** What a plan is carried out with. */
export interface JacobianParts {
  readonly fn: SampleFunction;
  readonly reader: RowReader;
  readonly writer: RowWriter;
}

/** Samples `start` to `end`, exclusive. */
export interface SampleRange {
  readonly start: number;
  readonly end: number;
}

/** The figures of a finished range. Those of several ranges add up to those of the job. */
export interface RangeReport {
  readonly samples: number;
  /** How many values of the Jacobians are NaN or infinite. */
  readonly nonFiniteValues: number;
  /** How many samples have such values. */
  readonly nonFiniteSamples: number;
  readonly compilation: CompilationFigures;
}

/**
 * Computes a range of a plan and writes the rows of the range. The ranges of a plan are independent:
 * they may be computed in any order and in different processes. The writer is not finished.
 *
 * @param range By default all samples.
 * @throws JobError if the parts do not fit the plan, or a chunk cannot be read, computed or written.
 */
export async function runJacobian(
  plan: JacobianPlan,
  { fn, reader, writer }: JacobianParts,
  range: SampleRange = { start: 0, end: plan.samples },
  { onProgress, signal, invoke = invokeDirectly }: JobHooks = {},
): Promise<RangeReport> {
  checkParts(plan, reader, writer);
  checkRange(plan, range);
  const source = new SampleSource(reader, plan.dtype, checkDevice(plan.device));
  const computer = new ChunkComputer(fn, plan.mode, plan.compile);
  const total = range.end - range.start;
  if (writer.rowBytes === 0) {
    // No values to compute. The number of samples is then not bounded by the size of any file.
    onProgress?.(total, total);
    return { samples: total, nonFiniteValues: 0, nonFiniteSamples: 0, compilation: computer.figures() };
  }
  // One buffer for the values of all chunks, for the reason given in samples.ts.
  const buffer = new Uint8Array(writer.rowBytes * Math.min(plan.chunkSize, total));
  let done = 0;
  let nonFiniteValues = 0;
  let nonFiniteSamples = 0;

  const computeChunk = (): void => {
    const start = range.start + done;
    const count = Math.min(plan.chunkSize, total - done);
    scope(() => {
      const result = computer.jacobiansOf(source.read(start, count)).detach();
      checkResult(plan, fn, result, start, count);
      const bytes = native.dataInto(result, buffer);
      writing(writer.path, () => {
        writer.writeRows(start, buffer.subarray(0, bytes));
      });
      const nonFinite = countNonFinite(result);
      nonFiniteValues += nonFinite.values;
      nonFiniteSamples += nonFinite.samples;
    });
    done += count;
  };
  const computeSlice = (): void => {
    const end = performance.now() + SLICE;
    try {
      do computeChunk();
      while (done < total && performance.now() < end);
    } catch (error) {
      throw fn.explain(error);
    }
  };

  while (done < total) {
    // Signal handlers run now.
    await setImmediate();
    signal?.throwIfAborted();
    invoke(computeSlice);
    onProgress?.(done, total);
  }
  return { samples: total, nonFiniteValues, nonFiniteSamples, compilation: computer.figures() };
}

function countNonFinite(result: Tensor): { values: number; samples: number } {
  const finite = result.isfinite();
  if (finite.all().item()) return { values: 0, samples: 0 };
  const nonFinite = finite.logicalNot().reshape([result.shape[0], -1]);
  return { values: Number(nonFinite.sum().item()), samples: Number(nonFinite.any(1).sum().item()) };
}

function checkParts({ samples, input, output }: JacobianPlan, reader: RowReader, writer: RowWriter): void {
  const roles = [
    { array: reader, type: input },
    { array: writer, type: output },
  ];
  for (const { array, type } of roles) {
    const planned = arrayText(samples, type);
    const found = arrayText(array.rows, { dtype: array.dtype, shape: array.rowShape });
    if (found !== planned) throw new JobError('plan', `${array.path} is ${found}; the plan is for ${planned}`);
  }
}

/** The plan was made with the first sample; the result must not depend on the values of the samples in shape or dtype. */
function checkResult({ output }: JacobianPlan, fn: SampleFunction, result: Tensor, start: number, count: number): void {
  const planned = arrayText(count, output);
  const found = arrayText(result.shape[0], { dtype: result.dtype, shape: result.shape.slice(1) });
  if (found === planned) return;
  throw fn.error(
    `has Jacobians that differ between samples: ${found} for samples ${start} to ${start + count - 1}, ` +
      `but ${planned} was planned from the first sample`,
  );
}

function checkRange({ samples }: JacobianPlan, { start, end }: SampleRange): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (whole && 0 <= start && start <= end && end <= samples) return;
  throw new JobError('plan', `the range from ${start} to ${end} is not within the ${samples} samples of the plan`);
}

/** As in `float64 of shape [10, 3, 2]`. */
function arrayText(rows: number, { dtype, shape }: RowType): string {
  return `${dtype} of shape [${[rows, ...shape].join(', ')}]`;
}
