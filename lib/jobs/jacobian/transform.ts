/** The Jacobians of a batch of samples: `vmap(jacrev(f))` or `vmap(jacfwd(f))`, compiled. */

import { compile } from '../../compile';
import { jacfwd, jacrev, vmap } from '../../func';
import type { Tensor } from '../../tensor';
import type { SampleFunction } from '../function/sample-function';

/** Reverse or forward mode. */
export type Mode = 'rev' | 'fwd';

/** A function that takes samples of shape (N, ...in) to Jacobians of shape (N, ...out, ...in). */
export type BatchJacobian = (samples: Tensor) => Tensor;

export function batchJacobian(fn: SampleFunction, mode: Mode): BatchJacobian {
  return vmap(mode === 'rev' ? jacrev(fn.call) : jacfwd(fn.call)) as BatchJacobian;
}

/** How the chunks of a job were computed. Figures of several ranges add up. */
export interface CompilationFigures {
  /** Why the function was not compiled; null if it was, or was not to be. */
  readonly notCompiled: string | null;
  /** Samples that ran operator by operator, to be compared with those below. */
  readonly plain: { readonly samples: number; readonly seconds: number };
  /** The chunks that ran what was compiled. */
  readonly compiled: { readonly samples: number; readonly seconds: number };
}

/** The part of a chunk that also runs operator by operator, once for a job. */
const MEASURED_PART = 1 / 8;

/** Computes Jacobians, and adds their number and time to the figures. */
function timed(total: { samples: number; seconds: number }, samples: Tensor, compute: BatchJacobian): Tensor {
  const started = performance.now();
  const result = compute(samples);
  total.samples += samples.shape[0];
  total.seconds += (performance.now() - started) / 1000;
  return result;
}

/** Computes chunks, and measures what compiling gains. */
export class ChunkComputer {
  private readonly plain = { samples: 0, seconds: 0 };
  private readonly compiled = { samples: 0, seconds: 0 };
  private readonly jacobians: BatchJacobian;
  private readonly compute: BatchJacobian;
  private readonly reason: () => string | null;
  private readonly known = new Set<number>();

  constructor(
    fn: SampleFunction,
    mode: Mode,
    private readonly compiles: boolean,
  ) {
    this.jacobians = batchJacobian(fn, mode);
    if (!compiles) {
      this.compute = this.jacobians;
      this.reason = () => null;
      return;
    }
    const compiled = compile(this.jacobians);
    this.compute = compiled;
    this.reason = () => compiled.explain().find(({ isCompiled }) => !isCompiled)?.reasons[0] ?? null;
  }

  jacobiansOf(samples: Tensor): Tensor {
    const count = samples.shape[0];
    const isMeasured = this.compiles && this.known.has(count);
    this.known.add(count);
    if (isMeasured && this.plain.samples === 0 && this.reason() === null) {
      const part = samples.narrow(0, 0, Math.ceil(count * MEASURED_PART));
      timed(this.plain, part, this.jacobians).dispose();
    }
    // The first chunk of each size is recorded.
    return isMeasured ? timed(this.compiled, samples, this.compute) : this.compute(samples);
  }

  figures(): CompilationFigures {
    return { notCompiled: this.reason(), plain: { ...this.plain }, compiled: { ...this.compiled } };
  }
}

/** How many times faster compiled samples were than others; null if that was not measured. */
export function gainOf({ notCompiled, plain, compiled }: CompilationFigures): number | null {
  if (notCompiled !== null || plain.samples === 0 || compiled.samples === 0 || compiled.seconds === 0) return null;
  return plain.seconds / plain.samples / (compiled.seconds / compiled.samples);
}
