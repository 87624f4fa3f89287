/** Identities, diagonals and zeros are not computed with. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { operators, random, runPasses } from '../../support/passes';

const { grad, hessian, jacfwd, jacrev, jvp, vmap } = torch.func;
const linear = torch.nn.functional.linear;
const predict = (W: Tensor, b: Tensor, x: Tensor): Tensor => linear(x, W, b).tanh();
const layer = random([12, 10], [12], [10]);
const batch = random([12, 10], [12], [20, 10]);

const call = (f: any, args: Tensor[]): Tensor[] => [f(...args) as Tensor];
const products = (graph: string): number => operators(graph).filter((name) => /mm|mv/.test(name)).length;

test.each([
  ['jacrev', (args: Tensor[]) => call(jacrev(predict, { argnums: 2 }), args), layer],
  ['jacfwd', (args: Tensor[]) => call(jacfwd(predict, { argnums: 2 }), args), layer],
  [
    'vmap(jacrev)',
    (args: Tensor[]) => call(vmap(jacrev(predict, { argnums: 2 }), { inDims: [null, null, 0] }), args),
    batch,
  ],
  [
    'vmap(jacfwd)',
    (args: Tensor[]) => call(vmap(jacfwd(predict, { argnums: 2 }), { inDims: [null, null, 0] }), args),
    batch,
  ],
  [
    'vmap(hessian)',
    (args: Tensor[]) => call(vmap(hessian(predict, { argnums: 2 }), { inDims: [null, null, 0] }), args),
    batch,
  ],
])('%s of a layer scales rows: no product of matrices is left but the layer itself', (_name, f, inputs) => {
  const { after } = runPasses({ f, inputs, tolerance: 2e-6 });
  expect(products(after)).toBe(1);
});

// Bit for bit, but for the signs of zeros.
const tolerance = 1e-30;
const smooth = (x: Tensor): Tensor => x.sin().mul(x).tanh();

test.each([
  ['jacrev', (x: Tensor) => jacrev(smooth)(x), [9]],
  ['jacfwd', (x: Tensor) => jacfwd(smooth)(x), [9]],
  ['of a matrix', (x: Tensor) => jacrev(smooth)(x), [3, 4]],
  ['hessian', (x: Tensor) => hessian((y: Tensor) => smooth(y).sum())(x), [9]],
  ['three times', (x: Tensor) => jacrev(jacrev(jacrev((y: Tensor) => smooth(y).sum())))(x), [8]],
  ['vmap(hessian)', (x: Tensor) => vmap(hessian((y: Tensor) => smooth(y).sum()))(x), [5, 9]],
] as const)('%s of an elementwise function computes the diagonal', (_name, f, shape) => {
  const { after } = runPasses({ f: ([x]) => [f(x) as Tensor], inputs: random([...shape]), tolerance });
  const count = shape.reduce((a: number, b: number) => a * b, 1);
  const sizes = [...after.matchAll(/: f32\[([\d, ]*)\](?! of).* = aten::(?!where|expand|clone|view)/g)].map(
    ([, text]) => text.split(', ').reduce((a, b) => a * Number(b), 1),
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(count);
});

test('a large diagonal needs no mask', () => {
  const { after } = runPasses({ f: ([x]) => [jacrev(smooth)(x) as Tensor], inputs: random([300]), tolerance });
  expect(operators(after)).toContain('diag_embed');
});

test('a layer of zeros contributes nothing', () => {
  const { after } = runPasses({
    f: ([x, W]) => [torch.zerosLike(x).mm(W).add(x.mm(W)), x.mul(torch.zeros(5, 10)).add(1)],
    inputs: random([5, 10], [10, 10]),
  });
  expect(products(after)).toBe(1);
});

test('zeros of a structure are zeros even if they meet infinities, unless eager zeros are asked for', () => {
  const f = ([x]: Tensor[]): Tensor[] => [torch.eye(8).mul(x)];
  const inputs = (): Tensor[] => [torch.full([8], Infinity)];
  const strict = runPasses({ f, inputs, strictZeros: true });
  expect(operators(strict.after)).toContain('mul.Tensor');
  const free = runPasses({ f: ([x]) => [torch.eye(8).mul(x).isnan().any()], inputs: random([8]) });
  expect(operators(free.after)).not.toContain('eye');
});

test('one-hot vectors and blocks', () => {
  runPasses({
    f: ([x]) => [
      torch.eye(16).mul(x).select(0, 3),
      torch.eye(16).mul(x).narrow(0, 2, 5).sum(0),
      torch.eye(16).mul(x).view(4, 4, 16).sum([0, 2]),
      torch
        .eye(16)
        .view(16, 2, 8)
        .permute([1, 0, 2])
        .mul(x.narrow(0, 0, 8))
        .diagonal(0, 1, 2),
      grad((y: Tensor) => y.select(0, 3).mul(y.select(0, 5)).sin())(x) as Tensor,
    ],
    inputs: random([16]),
    tolerance: 1e-6,
  });
});

test('sums, means and products of diagonals', () => {
  runPasses({
    f: ([x, W]) => {
      const D = torch.eye(16).mul(x);
      const E = torch.eye(16).mul(x.sin());
      return [D.mm(E), D.mm(W).mm(E), W.mm(D), D.sum(1), D.mean(0), D.sum(), D.add(E), torch.stack([D, E], 1), D.mv(x)];
    },
    inputs: random([16], [16, 16]),
    tolerance: 1e-6,
  });
});

test('Jacobians, Hessians and products of a network', () => {
  type Layers = [Tensor, Tensor][];
  const layers = (a: Tensor[]): Layers => [
    [a[0], a[1]],
    [a[2], a[3]],
  ];
  const mlp = (ps: Layers, x: Tensor): Tensor => linear(linear(x, ...ps[0]).tanh(), ...ps[1]);
  const inputs = random([12, 9], [12], [10, 12], [10], [6, 9], [6, 9]);
  const jacobian = runPasses({
    f: (a) => call(vmap(jacrev(mlp, { argnums: 1 }), { inDims: [null, 0] }), [layers(a) as never, a[4]]),
    inputs,
    tolerance: 2e-6,
  });
  expect(products(jacobian.after)).toBeLessThan(products(jacobian.before));
  const product = runPasses({
    f: (a) => [
      jvp(grad((x: Tensor) => mlp(layers(a), x).pow(2).sum()) as (x: Tensor) => Tensor, [a[4]], [a[5]])[1] as Tensor,
    ],
    inputs,
    tolerance: 2e-6,
  });
  expect(products(product.after)).toBeLessThan(products(product.before));
});
