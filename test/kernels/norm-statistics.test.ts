/** The mean and the reciprocal standard deviation that normalization operators return have derivatives. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { jvp, vjp } = torch.func;
const EPS = 1e-5;
const parameter = (): Tensor => torch.tensor([1.5, -0.5, 2], float64);

type Outputs = (x: Tensor) => readonly Tensor[];

// Each operator, and its input with the normalized elements in the last dimension.
const operators: Record<string, { outputs: Outputs; rows: (x: Tensor) => Tensor }> = {
  nativeLayerNorm: {
    outputs: (x) => torch.nativeLayerNorm(x, [3], parameter(), null, EPS),
    rows: (x) => x,
  },
  nativeBatchNorm: {
    outputs: (x) => torch.nativeBatchNorm(x, parameter(), null, null, null, true, 0.1, EPS),
    rows: (x) => x.t(),
  },
  '_nativeBatchNormLegit without running statistics': {
    outputs: (x) => torch._nativeBatchNormLegit(x, parameter(), null, true, 0.1, EPS),
    rows: (x) => x.t(),
  },
  nativeGroupNorm: {
    outputs: (x) => torch.nativeGroupNorm(x.unsqueeze(-1), parameter(), null, x.shape[0], 3, 1, 1, EPS),
    rows: (x) => x,
  },
};

const input = (): Tensor => torch.arange(12, float64).view(4, 3).mul(1.7).sin();

describe.each(Object.keys(operators))('%s', (name) => {
  const { outputs, rows } = operators[name];
  const stat =
    (index: number): TensorFunction =>
    (x) =>
      outputs(x)[index].flatten();

  test('the gradient of the mean alone is 1 / n', () => {
    const x = input();
    const [mean, pull] = vjp(stat(1), x) as [Tensor, (v: Tensor) => [Tensor]];
    expectClose('mean', mean, rows(x).mean(-1), 1e-12);
    const n = rows(x).shape[1];
    expectClose('gradient', pull(torch.onesLike(mean))[0], torch.fullLike(x, 1 / n), 1e-12);
  });

  test('the gradient of rstd alone is -rstd^3 (x - mean) / n, in both modes', () => {
    const x = input();
    const centred = rows(x).sub(rows(x).mean(-1, true));
    const rstd = centred.square().mean(-1, true).add(EPS).rsqrt();
    const right = rstd.pow(3).mul(centred).div(-centred.shape[1]);
    const [value, pull] = vjp(stat(2), x) as [Tensor, (v: Tensor) => [Tensor]];
    expectClose('rstd', value, rstd.flatten(), 1e-12);
    expectClose('gradient', rows(pull(torch.onesLike(value))[0]), right, 1e-10);
    const [, tangent] = jvp(stat(2), [x], [torch.onesLike(x)]);
    // A shift of all elements does not change the deviation.
    expectClose('tangent', tangent, torch.zerosLike(tangent), 1e-10);
    expectClose('functional.jacobian', torch.autograd.functional.jacobian(stat(2), x).sum(0), pull(torch.onesLike(value))[0], 1e-10); // prettier-ignore
  });

  test('derivatives of the result and the statistics together', () => {
    const f: TensorFunction = (x) => {
      const [result, mean, rstd] = outputs(x);
      return result.sin().sum().add(mean.square().sum()).add(rstd.mul(mean).cos().sum());
    };
    expectDerivatives(f, input());
    const samples = [input(), input().cos(), input().mul(2)];
    expectVmapped(f, samples);
  });
});

test('nn.LayerNorm and nn.BatchNorm1d keep the fused kernels', () => {
  const x = torch.ones([4, 3], { requiresGrad: true });
  expect(new torch.nn.LayerNorm(3).forward(x).gradFn?.name()).toBe('NativeLayerNormBackward0');
  expect(new torch.nn.BatchNorm1d(3).forward(x).gradFn?.name()).toBe('NativeBatchNormBackward0');
});
