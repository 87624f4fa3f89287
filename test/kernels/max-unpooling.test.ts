/** Derivatives of maxUnpool with repeated indices: of the elements at an index only the last has a derivative. */

import * as torch from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { grad, hessian, jvp, linearize, vjp } = torch.func;
const { maxUnpool1d, maxUnpool2d, maxUnpool3d } = torch.nn.functional;

const x = torch.tensor([[[1, -2, 3], [0.5, 4, -1]]], float64); // prettier-ignore
const lines = torch.tensor([[[1n, 1n, 4n], [5n, 0n, 5n]]]); // prettier-ignore
const planes = torch.tensor([[[[3n, 3n, 7n], [3n, 0n, 7n]]]]); // prettier-ignore

// The indices of the elements that stay, by their positions in x.
const functions: Record<string, { f: TensorFunction; shape: number[]; stays: Record<number, number> }> = {
  maxUnpool1d: {
    f: (y) => maxUnpool1d(y, lines, 2),
    shape: [1, 2, 6],
    stays: { 1: 1, 2: 4, 4: 6, 5: 11 },
  },
  maxUnpool2d: {
    f: (y) => maxUnpool2d(y.unsqueeze(0), planes, 1, { outputSize: [2, 4], stride: [1, 2] }).squeeze(0),
    shape: [1, 2, 4],
    stays: { 3: 3, 4: 0, 5: 7 },
  },
  maxUnpool3d: {
    f: (y) => maxUnpool3d(y.unsqueeze(0), planes, [1, 1, 2], { outputSize: [1, 2, 5] }).squeeze(0),
    shape: [1, 2, 5],
    stays: { 3: 3, 4: 0, 5: 7 },
  },
};

describe.each(Object.keys(functions))('%s', (name) => {
  const { f, shape, stays } = functions[name];
  const size = shape.reduce((product, length) => product * length, 1);
  const matrix = torch.zeros(size, 6, float64);
  for (const [position, index] of Object.entries(stays)) matrix.index(index).index(Number(position)).fill_(1);
  const right: TensorFunction = (y) => matrix.mv(y.flatten()).view(shape);
  const v = torch.linspace(0.5, -1.5, size, float64).view(shape);
  const gradient = matrix.t().mv(v.flatten()).view(1, 2, 3);

  test('of first order', () => {
    const [value, product] = jvp(f, [x], [x.sin()]);
    expectClose('value', value, right(x), 0);
    expectClose('jvp', product, right(x.sin()), 0);
    const [result, pull] = vjp(f, x);
    expectClose('value', result, right(x), 0);
    expectClose('vjp', pull(v)[0], gradient, 0);
    const leaf = x.clone().requiresGrad_();
    f(leaf).mul(v).sum().backward();
    expectClose('backward', leaf.grad!, gradient, 0);
  });

  test('in the tangent and the cotangent', () => {
    expectClose('linearize', linearize(f, x)[1](x), right(x), 0);
    expectClose('vjp of vjp', vjp((w: torch.Tensor) => vjp(f, x)[1](w)[0], v)[1](x)[0], right(x), 0);
    expectClose('vjp of jvp', vjp((u: torch.Tensor) => jvp(f, [x], [u])[1], x)[1](v)[0], gradient, 0);
  });

  test('of first and second order, and under vmap', () => {
    const scalar =
      (unpool: TensorFunction): TensorFunction =>
      (y) =>
        unpool(y.sin()).mul(v).square().sum();
    const [g, h] = [scalar(f), scalar(right)];
    expectDerivatives(g, x, { first: grad(h)(x) as torch.Tensor, second: hessian(h)(x) as torch.Tensor });
    expectVmapped(g, [x, x.neg().add(0.3)]);
  });
});

test('an invalid index throws under a transform too', () => {
  const f: TensorFunction = (y) => maxUnpool1d(y, torch.tensor([[[1n, 1n, 9n]]]), 2);
  expect(() => vjp(f, x.narrow(1, 0, 1))).toThrow('Found an invalid max index');
});

test('a tensor without elements', () => {
  const empty = torch.zeros(0, 1, 3, float64);
  const [result, pull] = vjp((y: torch.Tensor) => maxUnpool1d(y, torch.zeros(0, 1, 3, { dtype: 'int64' }), 2), empty);
  expect(result.shape).toEqual([0, 1, 6]);
  expect(pull(result)[0].shape).toEqual([0, 1, 3]);
});
