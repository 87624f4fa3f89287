/** Reductions and matrices. */

import * as torch from '../../../lib';
import type { Add } from './operators';
import { any, other, square, symmetric, unit } from './values';

export function reductions(add: Add): void {
  add(
    'sum of a dimension',
    () => [any(2, 3)],
    (x) => x.sum(1, { keepdim: true }),
  );
  add(
    'mean of a dimension',
    () => [any(2, 3)],
    (x) => x.mean(0),
  );
  add(
    'prod of a dimension',
    () => [any(2, 3)],
    (x) => x.prod(1),
  );
  add(
    'amax',
    () => [any(2, 3)],
    (x) => x.amax(1),
  );
  add(
    'amin',
    () => [any(2, 3)],
    (x) => x.amin(1),
  );
  add(
    'max of a dimension',
    () => [any(2, 3)],
    (x) => x.max(1).values,
  );
  add(
    'logsumexp',
    () => [any(2, 3)],
    (x) => x.logsumexp(1),
  );
  add(
    'cumsum',
    () => [any(4)],
    (x) => x.cumsum(0),
  );
  add(
    'cumprod',
    () => [any(4)],
    (x) => x.cumprod(0),
  );
  add(
    'logcumsumexp',
    () => [any(4)],
    (x) => x.logcumsumexp(0),
  );
  add(
    'cummax',
    () => [any(4)],
    (x) => x.cummax(0).values,
  );
  add(
    'var of a dimension',
    () => [any(2, 4)],
    (x) => x.var(1),
  );
  add(
    'std of a dimension',
    () => [any(2, 4)],
    (x) => x.std(1),
  );
  add(
    'norm 3',
    () => [any(4)],
    (x) => torch.linalg.vectorNorm(x, { ord: 3 }),
  );
  add(
    'sort',
    () => [any(4)],
    (x) => x.sort(0).values,
  );
  add(
    'topk',
    () => [any(5)],
    (x) => x.topk(2).values,
  );
  add(
    'kthvalue',
    () => [any(5)],
    (x) => x.kthvalue(2).values,
  );

  add(
    'matmul',
    () => [any(2, 3), other(3, 2)],
    (x, y) => x.matmul(y),
  );
  add(
    'mv',
    () => [any(2, 3), other(3)],
    (x, y) => x.mv(y),
  );
  add(
    'dot',
    () => [any(3), other(3)],
    (x, y) => x.dot(y),
  );
  add(
    'outer',
    () => [any(2), other(3)],
    (x, y) => x.outer(y),
  );
  add(
    'bmm',
    () => [any(2, 2, 2), other(2, 2, 2)],
    (x, y) => x.bmm(y),
  );
  add(
    'addmm',
    () => [any(2, 2), other(2, 3), unit(3, 2)],
    (x, y, z) => x.addmm(y, z, { beta: 0.5, alpha: 2 }),
  );
  add(
    'baddbmm',
    () => [any(2, 2, 2), other(2, 2, 2), unit(2, 2, 2)],
    (x, y, z) => x.baddbmm(y, z),
  );
  add(
    'addr',
    () => [any(2, 3), other(2), unit(3)],
    (x, y, z) => x.addr(y, z),
  );
  add(
    'einsum',
    () => [any(2, 3), other(3, 2)],
    (x, y) => torch.einsum('ij,jk->ik', x, y),
  );
  add(
    'kron',
    () => [any(2, 2), other(2, 2)],
    (x, y) => x.kron(y),
  );
  add(
    'cross',
    () => [any(3), other(3)],
    (x, y) => torch.linalg.cross(x, y),
  );
  add(
    'cdist',
    () => [any(2, 3), other(2, 3)],
    (x, y) => torch.cdist(x, y),
    'forward and second',
  );
  add(
    'solve',
    () => [square(3), any(3, 2)],
    (a, b) => torch.linalg.solve(a, b),
  );
  add(
    'cholesky',
    () => [square(3)],
    (m) => torch.linalg.cholesky(symmetric(m)),
  );
  add(
    'qr',
    () => [square(3)],
    (m) => [...torch.linalg.qr(m)],
  );
  add(
    'eigvalsh',
    () => [square(3)],
    (m) => torch.linalg.eigvalsh(symmetric(m)),
  );
  add(
    'svdvals',
    () => [square(3)],
    (m) => torch.linalg.svdvals(m),
  );
  add(
    'matrixExp',
    () => [square(2)],
    (m) => torch.linalg.matrixExp(m),
  );
  add(
    'matrixPower',
    () => [square(2)],
    (m) => torch.linalg.matrixPower(m, 3),
  );
  add(
    'pinv',
    () => [square(3)],
    (m) => torch.linalg.pinv(m),
  );
  add(
    'triangular solve',
    () => [square(3), any(3, 2)],
    (a, b) => torch.linalg.solveTriangular(a.triu(), b, { upper: true }),
  );
}
