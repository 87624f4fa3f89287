/** Holds the derivatives of every mode against differences of values, and vmap against a loop. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { hessian, jacfwd, jacrev } = torch.func;

export const float64 = { dtype: 'float64' } as const;

export type TensorFunction = (x: Tensor) => Tensor;
type Transform = (f: TensorFunction) => TensorFunction;

const firstOrder: Record<string, Transform> = {
  jacfwd: (f) => jacfwd(f) as TensorFunction,
  jacrev: (f) => jacrev(f) as TensorFunction,
};

const secondOrder: Record<string, Transform> = {
  'jacfwd(jacfwd)': (f) => jacfwd(jacfwd(f) as TensorFunction) as TensorFunction,
  'jacfwd(jacrev)': (f) => hessian(f) as TensorFunction,
  'jacrev(jacfwd)': (f) => jacrev(jacfwd(f) as TensorFunction) as TensorFunction,
  'jacrev(jacrev)': (f) => jacrev(jacrev(f) as TensorFunction) as TensorFunction,
};

/** Fails with what was computed and what is right, unless they are close. */
export function expectClose(what: string, got: Tensor, right: Tensor, tolerance: number): void {
  const isClose = torch.allclose(got, right.to(got.dtype).expandAs(got), { rtol: tolerance, atol: tolerance });
  if (!isClose) throw new Error(`${what}: got ${String(got)}\nright ${String(right)}`);
  expect(got.shape).toEqual(right.shape);
}

// x with element i moved by a step.
function moved(x: Tensor, ...steps: [index: number, step: number][]): Tensor {
  const result = x.clone().flatten();
  for (const [index, step] of steps) result.index(index).add_(step);
  return result.view(x.shape);
}

/** The Jacobian by central differences, their first error term removed by a second step length. */
export function jacobianByDifferences(f: TensorFunction, x: Tensor): Tensor {
  const difference = (i: number, h: number): Tensor =>
    f(moved(x, [i, h]))
      .sub(f(moved(x, [i, -h])))
      .div(2 * h);
  const columns = Array.from({ length: x.numel() }, (_, i) =>
    difference(i, 1e-3).mul(4).sub(difference(i, 2e-3)).div(3),
  );
  return torch.stack(columns, -1).view([...columns[0].shape, ...x.shape]);
}

/** The second derivatives by central differences, in the same way. */
export function hessianByDifferences(f: TensorFunction, x: Tensor): Tensor {
  const n = x.numel();
  const difference = (i: number, j: number, h: number): Tensor =>
    f(moved(x, [i, h], [j, h]))
      .sub(f(moved(x, [i, h], [j, -h])))
      .sub(f(moved(x, [i, -h], [j, h])))
      .add(f(moved(x, [i, -h], [j, -h])))
      .div(4 * h * h);
  const entries: Tensor[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++)
      entries.push(
        difference(i, j, 4e-3)
          .mul(4)
          .sub(difference(i, j, 8e-3))
          .div(3),
      );
  }
  return torch.stack(entries, -1).view([...entries[0].shape, ...x.shape, ...x.shape]);
}

export interface Right {
  first?: Tensor;
  second?: Tensor;
}

/**
 * Both first derivatives and all four second derivatives of `f` at `x` are `right`, or what differences of
 * its values give.
 */
export function expectDerivatives(f: TensorFunction, x: Tensor, right: Right = {}): void {
  const { first = jacobianByDifferences(f, x), second = hessianByDifferences(f, x) } = right;
  for (const [name, transform] of Object.entries(firstOrder)) expectClose(name, transform(f)(x), first, 1e-7);
  for (const [name, transform] of Object.entries(secondOrder)) expectClose(name, transform(f)(x), second, 2e-5);
}

/** First and second derivatives under vmap, over a batch in the first and in the last dimension, are those of a loop. */
export function expectVmapped(f: TensorFunction, samples: readonly Tensor[]): void {
  const { 'jacfwd(jacfwd)': forward, 'jacfwd(jacrev)': mixed } = secondOrder;
  for (const [name, transform] of Object.entries({ ...firstOrder, forward, mixed })) {
    const right = torch.stack(samples.map((x) => transform(f)(x)));
    for (const inDims of [0, -1]) {
      const got = torch.vmap(transform(f), { inDims })(torch.stack(samples, inDims));
      expectClose(`vmap(${name}), inDims ${inDims}`, got, right, 1e-9);
    }
  }
}
