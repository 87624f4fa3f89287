/** The functions of PyTorch's introduction to torch.func, compared with their closed forms. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { checkError } from '../support/check';

const N = 1000;

/** Double precision, four operations deep. */
const TOLERANCE = 1e-12;

function check(name: string, actual: Tensor, expected: Tensor): void {
  checkError(name, actual.sub(expected).abs().max().item(), TOLERANCE);
}

/** The derivative of x^2 + sin(x^2) at a thousand points at once. */
function checkScalarFunction(): void {
  const f = (x: Tensor): Tensor => x.pow(2).add(x.pow(2).sin());
  const df = (x: Tensor): Tensor => x.mul(2).add(x.mul(2).mul(x.pow(2).cos()));

  const x = torch.linspace(0, 5, N, { dtype: torch.float64 });
  const derivative = torch.vmap(torch.func.grad(f))(x);

  check('x² + sin(x²), vmap(grad(f))', derivative, df(x));
}

/** A function of one sample: R² to R³. */
function g(x: Tensor): Tensor {
  const [x1, x2] = x.unbind(0);
  return torch.stack([x1.mul(x2), x1.add(x2.pow(2)).sin(), x1.pow(2).sub(x2.mul(3))]);
}

/** The Jacobian of `g` for a batch of samples, in closed form. */
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

/** The Jacobian of R² to R³, computed in three ways. */
function checkVectorFunction(): void {
  torch.manualSeed(0);
  const x = torch.rand([N, 2], { dtype: torch.float64 }).mul(2).sub(1).requiresGrad_();

  // One backward pass per unit vector of the output, all in one batch.
  const y = torch.vmap(g)(x);
  const vjp = (v: Tensor): Tensor =>
    torch.autograd.grad(y, x, { gradOutputs: v.unsqueeze(0).expandAs(y), retainGraph: true })[0];
  const basis = torch.eye(3, { dtype: torch.float64 });
  const byBasis = torch.vmap(vjp)(basis).permute([1, 0, 2]);

  const samples = x.detach();
  const expected = dg(samples);
  check('R² → R³, vmap of autograd.grad over the basis', byBasis, expected);
  check('R² → R³, vmap(jacrev(g))', torch.vmap(torch.func.jacrev(g))(samples), expected);
  check('R² → R³, vmap(jacfwd(g))', torch.vmap(torch.func.jacfwd(g))(samples), expected);
}

/** Runs all checks of this file. */
export function checkNotebook(): void {
  checkScalarFunction();
  checkVectorFunction();
}
