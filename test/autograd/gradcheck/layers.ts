/** What networks are made of, and complex numbers. */

import * as torch from '../../../lib';
import type { Add } from './operators';
import { any, complexOf, indices, other, unit } from './values';

const F = torch.nn.functional;

export function layers(add: Add): void {
  add(
    'softmax',
    () => [any(2, 3)],
    (x) => x.softmax(1),
  );
  add(
    'logSoftmax',
    () => [any(2, 3)],
    (x) => x.logSoftmax(1),
  );
  add(
    'gelu',
    () => [any(3)],
    (x) => F.gelu(x),
  );
  add(
    'silu',
    () => [any(3)],
    (x) => F.silu(x),
  );
  add(
    'mish',
    () => [any(3)],
    (x) => F.mish(x),
  );
  add(
    'elu',
    () => [any(3)],
    (x) => F.elu(x),
  );
  add(
    'celu',
    () => [any(3)],
    (x) => F.celu(x),
  );
  add(
    'selu',
    () => [any(3)],
    (x) => F.selu(x),
  );
  add(
    'softplus',
    () => [any(3)],
    (x) => F.softplus(x),
  );
  add(
    'logsigmoid',
    () => [any(3)],
    (x) => F.logsigmoid(x),
  );
  add(
    'leakyRelu',
    () => [any(3)],
    (x) => F.leakyRelu(x, 0.1),
  );
  add(
    'hardtanh',
    () => [any(3)],
    (x) => F.hardtanh(x),
  );
  add(
    'softsign',
    () => [any(3)],
    (x) => F.softsign(x),
  );
  add(
    'linear',
    () => [any(2, 3), other(2, 3), unit(2)],
    (x, w, b) => F.linear(x, w, b),
  );
  add(
    'conv1d',
    () => [any(1, 2, 5), other(2, 2, 3), unit(2)],
    (x, w, b) => F.conv1d(x, w, b),
  );
  add(
    'conv2d',
    () => [any(1, 1, 4, 3), other(1, 1, 2, 2)],
    (x, w) => F.conv2d(x, w, { padding: 1 }),
  );
  add(
    'avgPool2d',
    () => [any(1, 1, 4, 4)],
    (x) => F.avgPool2d(x, 2),
  );
  add(
    'maxPool2d',
    () => [any(1, 1, 4, 4)],
    (x) => F.maxPool2d(x, 2),
  );
  add(
    'layerNorm',
    () => [any(2, 4), other(4), unit(4)],
    (x, w, b) => F.layerNorm(x, [4], { weight: w, bias: b }),
  );
  add(
    'batchNorm',
    () => [any(4, 2)],
    (x) => F.batchNorm(x, null, null, { training: true }),
  );
  add(
    'mseLoss',
    () => [any(3), other(3)],
    (x, y) => F.mseLoss(x, y),
    'undefined tangents of gradients',
  );
  add(
    'huberLoss',
    () => [any(3), other(3)],
    (x, y) => F.huberLoss(x, y, { delta: 0.5 }),
  );
  add(
    'crossEntropy',
    () => [any(2, 3)],
    (x) => F.crossEntropy(x, indices([0, 2])),
  );
  add(
    'binaryCrossEntropyWithLogits',
    () => [any(3)],
    (x) => F.binaryCrossEntropyWithLogits(x, torch.tensor([0, 1, 1], { dtype: 'float64' })),
  );
  add(
    'klDiv',
    () => [any(3)],
    (x) => F.klDiv(x.logSoftmax(0), torch.tensor([0.2, 0.3, 0.5], { dtype: 'float64' })),
  );
  add(
    'normalize',
    () => [any(2, 3)],
    (x) => F.normalize(x),
  );
  add(
    'cosineSimilarity',
    () => [any(2, 3), other(2, 3)],
    (x, y) => F.cosineSimilarity(x, y),
  );
  add(
    'pad',
    () => [any(3)],
    (x) => F.pad(x, [1, 2]),
  );
  add(
    'reflection pad',
    () => [any(1, 4)],
    (x) => F.pad(x, [1, 2], { mode: 'reflect' }),
  );
  add(
    'interpolate',
    () => [any(1, 1, 3)],
    (x) => F.interpolate(x, { scaleFactor: 2, mode: 'linear' }),
  );
  add(
    'embedding',
    () => [any(3, 2)],
    (w) => F.embedding(indices([0, 2, 2]), w),
  );
  add(
    'unfold',
    () => [any(5)],
    (x) => x.unfold(0, 3, 1),
  );

  add(
    'complex mul',
    () => [complexOf(3), complexOf(3)],
    (x, y) => x.mul(y),
  );
  add(
    'complex exp',
    () => [complexOf(3)],
    (x) => x.exp(),
  );
  add(
    'complex abs',
    () => [complexOf(3)],
    (x) => x.abs(),
  );
  add(
    'conj',
    () => [complexOf(3)],
    (x) => x.conj(),
  );
  add(
    'real and imag',
    () => [complexOf(3)],
    (x) => [x.real, x.imag],
  );
  add(
    'complex matmul',
    () => [complexOf(2, 2), complexOf(2, 2)],
    (x, y) => x.matmul(y),
  );
  add(
    'viewAsReal',
    () => [complexOf(3)],
    (x) => torch.viewAsReal(x),
  );
  add(
    'fft',
    () => [any(4)],
    (x) => torch.fft.fft(x),
  );
  add(
    'rfft',
    () => [any(4)],
    (x) => torch.fft.rfft(x),
  );
  add(
    'ifft',
    () => [complexOf(4)],
    (x) => torch.fft.ifft(x),
  );
}
