/** Functions for what surrounds operators: transforms and structures inside, random numbers, reading values. */

import * as torch from '../../../../lib';
import type { Tensor } from '../../../../lib';
import { distinct, F, vector } from './sample';
import type { SampleFunction } from './sample';

const { func } = torch;

export const surroundings: SampleFunction[] = [
  {
    name: 'structures inside',
    python:
      "p = {'w': x, 'b': (x.sum(), x[:1])}; g = grad(lambda p: (p['w'].sin() * p['b'][1]).sum() * p['b'][0])(p); return g['w'] + g['b'][0] * g['b'][1]",
    javascript: (x) => {
      type Params = { w: Tensor; b: [Tensor, Tensor] };
      const { w, b } = func.grad(({ w, b }: Params) => w.sin().mul(b[1]).sum().mul(b[0]))({
        w: x,
        b: [x.sum(), x.index(':1')],
      });
      return w.add(b[0].mul(b[1]));
    },
    x: vector,
  },
  {
    name: 'aux inside',
    python: "g, aux = grad(lambda y: ((y ** 3).sum(), {'y': y.sin()}), has_aux=True)(x); return g * aux['y']",
    javascript: (x) => {
      const [g, aux] = func.grad((y: Tensor): [Tensor, { y: Tensor }] => [y.pow(3).sum(), { y: y.sin() }], {
        hasAux: true,
      })(x);
      return g.mul(aux.y);
    },
    x: vector,
  },
  {
    name: 'tensors captured from outer levels',
    python:
      'y, pullback = vjp(lambda y: y * x.sin(), x.cos()); return pullback(y * x)[0] + jvp(lambda y: y * x, (x,), (y,))[1]',
    javascript: (x) => {
      const [y, pullback] = func.vjp((y: Tensor) => y.mul(x.sin()), x.cos());
      return pullback(y.mul(x))[0].add(func.jvp((y: Tensor) => y.mul(x), [x], [y])[1]);
    },
    x: vector,
  },
  {
    name: 'Jacobians inside',
    python: 'jacrev(lambda y: y * y.sum())(x)[0] + jacfwd(lambda y: y.sin() * x)(x).diagonal()',
    javascript: (x) =>
      func
        .jacrev((y: Tensor) => y.mul(y.sum()))(x)
        .index(0)
        .add(
          func
            .jacfwd((y: Tensor) => y.sin().mul(x))(x)
            .diagonal(),
        ),
    x: vector,
  },
  {
    name: 'detach and no_grad',
    python: 'c = x.detach() * x\nwith torch.no_grad():\n    d = x * x\nreturn c + d * x',
    javascript: (x) =>
      x
        .detach()
        .mul(x)
        .add(torch.noGrad(() => x.mul(x)).mul(x)),
    x: vector,
  },
  {
    name: 'dropout',
    python: 'F.dropout(x.exp(), 0.5) + x',
    javascript: (x) => F.dropout(x.exp(), 0.5).add(x),
    x: vector,
  },
  {
    name: 'random numbers',
    python: 'x.sin() * torch.randn_like(x) + torch.rand(3, dtype=x.dtype) * x ** 2',
    javascript: (x) =>
      x
        .sin()
        .mul(torch.randnLike(x))
        .add(torch.rand([3], { dtype: x.dtype }).mul(x.pow(2))),
    x: vector,
  },
  {
    name: 'the same random number for all',
    python: "vmap(lambda y: y ** 2 * torch.rand([], dtype=y.dtype), randomness='same')(x)",
    javascript: (x) =>
      func.vmap((y: Tensor) => y.pow(2).mul(torch.rand([], { dtype: y.dtype })), { randomness: 'same' })(x),
    x: vector,
  },
  {
    name: 'random numbers where they are refused',
    python: 'vmap(lambda y: y * torch.rand([], dtype=y.dtype))(x)',
    javascript: (x) => func.vmap((y: Tensor) => y.mul(torch.rand([], { dtype: y.dtype })))(x),
    x: vector,
  },
  {
    name: 'a value that is read',
    python: 'x * x.sum().item()',
    javascript: (x) => x.mul(x.sum().item()),
    x: distinct,
  },
  {
    name: 'a boolean mask',
    python: 'x * x[x > 0].sum()',
    javascript: (x) => x.mul(x.index(x.gt(0)).sum()),
    x: distinct,
  },
  {
    name: 'an operator without a forward derivative',
    python: 'torch.conv_tbc(x.sin().view(3, 1, 1), x[:1].view(1, 1, 1), x[1:2]).flatten()',
    javascript: (x) =>
      torch.convTbc(x.sin().view(3, 1, 1), x.narrow(0, 0, 1).view(1, 1, 1), x.narrow(0, 1, 1)).flatten(),
    x: distinct,
  },
];
