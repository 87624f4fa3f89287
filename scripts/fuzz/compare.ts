/** A program, compiled and not: everything that a caller can see must be the same. */

import type * as torch from '../../lib';
import type { Program } from './program';

type Torch = typeof torch;
type Tensor = torch.Tensor;

export type Verdict = { kind: 'same' | 'failing' } | { kind: 'refused' | 'different'; why: string };

/** How results are compared. */
interface Comparison {
  /** Of sums whose order differs, relative to the largest value of the result. */
  tolerance: number;
  /** NaN and infinities of eager execution may be any number. */
  ignoresNonFinite: boolean;
  strides: boolean;
}

function leavesOf(torch: Torch, value: unknown): Tensor[] {
  if (value instanceof torch.Tensor) return [value];
  return Array.isArray(value) ? (value as unknown[]).flatMap((item) => leavesOf(torch, item)) : [];
}

function differenceOf(torch: Torch, actual: Tensor, expected: Tensor, comparison: Comparison): string | null {
  const { tolerance, ignoresNonFinite, strides } = comparison;
  const form = (t: Tensor): string =>
    `${t.dtype}[${t.shape.join(', ')}]${strides ? ` strides [${t.strides.join(', ')}]` : ''}`;
  if (form(actual) !== form(expected)) return `${form(actual)} instead of ${form(expected)}`;
  if (expected.numel() === 0) return null;
  const [a, b] = [actual.to('float64'), expected.to('float64')];
  const same = a.eq(b).logicalOr(ignoresNonFinite ? b.isfinite().logicalNot() : a.isnan().logicalAnd(b.isnan()));
  const scale = Math.max(
    1,
    torch
      .where(b.isfinite(), b.abs(), torch.zeros([], { dtype: 'float64' }))
      .max()
      .item(),
  );
  const near = a
    .sub(b)
    .abs()
    .le(expected.isFloatingPoint() ? tolerance * scale : 0);
  const wrong = same.logicalOr(near).logicalNot();
  if (!wrong.any().item<boolean>()) return null;
  const at = wrong.reshape([-1]).to('int64').argmax().item();
  return `${a.reshape([-1]).select(0, at).item()} instead of ${b.reshape([-1]).select(0, at).item()} at ${at} of ${form(expected)}`;
}

/** One call, and what the caller sees of it: the results, arguments and tensors from outside. */
function seen(
  torch: Torch,
  f: (...inputs: Tensor[]) => unknown,
  program: Program,
  outside: Tensor[],
  seed: number,
): Tensor[] {
  const inputs = program.inputs(seed);
  torch.manualSeed(seed + 1);
  const outputs = leavesOf(torch, f(...inputs));
  return [...outputs, ...inputs, ...outside];
}

export function compare(torch: Torch, program: Program): Verdict {
  const [outside, outsideEager] = [program.outside(), program.outside()];
  const eager = program.build(outsideEager);
  const { strictZeros, tolerance, ignoresNonFinite, ignoresStrides } = program;
  const compiled = torch.compile(program.build(outside), { strictZeros });
  for (let call = 0; call < 3; call++) {
    let expected: Tensor[];
    try {
      expected = seen(torch, eager, program, outsideEager, 10 + call);
    } catch (error) {
      try {
        seen(torch, compiled, program, outside, 10 + call);
      } catch (other) {
        if (firstLine(other) === firstLine(error)) return { kind: 'failing' };
        return { kind: 'different', why: `call ${call} throws ${firstLine(other)} instead of ${firstLine(error)}` };
      }
      // A compiled function does not compute what nobody uses, and so does not find errors in it. Decomposed operators
      // keep other values for the backward pass.
      if (call > 0 || firstLine(error).includes('modified by an inplace operation')) return { kind: 'failing' };
      return { kind: 'different', why: `call ${call} does not throw ${firstLine(error)}` };
    }
    let actual: Tensor[];
    try {
      actual = seen(torch, compiled, program, outside, 10 + call);
    } catch (error) {
      return { kind: 'different', why: `call ${call} throws ${firstLine(error)}` };
    }
    const compareAll = (what: string, strides: boolean): string | null => {
      const comparison = { tolerance, ignoresNonFinite, strides };
      if (actual.length !== expected.length) return `${what}: ${actual.length} tensors instead of ${expected.length}`;
      for (let i = 0; i < expected.length; i++) {
        const why = differenceOf(torch, actual[i], expected[i], comparison);
        if (why !== null) return `${what}, tensor ${i}: ${why}`;
      }
      return null;
    };
    const why =
      compareAll(`call ${call}`, !ignoresStrides) ??
      writeToAll(actual, expected) ??
      compareAll(`call ${call}, written to`, false);
    if (why !== null) return { kind: 'different', why };
  }
  const [{ isCompiled, reasons }] = compiled.explain();
  return isCompiled ? { kind: 'same' } : { kind: 'refused', why: reasons[0] };
}

// Tensors that share memory all change when one is written to.
function writeToAll(actual: readonly Tensor[], expected: readonly Tensor[]): null {
  for (let i = 0; i < expected.length; i++) {
    if (!expected[i].isFloatingPoint()) continue;
    try {
      expected[i].add_(i + 1);
    } catch {
      continue; // expanded: several elements are the same memory
    }
    actual[i].add_(i + 1);
  }
  return null;
}

function firstLine(error: unknown): string {
  return String((error as Error).message).split('\n')[0];
}
