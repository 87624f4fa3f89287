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
  /** The first chunk, during which the function runs and is recorded. */
  readonly recorded: { readonly samples: number; readonly seconds: number };
  /** The chunks that ran what was compiled. */
  readonly compiled: { readonly samples: number; readonly seconds: number };
}

/** Computes chunks, and measures what compiling gains. */
export class ChunkComputer {
  private readonly recorded = { samples: 0, seconds: 0 };
  private readonly compiled = { samples: 0, seconds: 0 };
  private readonly compute: BatchJacobian;
  private readonly reason: () => string | null;
  private readonly known = new Set<number>();

  constructor(
    fn: SampleFunction,
    mode: Mode,
    private readonly compiles: boolean,
  ) {
    const jacobians = batchJacobian(fn, mode);
    if (!compiles) {
      this.compute = jacobians;
      this.reason = () => null;
      return;
    }
    const compiled = compile(jacobians);
    this.compute = compiled;
    this.reason = () => compiled.explain().find(({ isCompiled }) => !isCompiled)?.reasons[0] ?? null;
  }

  jacobiansOf(samples: Tensor): Tensor {
    const count = samples.shape[0];
    const started = performance.now();
    const result = this.compute(samples);
    const total = this.compiles && this.known.has(count) ? this.compiled : this.recorded;
    this.known.add(count);
    total.samples += count;
    total.seconds += (performance.now() - started) / 1000;
    return result;
  }

  figures(): CompilationFigures {
    return { notCompiled: this.reason(), recorded: { ...this.recorded }, compiled: { ...this.compiled } };
  }
}

/** How many times faster the compiled chunks were than those that ran the function; null if that was not measured. */
export function gainOf({ notCompiled, recorded, compiled }: CompilationFigures): number | null {
  if (notCompiled !== null || recorded.samples === 0 || compiled.samples === 0 || compiled.seconds === 0) return null;
  return recorded.seconds / recorded.samples / (compiled.seconds / compiled.samples);
}
