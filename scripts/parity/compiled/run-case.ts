/** One case: the function of a mode, compiled and compared with itself. */

import * as torch from 'torch-func';
import type { Dtype, Tensor } from 'torch-func';
import type { Case, Encoded, Program, Sample } from '../../opdb/corpus';
import { leftBehind } from '../../opdb/left-behind';
import type { Finding } from '../../opdb/suite';
import { leafTensor } from '../../opdb/tensors';
import { ParitySubject, runMode } from '../modes';
import { compareCalls } from './calls';
import type { Execution } from './execution';

export interface CompiledFinding extends Finding {
  /** Null where the function throws an error. */
  execution: Execution | null;
}

type Leaves = Tensor[];

/**
 * A program that does not set the seed, and the seed: a function that sets it is not compiled, so the caller sets it.
 */
function withoutSeed(program: Program): { program: Program; seed: number } {
  if ('fn' in program || !('seed' in program.steps[0])) return { program, seed: 0 };
  const [{ seed }, ...steps] = program.steps;
  const shift = (value: Encoded): Encoded => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(shift);
    if ('r' in value) return { r: [value.r[0] - 1, ...value.r.slice(1)] };
    if ('d' in value) return { d: shiftAll(value.d) };
    return 'c' in value ? { c: [shift(value.c[0]), shift(value.c[1])] } : value;
  };
  const shiftAll = (values: Record<string, Encoded>) =>
    Object.fromEntries(Object.entries(values).map(([name, item]) => [name, shift(item)]));
  const moved = steps.map((step) =>
    'seed' in step ? step : { ...step, args: step.args.map(shift), kwargs: shiftAll(step.kwargs) },
  );
  return { program: { steps: moved, result: shift(program.result) }, seed };
}

/** The sample with programs that do not set the seed, and the seed of its main program. */
export function withoutSeeds(sample: Sample): { sample: Sample; seed: number } {
  const { program, seed } = withoutSeed(sample.program);
  const variants = Object.entries(sample.variants).map(([name, item]) => [name, withoutSeed(item).program] as const);
  return { sample: { ...sample, program, variants: Object.fromEntries(variants) }, seed };
}

/** The function of a case. In the modes `inplace` and `out`, it writes to its arguments. */
function functionOf(sample: Sample, description: Case, values: Uint8Array) {
  return (leaves: Leaves, out: Leaves): unknown => {
    const subject = new ParitySubject(sample, values, leaves);
    if (description.mode === 'inplace') return subject.call(leaves, 'inplace');
    if (description.mode !== 'out') return runMode(subject, description);
    return subject.call(leaves, undefined, { out: out.length === 1 ? out[0] : out });
  };
}

/** Whether the corpus has the elements of the results: not of memory that nothing was written to. */
export function hasElements(value: Encoded | undefined): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(hasElements);
  if ('T' in value) return value.T[2] >= 0;
  return 'd' in value ? Object.values(value.d).every(hasElements) : true;
}

/** Runs a case. `why` is null if all calls of the compiled function give what the function gives. */
export function runCase(sample: Sample, description: Case, values: Uint8Array): CompiledFinding {
  const { sample: unseeded, seed } = withoutSeeds(sample);
  const f = functionOf(unseeded, description, values);
  const { why, execution } = compareCalls(f, {
    args: (other) => [
      sample.leaves.map((spec) => leafTensor(values, spec, other)),
      (description.out ?? []).map(([dtype, shape]) => torch.zeros(shape, { dtype: dtype as Dtype })),
    ],
    seed,
    elements: hasElements(description.ok),
    tolerance: sample.tolerance,
  });
  const found = [leftBehind(), why].filter((line) => line !== null);
  return { why: found.length > 0 ? found.join('\n') : null, execution };
}
