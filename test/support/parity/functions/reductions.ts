/** Functions of reductions, sorting and cumulative operators. */

import * as torch from '../../../../lib';
import { distinct, matrix } from './sample';
import type { SampleFunction } from './sample';

export const reductions: SampleFunction[] = [
  {
    name: 'reductions',
    python: 'x.mean(0) * x.var(1) + x.prod() + x.logsumexp((0, 1)) + x.amax(0)',
    javascript: (x) =>
      x
        .mean(0)
        .mul(x.var(1))
        .add(x.prod())
        .add(x.logsumexp([0, 1]))
        .add(x.amax(0)),
    x: matrix,
  },
  {
    name: 'max with indices',
    python: 'v, i = x.max(0); return v * x.sort().values',
    javascript: (x) => x.max(0).values.mul(x.sort().values),
    x: distinct,
  },
  {
    name: 'cumulative',
    python: 'x.cumsum(0) * x.cumprod(0) + x.exp().cumsum(0).log()',
    because: 'the second derivatives of logcumsumexp are NaN in PyTorch',
    javascript: (x) => x.cumsum(0).mul(x.cumprod(0)).add(x.logcumsumexp(0)),
    x: distinct,
  },
  {
    name: 'norms and spreads',
    python:
      '(x * x).sum().sqrt() * ((x - x.mean(0)) ** 2).sum(0).sqrt() + (x.abs() ** 3).sum() ** (1 / 3) + torch.var_mean(x, 1)[1]',
    because: 'PyTorch modifies a tensor that the second derivatives of std need',
    javascript: (x) => x.norm().mul(x.std(0)).add(torch.linalg.vectorNorm(x, 3)).add(torch.varMean(x, 1)[1]),
    x: matrix,
  },
  {
    name: 'ranks',
    python: 'x.topk(2).values * x.median() + x.kthvalue(1).values + x.msort()[:2]',
    javascript: (x) => x.topk(2).values.mul(x.median()).add(x.kthvalue(1).values).add(x.msort().index(':2')),
    x: distinct,
  },
  {
    name: 'running maxima and differences',
    python: 'x.cummax(0).values[1:] * x.diff() + torch.trapezoid(x * x)',
    javascript: (x) =>
      x
        .cummax(0)
        .values.index('1:')
        .mul(x.diff())
        .add(torch.trapezoid(x.mul(x))),
    x: distinct,
  },
];
