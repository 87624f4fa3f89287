/** Tests of graph passes: what a graph looks like after them, and that it computes what it computed before. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';

export interface PassCase {
  f: (inputs: Tensor[]) => Tensor[];
  /** Makes other inputs each time. */
  inputs: () => Tensor[];
  /** The names of the passes; the whole pipeline if none are given. */
  passes?: string[];
  /** Relative to the largest element; bit for bit without. */
  tolerance?: number;
  strictZeros?: boolean;
}

export interface PassOutcome {
  before: string;
  after: string;
  reports: { name: string; before: number; after: number; milliseconds: number }[];
}

function expectSame(actual: Tensor | null, expected: Tensor | null, tolerance: number): void {
  if (actual === null || expected === null) {
    expect(actual).toBe(expected);
    return;
  }
  expect([actual.shape, actual.dtype, actual.stride()]).toEqual([expected.shape, expected.dtype, expected.stride()]);
  if (tolerance === 0 && actual.numel() > 1000) {
    expect(torch.equal(actual, expected)).toBe(true);
    return;
  }
  if (tolerance === 0) {
    expect(actual.toArray()).toEqual(expected.toArray());
    return;
  }
  const scale = Math.max(expected.abs().max().item() as number, 1e-30);
  expect((actual.sub(expected).abs().max().item() as number) / scale).toBeLessThanOrEqual(tolerance);
}

/** Records the function, applies the passes, and compares both graphs on two sets of other inputs. */
export function runPasses({ f, inputs, passes = [], tolerance = 0, strictZeros = false }: PassCase): PassOutcome {
  const { reason, before, after, reports, runs } = native.testPasses(
    f,
    inputs(),
    [inputs(), inputs()],
    passes,
    strictZeros,
  );
  expect(reason).toBe('');
  for (const { actual, expected } of runs) {
    actual.outputs.forEach((output, i) => expectSame(output, expected.outputs[i], tolerance));
    actual.inputs.forEach((input, i) => expectSame(input, expected.inputs[i], tolerance));
    expect(actual.memory).toEqual(expected.memory);
  }
  return { before, after, reports };
}

/** Why a pass refuses a function. */
export function refusal({ f, inputs, passes = [] }: PassCase): string {
  return native.testPasses(f, inputs(), [], passes, false).reason;
}

/** The operators of a printed graph, in order: 'mul.Tensor', 'sin', ... */
export function operators(graph: string): string[] {
  return [...graph.matchAll(/ = aten::(\w+(?:\.\w+)?)\(/g)].map(([, name]) => name);
}

/** A tensor of random numbers. */
export const random =
  (...shapes: number[][]): (() => Tensor[]) =>
  () =>
    shapes.map((shape) => torch.randn(shape));
