/** A whole Jacobian job: from one file to another. */

import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import { JobError, writing } from '../errors';
import { createRows, openRows } from '../files';
import type { SampleFunction } from '../function/sample-function';
import { type JobHooks, invokeDirectly } from '../hooks';
import { peakMemory } from '../peak-memory';
import { type JacobianOptions, type JacobianPlan, planJacobian } from './plan';
import { type RangeReport, runJacobian } from './run';
import { gainOf } from './transform';

/** What to compute, from where to where. */
export interface JacobianJob extends JacobianOptions {
  readonly fn: SampleFunction;
  /** A file of samples, shape (N, ...in). */
  readonly input: string;
  /** The file to write, shape (N, ...out, ...in). It is replaced when the job is complete. */
  readonly output: string;
}

/** The figures of a finished job. */
export interface JacobianReport
  extends Omit<RangeReport, 'compilation'>, Pick<JacobianPlan, 'mode' | 'device' | 'chunkSize' | 'compile'> {
  readonly seconds: number;
  readonly samplesPerSecond: number;
  /**
   * How many times faster compiled Jacobians were computed than part of a chunk that ran operator by operator, without
   * reading and writing; null if there was one chunk, or nothing was compiled.
   */
  readonly compiledSpeedup: number | null;
  /** Why the Jacobians were not compiled; null if they were, or were not to be. */
  readonly notCompiled: string | null;
  /** The peak memory of the process, with libtorch and Node.js. */
  readonly peakMemoryBytes: number;
  /** The dtype and the shape of the array that was written. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly output: string;
}

/**
 * Computes the Jacobian of a function for every sample of a file.
 *
 * @throws JobError if a file, the function or the device cannot be used. The output file is then as it
 * was before.
 */
export async function runJacobianJob(job: JacobianJob, hooks: JobHooks = {}): Promise<JacobianReport> {
  const { invoke = invokeDirectly, signal } = hooks;
  const started = performance.now();
  using reader = openRows(job.input);
  checkOutput(job);
  const plan = invoke(() => planJacobian(job.fn, reader, job));
  using writer = createRows(job.output, plan.samples, plan.output);
  // The user's function may call process.exit(), after which no `using` ends.
  const abandon = (): void => {
    writer.abort();
  };
  process.once('exit', abandon);
  try {
    const figures = await runJacobian(plan, { fn: job.fn, reader, writer }, undefined, hooks);
    await setImmediate();
    signal?.throwIfAborted();
    writing(job.output, () => {
      writer.finish();
    });
    const seconds = (performance.now() - started) / 1000;
    return {
      samples: plan.samples,
      seconds,
      samplesPerSecond: plan.samples / seconds,
      device: plan.device,
      peakMemoryBytes: peakMemory(),
      mode: plan.mode,
      dtype: plan.output.dtype,
      shape: [plan.samples, ...plan.output.shape],
      chunkSize: plan.chunkSize,
      compile: plan.compile,
      compiledSpeedup: gainOf(figures.compilation),
      notCompiled: figures.compilation.notCompiled,
      nonFiniteValues: figures.nonFiniteValues,
      nonFiniteSamples: figures.nonFiniteSamples,
      output: job.output,
    };
  } finally {
    process.off('exit', abandon);
  }
}

/** Refuses an output that would replace a file that the job reads, by whatever path. */
function checkOutput({ fn, input, output }: JacobianJob): void {
  const target = identityOf(output);
  for (const file of [input, fn.file]) {
    if (target === undefined || identityOf(file) !== target) continue;
    throw new JobError('argument', `the output ${output} would replace ${file}, which this job reads`, {
      option: 'output',
    });
  }
}

/** The device and inode of a file, after symbolic links; undefined if it does not exist or is out of reach. */
function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = fs.statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
