/** Functions of views, in-place operators and indexing. */

import * as torch from '../../../../lib';
import { F, matrix, vector } from './sample';
import type { SampleFunction } from './sample';

export const shapes: SampleFunction[] = [
  {
    name: 'views',
    python: 'x.t().reshape(-1)[1:].view(3, 1).squeeze(1) * x.diagonal().sum()',
    javascript: (x) => x.t().reshape(-1).index('1:').view(3, 1).squeeze(1).mul(x.diagonal().sum()),
    x: matrix,
  },
  {
    name: 'in-place on a fresh tensor',
    python: 'y = x * 2; y.mul_(x).add_(1); y[0] = y[1] * x[0]; return y.sin_()',
    forwardTwice: 'y = x * 2 * x + 1; return torch.cat([(y[1] * x[0])[None], y[1:]]).sin()',
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
  {
    name: 'in-place on views of a fresh tensor',
    python: 'y = x.clone(); y[0].mul_(x[1]); y.t()[1].add_(x[0]); y.view(-1)[:2].sin_(); return y[1] * y[0]',
    javascript: (x) => {
      const y = x.clone();
      y.index(0).mul_(x.index(1));
      y.t().index(1).add_(x.index(0));
      y.view(-1).index(':2').sin_();
      return y.index(1).mul(y.index(0));
    },
    x: matrix,
  },
  {
    name: 'windows, flips and padding',
    python: 'F.pad(x.unfold(0, 2, 1).flip(1).prod(1), (1, 0)).roll(1) * x',
    javascript: (x) =>
      F.pad(x.unfold(0, 2, 1).flip([1]).prod(1), [1, 0])
        .roll([1])
        .mul(x),
    x: vector,
  },
  {
    name: 'masks and triangles',
    python: '(x.masked_fill(x > 0.5, 0.25).tril() @ x + x.triu(1) * x)[0]',
    javascript: (x) => x.maskedFill(x.gt(0.5), 0.25).tril().matmul(x).add(x.triu(1).mul(x)).index(0),
    x: matrix,
  },
  {
    name: 'pieces, grids and outer products',
    python:
      "a, b = x[:2].chunk(2); g = torch.meshgrid(x[1:], x[:2], indexing='ij'); return (g[0] * g[1]).reshape(-1)[:2] * torch.cat([b, a]) + torch.outer(x, x).diagonal()[:2]",
    javascript: (x) => {
      const [a, b] = x.index(':2').chunk(2);
      const [rows, columns] = torch.meshgrid(x.index('1:'), x.index(':2'), { indexing: 'ij' });
      const products = rows.mul(columns).reshape(-1).index(':2');
      return products.mul(torch.cat([b, a])).add(torch.outer(x, x).diagonal().index(':2'));
    },
    x: vector,
  },
  {
    name: 'adding and copying by index',
    python:
      'i = torch.tensor([1, 0, 1]); return x.index_add(0, i, x * 2) + x.index_copy(0, torch.tensor([0]), x[1:2]) * x.take_along_dim(i, 0)',
    javascript: (x) => {
      const i = torch.tensor([1n, 0n, 1n]);
      const copied = x.indexCopy(0, torch.tensor([0n]), x.index('1:2'));
      return x.indexAdd(0, i, x.mul(2)).add(copied.mul(x.takeAlongDim(i, 0)));
    },
    x: vector,
  },
  {
    name: 'writing into a tensor that is not batched',
    python:
      'y = torch.zeros(3, dtype=x.dtype); y.index_put_((torch.tensor([0, 2, 0]),), x * x, accumulate=True); return y',
    javascript: (x) => {
      const y = torch.zeros(3, { dtype: x.dtype });
      return y.indexPut_([torch.tensor([0n, 2n, 0n])], x.mul(x), { accumulate: true });
    },
    x: vector,
  },
];
