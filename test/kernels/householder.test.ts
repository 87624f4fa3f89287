/** Products of Householder reflections: every derivative, and the errors of wrong arguments. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64, jacobianByDifferences } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { linalg } = torch;
const { hessian, jvp, vjp } = torch.func;

const wave = (...shape: number[]): Tensor =>
  torch
    .arange(
      shape.reduce((a, b) => a * b),
      float64,
    )
    .view(...shape)
    .mul(1.7)
    .sin();
const H = wave(4, 2);
const tau = torch.tensor([0.7, -1.3], float64);
const sides = [true, false].flatMap((left) => [true, false].map((transpose) => ({ left, transpose })));

describe.each(sides)('ormqr, left: $left, transpose: $transpose', ({ left, transpose }) => {
  const X = left ? wave(4, 3) : wave(3, 4);
  const apply = (h: Tensor, t: Tensor, x: Tensor): Tensor => torch.ormqr(h, t, x, left, transpose);

  test('in every argument, against differences', () => {
    expectDerivatives((h) => apply(h, tau, X).sin().sum(), H);
    expectDerivatives((t) => apply(H, t, X).sin().sum(), tau);
    expectDerivatives((x) => apply(H, tau, x).sin().sum(), X);
    expectVmapped((t) => apply(H, t, X).sin().sum(), [tau, tau.mul(2)]);
  });

  test('the value is that of the operator', () => {
    const [value] = jvp((h: Tensor) => apply(h, tau, X), [H], [H]) as Tensor[];
    expectClose('value', value, apply(H, tau, X), 1e-12);
  });

  test('complex: <v, J u> = <J^H v, u>', () => {
    const complex = (x: Tensor): Tensor => torch.complex(x, x.cos());
    const inputs: [Tensor, Tensor, Tensor] = [complex(H), complex(tau), complex(X)];
    const tangents = inputs.map((x) => x.sin()) as typeof inputs;
    const f = (h: Tensor, t: Tensor, x: Tensor): Tensor => apply(h, t, x);
    const [value, tangent] = jvp(f, inputs, tangents) as Tensor[];
    expectClose('value', torch.viewAsReal(value), torch.viewAsReal(f(inputs[0], inputs[1], inputs[2])), 1e-12);
    const v = value.cos();
    const gradients = vjp(f, ...inputs)[1](v) as Tensor[];
    const inner = (a: Tensor, b: Tensor): number => a.conj().mul(b).sum().real.item() as number;
    const right = gradients.reduce((sum, g, i) => sum + inner(g, tangents[i]), 0);
    expect(inner(v, tangent) / right).toBeCloseTo(1, 12);
  });
});

test('projections, and more columns than reflections', () => {
  // I - v v^T / |v|^2 has no inverse.
  const h = torch.tensor([[0.3, 1, 2], [0.5, 0.2, 3]], float64); // prettier-ignore
  const t = torch.tensor([0.8, 1], float64);
  const X = wave(2, 3);
  for (const f of [
    (y: Tensor) => torch.ormqr(y, t, X).sin().sum(),
    (y: Tensor) =>
      linalg
        .householderProduct(y.narrow(1, 0, 2), t)
        .sin()
        .sum(),
  ]) {
    const leaf = h.clone().requiresGrad_();
    f(leaf).backward();
    const right = jacobianByDifferences(f, h);
    expectClose('backward', leaf.grad!, right, 1e-7);
    expectDerivatives(f, h, { first: right });
  }
});

test('wrong arguments are errors under transforms too', () => {
  const product = (t: Tensor): TensorFunction => (h) => linalg.householderProduct(h, t).sum(); // prettier-ignore
  const apply = (x: Tensor): TensorFunction => (h) => torch.ormqr(h, tau, x).sum(); // prettier-ignore
  for (const [f, message] of [
    [product(torch.ones(2, 2, float64)), 'Expected tau to have one dimension less than input'],
    [product(torch.ones(3, float64)), 'input.shape[-1] must be greater than or equal to tau.shape[-1]'],
    [product(torch.ones(2)), 'tau dtype'],
    [apply(wave(3, 3)), 'other.shape[-2]'],
  ] as const) {
    expect(() => f(H)).toThrow(message);
    expect(() => hessian(f)(H)).toThrow(message);
  }
});
