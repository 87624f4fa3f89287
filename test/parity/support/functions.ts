/**
 * Functions of one tensor for the tests of transforms, in both languages. Results are real and of few
 * elements, so that a Hessian of a Hessian stays small.
 */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { TensorSpec } from './inputs';
import { some, tensorOf } from './inputs';

export interface SampleFunction {
  name: string;
  /**
   * An expression of `x`, or a body that returns. Where PyTorch itself computes wrong derivatives of
   * an operator, or none, the formula is written out, and `because` says so.
   */
  python: string;
  because?: string;
  javascript: (x: Tensor) => Tensor;
  x: TensorSpec;
}

const matrix = some([2, 2], 'float64', 21);
const vector = some([3], 'float64', 22);
// Apart from ties and from zero, where derivatives have no single value.
const distinct = tensorOf([0.7, -1.3, 0.2]);
const image = some([1, 1, 2, 3], 'float64', 23);
const weights = [
  [0.5, -1.25],
  [2, 0.75],
  [-0.375, 1.5],
];
const W = (): Tensor => torch.tensor(weights, { dtype: 'float64' });
const PYTHON_W = `torch.tensor(${JSON.stringify(weights)}, dtype=torch.float64)`;

export const functions: SampleFunction[] = [
  {
    name: 'sin times exp',
    python: 'x.sin() * (x / 2).exp()',
    javascript: (x) => x.sin().mul(x.div(2).exp()),
    x: vector,
  },
  {
    name: 'views',
    python: 'x.t().reshape(-1)[1:].view(3, 1).squeeze(1) * x.diagonal().sum()',
    javascript: (x) => x.t().reshape(-1).index('1:').view(3, 1).squeeze(1).mul(x.diagonal().sum()),
    x: matrix,
  },
  {
    name: 'in-place on a fresh tensor',
    python: 'y = x * 2; y.mul_(x).add_(1); y[0] = y[1] * x[0]; return y.sin_()',
    javascript: (x) => {
      const y = x.mul(2);
      y.mul_(x).add_(1);
      y.indexPut_([0], y.index(1).mul(x.index(0)));
      return y.sin_();
    },
    x: vector,
  },
  {
    name: 'indexing',
    python: 'x[[0, 2, 0]] * x[1] + x[torch.tensor([True, False, True])].sum()',
    javascript: (x) =>
      x
        .index([0, 2, 0])
        .mul(x.index(1))
        .add(x.index(torch.tensor([true, false, true])).sum()),
    x: vector,
  },
  {
    name: 'gather and scatter',
    python: 'i = torch.tensor([2, 0, 2]); return torch.zeros(3, dtype=x.dtype).scatter_add(0, i, x.gather(0, i) ** 2)',
    javascript: (x) => {
      const i = torch.tensor([2n, 0n, 2n]);
      return torch.zeros(3, { dtype: x.dtype }).scatterAdd(0, i, x.gather(0, i).pow(2));
    },
    x: vector,
  },
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
    name: 'matmul',
    python: `((${PYTHON_W} @ x).tanh() @ x)[:2]`,
    javascript: (x) => W().matmul(x).tanh().matmul(x).index(':2'),
    x: matrix,
  },
  {
    name: 'conv2d',
    python: 'F.conv2d(x, (x[:, :, :, :2] * 2).sin(), padding=(1, 0)).sum((0, 1))[1:]',
    javascript: (x) =>
      torch
        .conv2d(x, x.index(':', ':', ':', ':2').mul(2).sin(), { padding: [1, 0] })
        .sum([0, 1])
        .index('1:'),
    x: image,
  },
  {
    name: 'pooling',
    python: 'F.avg_pool2d(x ** 2, (1, 2), stride=1).flatten()',
    javascript: (x) => torch.ops.aten.avg_pool2d(x.pow(2), [1, 2], [1, 1]).flatten() as Tensor,
    x: image,
  },
  { name: 'softmax', python: 'x.softmax(-1) * x', javascript: (x) => x.softmax(-1).mul(x), x: vector },
  { name: 'log_softmax', python: '(x * x).log_softmax(0)', javascript: (x) => x.mul(x).logSoftmax(0), x: vector },
  {
    name: 'layer norm',
    python: '(x - x.mean()) / (x.var(correction=0) + 1e-5).sqrt() * x.exp() + x.cos()',
    because: 'PyTorch takes the saved statistics for constants: its nested derivatives are wrong',
    javascript: (x) => torch.layerNorm(x, [3], x.exp(), x.cos()),
    x: vector,
  },
  {
    name: 'batch norm',
    python: `y = (x - x.mean(0)) / (x.var(0, correction=0) + 0.1).sqrt() * x[0].exp() + x[1]; return y.flatten()[:3]`,
    because: 'PyTorch takes the saved statistics for constants: its nested derivatives are wrong',
    javascript: (x) =>
      torch.batchNorm(x, x.index(0).exp(), x.index(1), null, null, true, 0, 0.1, false).flatten().index(':3'),
    x: matrix,
  },
  {
    name: 'batch norm, not in training',
    python:
      'F.batch_norm(x, torch.tensor([0.5, -1.0], dtype=x.dtype), torch.tensor([2.0, 0.5], dtype=x.dtype), x[0], x[1]).sin()',
    javascript: (x) =>
      torch
        .batchNorm(
          x,
          x.index(0),
          x.index(1),
          torch.tensor([0.5, -1], { dtype: 'float64' }),
          torch.tensor([2, 0.5], { dtype: 'float64' }),
          false,
          0.1,
          1e-5,
          false,
        )
        .sin(),
    x: matrix,
  },
  {
    name: 'group norm',
    python: 'F.group_norm(x.reshape(1, 2, 2), 2, eps=0.1).flatten()[:2] * x[0]',
    javascript: (x) =>
      torch
        .groupNorm(x.reshape(1, 2, 2), 2, { eps: 0.1 })
        .flatten()
        .index(':2')
        .mul(x.index(0)),
    x: matrix,
  },
  {
    name: 'cross entropy',
    python: "F.cross_entropy(x, torch.tensor([1, 0]), reduction='none', label_smoothing=0.1)",
    javascript: (x) => torch.ops.aten.cross_entropy_loss(x, torch.tensor([1n, 0n]), null, 0, -100, 0.1) as Tensor,
    x: matrix,
  },
  {
    name: 'mse and huber',
    python:
      'd = (x * 0.9).abs(); return F.mse_loss(x, x.sin()) + torch.where(d <= 0.5, d * d / 2, (d - 0.25) / 2).mean()',
    because: 'PyTorch has no forward derivative of huber_loss_backward',
    javascript: (x) =>
      torch.ops.aten.mse_loss(x, x.sin()).add(torch.ops.aten.huber_loss(x, x.mul(0.1), 1, 0.5)) as Tensor,
    x: vector,
  },
  {
    name: 'cumulative',
    python: 'x.cumsum(0) * x.cumprod(0) + x.logcumsumexp(0)',
    javascript: (x) => x.cumsum(0).mul(x.cumprod(0)).add(x.logcumsumexp(0)),
    x: distinct,
  },
  {
    name: 'solve and inverse',
    python:
      'a = x @ x.T + 2 * torch.eye(2, dtype=x.dtype); return torch.linalg.solve(a, x[0]) + torch.linalg.inv(a)[1]',
    javascript: (x) => {
      const a = x.matmul(x.T).add(torch.eye(2, { dtype: x.dtype }).mul(2));
      return torch.linalg.solve(a, x.index(0)).add(torch.linalg.inv(a).index(1));
    },
    x: matrix,
  },
  {
    name: 'factorisations',
    python:
      'a = x @ x.T + torch.eye(2, dtype=x.dtype); return torch.linalg.cholesky(a).diagonal() * torch.linalg.eigvalsh(a) + torch.linalg.slogdet(a).logabsdet',
    javascript: (x) => {
      const a = x.matmul(x.T).add(torch.eye(2, { dtype: x.dtype }));
      return torch.linalg.cholesky(a).diagonal().mul(torch.linalg.eigvalsh(a)).add(torch.linalg.slogdet(a).logabsdet);
    },
    x: matrix,
  },
  {
    name: 'complex inside',
    python: 'z = torch.complex(x, x.cos()); return (z.exp() * z.conj()).abs() + torch.fft.fft(x).imag',
    javascript: (x) => {
      const z = torch.complex(x, x.cos());
      return z.exp().mul(z.conj()).abs().add(torch.fft.fft(x).imag);
    },
    x: vector,
  },
  {
    name: 'where and clamp',
    python: 'torch.where(x > 0, x ** 3, x.sin()) * x.clamp(-1, 1)',
    javascript: (x) => torch.where(x.gt(0), x.pow(3), x.sin()).mul(x.clamp(-1, 1)),
    x: distinct,
  },
  {
    name: 'cat, stack and expand',
    python: 'torch.cat([x, x.sin()])[::2] * torch.stack([x, x * 2])[1].expand(3)',
    javascript: (x) =>
      torch
        .cat([x, x.sin()])
        .index('::2')
        .mul(
          torch
            .stack([x, x.mul(2)])
            .index(1)
            .expand(3),
        ),
    x: vector,
  },
  { name: 'scalar of a vector', python: '(x ** 3).sum()', javascript: (x) => x.pow(3).sum(), x: vector },
  {
    name: 'independent of the input',
    python: 'torch.ones(2, dtype=x.dtype)',
    javascript: (x) => torch.ones(2, { dtype: x.dtype }),
    x: vector,
  },
];
