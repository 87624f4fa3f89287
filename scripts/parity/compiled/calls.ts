/** Calls a function, compiled and not, and compares all that a caller sees. */

import * as torch from 'torch-func';
import { tensorsOf } from '../../opdb/subject';
import { isDifferentiable } from '../../opdb/tensors';
import { differences, type Exactness } from './compare';
import { executionOf, type Execution } from './execution';

type AnyFunction = (...args: never[]) => unknown;

export interface Comparison {
  /** What differs, line by line; null if nothing does. */
  why: string | null;
  /** Null where the function throws an error. */
  execution: Execution | null;
}

export interface Calls extends Partial<Exactness> {
  /** New arguments for a call; with `other`, other values of the same dtypes and shapes. */
  args(other: boolean): unknown[];
  /** The seed before each call. */
  seed?: number;
}

/** What a call did: its result or its error, and its arguments as it left them. */
interface Done {
  value?: unknown;
  error?: Error;
  args: unknown[];
}

function call(f: AnyFunction, args: unknown[], seed: number): Done {
  torch.manualSeed(seed);
  try {
    return { value: f(...(args as never[])), args };
  } catch (error) {
    return { error: error as Error, args };
  }
}

/** The positions of the tensors of a result among the arguments, and among the earlier tensors of the result. */
function identities({ value, args }: Done): string {
  const known = tensorsOf(args);
  const positions = tensorsOf(value).map((x) => {
    const position = known.indexOf(x);
    if (position < 0) known.push(x);
    return position;
  });
  return positions.join();
}

/** Writes to all tensors that can be written to, so that those that share memory with another one change. */
function writeToAll(model: Done, ...others: Done[]): void {
  const targets = others.map(({ value, args }) => tensorsOf([value, args]));
  tensorsOf([model.value, model.args]).forEach((x, i) => {
    if (!x.isFloatingPoint()) return;
    try {
      x.detach().mul_(i + 2);
    } catch {
      return; // expanded: several elements are the same memory
    }
    for (const tensors of targets) tensors[i].detach().mul_(i + 2);
  });
}

/** Changes the last bits of the elements of floating-point and complex tensors. */
export function perturb(args: unknown[]): unknown[] {
  for (const x of tensorsOf(args)) {
    if (!isDifferentiable(x) || x.layout !== 'strided') continue;
    const { eps } = torch.finfo(x.dtype);
    try {
      x.detach().mul_(torch.rand(x.shape, { dtype: 'float64' }).sub(0.5).sign().mul(eps).add(1).to(x.dtype));
    } catch {
      continue; // expanded: several elements are the same memory
    }
  }
  return args;
}

/** Compares; where elements differ, once more with what the last bits of the arguments change. */
function callDifferences(actual: Done, expected: Done, exactness: Exactness, again: (i: number) => Done): string[] {
  const found = differencesOf(actual, expected, exactness);
  if (found.length === 0 || exactness.exact || expected.error !== undefined) return found;
  const perturbed = Array.from({ length: 3 }, (_, i) => again(i).value);
  return differencesOf(actual, expected, { ...exactness, perturbed });
}

function differencesOf(actual: Done, expected: Done, exactness: Exactness): string[] {
  return [
    ...differences(actual.value, expected.value, exactness, 'result'),
    ...differences(actual.args, expected.args, { ...exactness, perturbed: undefined }, 'arguments'),
  ];
}

function doneDifferences(actual: Done, expected: Done, exactness: Exactness, again: (i: number) => Done): string[] {
  const [got, wanted] = [actual, expected].map(({ error }) => (error ? `${error.name}: ${error.message}` : 'no error'));
  if (got !== wanted) return [`${got.split('\n')[0]}; eagerly ${wanted.split('\n')[0]}`];
  const found = callDifferences(actual, expected, exactness, again);
  if (found.length > 0 || actual.error !== undefined) return found;
  if (identities(actual) !== identities(expected)) return ['which of the tensors are the same one'];
  writeToAll(expected, actual);
  const written = (done: Done): Done => {
    writeToAll(done);
    return done;
  };
  return callDifferences(actual, expected, exactness, (i) => written(again(i))).map(
    (what) => `after writing to all tensors, ${what}`,
  );
}

/** Compares three calls: the first one is recorded, the others run what was compiled, the last one on other values. */
export function compareCalls(f: AnyFunction, { args, seed = 0, elements = true, tolerance }: Calls): Comparison {
  const exactness: Exactness = { exact: false, elements, tolerance };
  const compiled = torch.compile(f);
  const compare = (other: boolean, actual: Done, expected: Done): string[] =>
    doneDifferences(actual, expected, exactness, (i) => {
      torch.manualSeed(i);
      return call(f, perturb(args(other)), seed);
    });
  try {
    const first = call(f, args(false), seed);
    const recorded = compare(false, call(compiled, args(false), seed), first);
    if (recorded.length > 0) return { why: recorded.map((what) => `recorded: ${what}`).join('\n'), execution: null };
    if (first.error !== undefined) return { why: null, execution: null };
    const expected = call(f, args(false), seed);
    const execution = executionOf(compiled);
    exactness.exact = execution.isElementwise;
    const found = compare(false, call(compiled, args(false), seed), expected);
    const other = compare(true, call(compiled, args(true), seed), call(f, args(true), seed));
    found.push(...other.map((what) => `other values: ${what}`));
    return { why: found.length > 0 ? found.join('\n') : null, execution };
  } finally {
    compiled.reset();
  }
}
