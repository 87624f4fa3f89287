/** The functions of PyTorch's introduction to torch.func, each held against its closed form. */

import * as torch from '../index';
import type { Tensor } from '../index';
import type { Check } from './check';

const N = 1000;

/** Double precision, four operations deep. */
const TOLERANCE = 1e-12;

function largestDifference(actual: Tensor, expected: Tensor): number {
  return actual.sub(expected).abs().max().item();
}

/** The derivative of x^2 + sin(x^2), at a thousand points at once. */
function scalarFunction(): Check[] {
  const f = (x: Tensor): Tensor => x.pow(2).add(x.pow(2).sin());
  const df = (x: Tensor): Tensor => x.mul(2).add(x.mul(2).mul(x.pow(2).cos()));

  const x = torch.linspace(0, 5, N, { dtype: torch.float64 });
  const derivative = torch.vmap(torch.func.grad(f))(x);

  const error = largestDifference(derivative, df(x));
  return [{ name: 'x² + sin(x²), vmap(grad(f))', error, tolerance: TOLERANCE }];
}

/** A function of one sample: R² to R³. */
function g(x: Tensor): Tensor {
  const [x1, x2] = x.unbind(0);
  return torch.stack([x1.mul(x2), x1.add(x2.pow(2)).sin(), x1.pow(2).sub(x2.mul(3))]);
}

/** Its Jacobian, for a batch of samples. */
function dg(x: Tensor): Tensor {
  const [x1, x2] = x.unbind(1);
  const cos = x1.add(x2.pow(2)).cos();
  const rows = [
    [x2, x1],
    [cos, x2.mul(2).mul(cos)],
    [x1.mul(2), torch.fullLike(x2, -3)],
  ];
  return torch.stack(
    rows.map((row) => torch.stack(row, 1)),
    1,
  );
}

/** The Jacobian of R² to R³ by three routes. */
function vectorFunction(): Check[] {
  torch.manualSeed(0);
  const x = torch.rand([N, 2], { dtype: torch.float64 }).mul(2).sub(1).requiresGrad_();

  // One backward pass for each unit vector of the outputs, all passes at once.
  const y = torch.vmap(g)(x);
  const vjp = (v: Tensor): Tensor =>
    torch.autograd.grad(y, x, { gradOutputs: v.unsqueeze(0).expandAs(y), retainGraph: true })[0];
  const basis = torch.eye(3, { dtype: torch.float64 });
  const byBasis = torch.vmap(vjp)(basis).permute([1, 0, 2]);

  const samples = x.detach();
  const expected = dg(samples);
  const check = (name: string, jacobian: Tensor): Check => ({
    name: `R² → R³, ${name}`,
    error: largestDifference(jacobian, expected),
    tolerance: TOLERANCE,
  });
  return [
    check('vmap of autograd.grad over the basis', byBasis),
    check('vmap(jacrev(g))', torch.vmap(torch.func.jacrev(g))(samples) as Tensor),
    check('vmap(jacfwd(g))', torch.vmap(torch.func.jacfwd(g))(samples) as Tensor),
  ];
}

/** All checks of this part. */
export function notebookChecks(): Check[] {
  return [...scalarFunction(), ...vectorFunction()];
}
