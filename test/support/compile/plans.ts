/** Comparison of compiled functions with eager execution, on other numbers than those of the recorded call. */

import * as torch from '../../../lib';

export type Func = (...args: torch.Tensor[]) => torch.Tensor | torch.Tensor[];
export type Shape = number[] | (() => torch.Tensor);

export interface Case {
  name: string;
  func: Func;
  shapes: Shape[];
  /** Largest difference relative to the largest element; 0: the same bits. */
  tolerance?: number;
}

const make = (shape: Shape): torch.Tensor => (typeof shape === 'function' ? shape() : torch.randn(shape));
const list = (result: torch.Tensor | torch.Tensor[]): torch.Tensor[] => (Array.isArray(result) ? result : [result]);

export function expectSame(actual: torch.Tensor, expected: torch.Tensor, tolerance: number): void {
  expect(actual.dtype).toBe(expected.dtype);
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.stride()).toEqual(expected.stride());
  if (tolerance === 0 || expected.numel() === 0 || !(expected.isFloatingPoint() || expected.isComplex())) {
    expect(torch.allclose(actual, expected, 0, 0, true)).toBe(true);
    return;
  }
  const scale = expected.abs().max().item() as number;
  const difference = actual.sub(expected).abs().max().item() as number;
  expect(difference).toBeLessThanOrEqual(tolerance * Math.max(scale, 1e-30));
}

export function check({ func, shapes, tolerance = 2e-6 }: Case): void {
  const compiled = torch.compile(func, { fullgraph: true });
  compiled(...shapes.map(make));
  for (let i = 0; i < 2; i++) {
    const args = shapes.map(make);
    const seed = 5 + i;
    torch.manualSeed(seed);
    const expected = list(func(...args.map((arg) => arg.clone())));
    torch.manualSeed(seed);
    const actual = list(compiled(...args));
    expect(actual.length).toBe(expected.length);
    actual.forEach((tensor, k) => expectSame(tensor, expected[k]!, tolerance));
  }
}
