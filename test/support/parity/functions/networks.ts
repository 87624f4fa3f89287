/** Functions of the operators that networks are made of. */

import * as torch from '../../../../lib';
import type { Tensor } from '../../../../lib';
import { some } from '../inputs';
import { F, image, matrix, vector } from './sample';
import type { SampleFunction } from './sample';

export const networks: SampleFunction[] = [
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
    name: 'transposed and grouped convolution',
    python:
      'y = x[0]; return F.conv_transpose1d(y, y.t().reshape(1, 3, 2).sin(), stride=2)[0, ::3] + F.conv1d(torch.cat([y, y * 2]), y[:, :2].reshape(1, 1, 2).expand(2, 1, 2), groups=2).sum()',
    javascript: (x) => {
      const y = x.index(0);
      const kernel = y.index(':', ':2').reshape(1, 1, 2).expand(2, 1, 2);
      return F.convTranspose1d(y, y.t().reshape(1, 3, 2).sin(), { stride: [2] })
        .index(0, '::3')
        .add(F.conv1d(torch.cat([y, y.mul(2)]), kernel, { groups: 2 }).sum());
    },
    x: some([1, 1, 3], 'float64', 24),
  },
  {
    name: 'max pooling',
    python: 'F.max_pool2d(x * x.sin(), (1, 2), stride=1).flatten()',
    javascript: (x) => F.maxPool2d(x.mul(x.sin()), [1, 2], [1, 1]).flatten() as Tensor,
    x: image,
  },
  {
    name: 'binary and Kullback-Leibler losses',
    python:
      "(1 + x.exp()).log() - x * torch.tensor([0.0, 1.0, 0.5], dtype=x.dtype) + F.kl_div(x.log_softmax(0), x.flip(0).softmax(0), reduction='sum')",
    because: 'PyTorch refuses jacfwd of jacfwd of binary_cross_entropy_with_logits',
    javascript: (x) =>
      F.binaryCrossEntropyWithLogits(x, torch.tensor([0, 1, 0.5], { dtype: x.dtype }), { reduction: 'none' }).add(
        F.klDiv(x.logSoftmax(0), x.flip([0]).softmax(0), { reduction: 'sum' }),
      ),
    x: vector,
  },
  {
    name: 'attention',
    python: 'F.scaled_dot_product_attention(x[None], x[None].sin(), x[None])[0, 0]',
    javascript: (x) => {
      const batch = x.unsqueeze(0);
      return F.scaledDotProductAttention(batch, batch.sin(), batch).index(0, 0);
    },
    x: matrix,
  },
  {
    name: 'embedding and linear',
    python: 'F.linear(F.embedding(torch.tensor([1, 0]), x), x[:1], x[0, :1]).flatten()',
    javascript: (x) => F.linear(F.embedding(torch.tensor([1n, 0n]), x), x.index(':1'), x.index(0, ':1')).flatten(),
    x: matrix,
  },
  {
    name: 'interpolation',
    python: "F.interpolate(x ** 2, size=(2, 2), mode='bilinear', align_corners=True).flatten()[1:]",
    javascript: (x) =>
      F.interpolate(x.pow(2), { size: [2, 2], mode: 'bilinear', alignCorners: true })
        .flatten()
        .index('1:'),
    x: image,
  },
];
