/** Functions of matrix products and factorisations. */

import * as torch from '../../../../lib';
import { matrix, PYTHON_W, W } from './sample';
import type { SampleFunction } from './sample';

// PyTorch's derivatives of linear solvers, determinants and eigenvalues are partly wrong: their formulas are written out.
export const matrices: SampleFunction[] = [
  {
    name: 'matmul',
    python: `((${PYTHON_W} @ x).tanh() @ x)[:2]`,
    javascript: (x) => W().matmul(x).tanh().matmul(x).index(':2'),
    x: matrix,
  },
  {
    name: 'solve and inverse',
    python:
      'a = x @ x.T + 2 * torch.eye(2, dtype=x.dtype)\n' +
      'inverse = torch.stack([torch.stack([a[1, 1], -a[0, 1]]), torch.stack([-a[1, 0], a[0, 0]])])\n' +
      'inverse = inverse / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])\n' +
      'return inverse @ x[0] + inverse[1]',
    javascript: (x) => {
      const a = x.matmul(x.T).add(torch.eye(2, { dtype: x.dtype }).mul(2));
      return torch.linalg.solve(a, x.index(0)).add(torch.linalg.inv(a).index(1));
    },
    x: matrix,
  },
  {
    name: 'factorisations',
    python:
      'a = x @ x.T + torch.eye(2, dtype=x.dtype)\n' +
      'diagonal = torch.stack([a[0, 0].sqrt(), (a[1, 1] - a[1, 0] ** 2 / a[0, 0]).sqrt()])\n' +
      'middle, radius = (a[0, 0] + a[1, 1]) / 2, (((a[0, 0] - a[1, 1]) / 2) ** 2 + a[1, 0] ** 2).sqrt()\n' +
      'return diagonal * torch.stack([middle - radius, middle + radius]) + 2 * diagonal.log().sum()',
    javascript: (x) => {
      const a = x.matmul(x.T).add(torch.eye(2, { dtype: x.dtype }));
      return torch.linalg.cholesky(a).diagonal().mul(torch.linalg.eigvalsh(a)).add(torch.linalg.slogdet(a).logabsdet);
    },
    x: matrix,
  },
  {
    name: 'sums of products',
    python:
      "torch.einsum('ij,jk,k->i', x, x.sin(), x[0]) + torch.bmm(x[None], x[None].tanh())[0, 0] + torch.addmm(x, x, x)[1]",
    javascript: (x) => {
      const batch = x.unsqueeze(0);
      return torch
        .einsum('ij,jk,k->i', x, x.sin(), x.index(0))
        .add(torch.bmm(batch, batch.tanh()).index(0, 0))
        .add(torch.addmm(x, x, x).index(1));
    },
    x: matrix,
  },
  {
    name: 'orthogonal factorisations',
    python: 'q, r = torch.linalg.qr(x); return r.diagonal().abs() * torch.linalg.svdvals(x)',
    javascript: (x) => torch.linalg.qr(x).R.diagonal().abs().mul(torch.linalg.svdvals(x)),
    x: matrix,
  },
  {
    name: 'triangular systems',
    python:
      'a = x.tril() + 3 * torch.eye(2, dtype=x.dtype); return torch.linalg.solve_triangular(a, x, upper=False)[1] + torch.cholesky_solve(x, a)[0]',
    javascript: (x) => {
      const a = x.tril().add(torch.eye(2, { dtype: x.dtype }).mul(3));
      return torch.linalg.solveTriangular(a, x, { upper: false }).index(1).add(torch.choleskySolve(x, a).index(0));
    },
    x: matrix,
  },
  {
    name: 'determinants',
    python:
      'det = lambda a: a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]\n' +
      'return det(x) * x[0] + det(x @ x.T + torch.eye(2, dtype=x.dtype)).log()',
    javascript: (x) =>
      torch
        .det(x)
        .mul(x.index(0))
        .add(torch.logdet(x.matmul(x.T).add(torch.eye(2, { dtype: x.dtype })))),
    x: matrix,
  },
];
