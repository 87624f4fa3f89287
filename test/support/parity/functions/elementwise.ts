/** Functions of operators that go element by element, real and complex. */

import * as torch from '../../../../lib';
import { distinct, F, vector } from './sample';
import type { SampleFunction } from './sample';

export const elementwise: SampleFunction[] = [
  {
    name: 'sin times exp',
    python: 'x.sin() * (x / 2).exp()',
    javascript: (x) => x.sin().mul(x.div(2).exp()),
    x: vector,
  },
  {
    name: 'where and clamp',
    python: 'torch.where(x > 0, x ** 3, x.sin()) * x.clamp(-1, 1)',
    javascript: (x) => torch.where(x.gt(0), x.pow(3), x.sin()).mul(x.clamp(-1, 1)),
    x: distinct,
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
  { name: 'scalar of a vector', python: '(x ** 3).sum()', javascript: (x) => x.pow(3).sum(), x: vector },
  {
    name: 'independent of the input',
    python: 'torch.ones(2, dtype=x.dtype)',
    javascript: (x) => torch.ones(2, { dtype: x.dtype }),
    x: vector,
  },
  {
    name: 'activations',
    python: 'F.gelu(x) + F.silu(x) * torch.sigmoid(x) + F.softplus(x) * F.elu(x)',
    javascript: (x) =>
      F.gelu(x)
        .add(F.silu(x).mul(x.sigmoid()))
        .add(F.softplus(x).mul(F.elu(x))),
    x: vector,
  },
  {
    name: 'special functions',
    python: 'torch.erf(x) * torch.lgamma(x + 4) + torch.special.entr(x + 3) + torch.digamma(x + 4)',
    javascript: (x) =>
      x
        .erf()
        .mul(x.add(4).lgamma())
        .add(torch.special.entr(x.add(3)))
        .add(x.add(4).digamma()),
    x: vector,
  },
  {
    name: 'powers and quotients',
    python: '(x + 3) ** x / (x * x + 1) - torch.atan2(x, x + 3) + 2 ** x',
    javascript: (x) =>
      x
        .add(3)
        .pow(x)
        .div(x.mul(x).add(1))
        .sub(torch.atan2(x, x.add(3)))
        .add(torch.pow(2, x)),
    x: vector,
  },
  {
    name: 'complex products and transforms',
    python:
      'z = torch.fft.ifft(torch.fft.fft(x) * torch.polar(torch.ones_like(x), x)); return torch.view_as_real(z).sum(1)',
    javascript: (x) => torch.viewAsReal(torch.fft.ifft(torch.fft.fft(x).mul(torch.polar(torch.onesLike(x), x)))).sum(1),
    x: vector,
  },
];
