/**
 * Forward over reverse without transforms: a tensor that requires a gradient and has a tangent at the same time, as in
 * `gradgradcheck`. The tangent of the gradient must be that of `jvp(grad(f))`, and the gradient of the tangent that of
 * `grad(jvp(f))`.
 */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose } from '../support/derivatives';

const { forwardAd, grad } = torch.autograd;
const { ctcLoss, embeddingBag, multilabelMarginLoss, multiMarginLoss } = torch.nn.functional;
const float64 = { dtype: 'float64' } as const;
const matrix = torch.tensor([[2, 0.5, 0.1], [0.3, 1.5, -0.4], [0.2, 0.6, 1.8]], float64); // prettier-ignore
const direction = torch.tensor([[0.3, -1, 0.5], [0.7, 0.2, 0.4], [-0.6, 0.1, 0.9]], float64); // prettier-ignore

const functions: Record<string, (x: Tensor) => Tensor> = {
  det: (x) => torch.linalg.det(x).pow(2),
  logdet: (x) => torch.logdet(x),
  slogdet: (x) => torch.linalg.slogdet(x)[1].square(),
  solve: (x) => torch.linalg.solve(x, x.sin()).square().sum(),
  eigvalsh: (x) => torch.linalg.eigvalsh(x.add(x.mT)).pow(3).sum(),
  cumprod: (x) => x.cumprod(0).square().sum(),
  'logcumsumexp of values far apart': (x) => x.mul(300).logcumsumexp(0).square().sum(),
  'logcumsumexp from minus infinity': (x) =>
    torch
      .cat([torch.full([2, 3], -Infinity, float64), x])
      .logcumsumexp(0)
      .index('2:')
      .square()
      .sum(),
  choleskyInverse: (x) => torch.choleskyInverse(x).square().sum(),
  cholesky: (x) => torch.cholesky(x.matmul(x.mT)).square().sum(),
  pdist: (x) => torch.pdist(x, 3).square().sum(),
  multiMarginLoss: (x) => multiMarginLoss(x, torch.tensor([2n, 0n, 1n]), { p: 2 }),
  multilabelMarginLoss: (x) => multilabelMarginLoss(x.square(), torch.tensor([[2n, -1n, 0n], [0n, 1n, -1n], [1n, -1n, 0n]])), // prettier-ignore
  ctcLoss: (x) => ctcLoss(x.sub(x.exp().sum(-1, true).log()).unsqueeze(1), torch.tensor([[1n]]), [3], [1]),
  segmentReduce: (x) =>
    torch
      .segmentReduce(x, 'prod', { lengths: torch.tensor([1n, 2n]) })
      .square()
      .sum(),
  embeddingBag: (x) => embeddingBag(torch.tensor([[0n, 2n], [1n, 1n]]), x, { mode: 'mean' }).pow(3).sum(), // prettier-ignore
  choleskySolve: (x) => torch.choleskySolve(x.cos(), x, { upper: true }).square().sum(),
};

test.each(Object.keys(functions))('%s', (name) => {
  const f = functions[name];
  const x = matrix.clone().requiresGrad_();
  const [tangentOfGradient, gradientOfTangent] = forwardAd.dualLevel(() => {
    const y = f(forwardAd.makeDual(x, direction));
    const [gradient] = grad(y, x, { createGraph: true });
    const { tangent } = forwardAd.unpackDual(y);
    return [forwardAd.unpackDual(gradient).tangent!.detach(), grad(tangent!, x)[0].detach()];
  });
  const gradientOf = torch.func.grad(f);
  const right = torch.func.vjp(gradientOf, matrix)[1](direction)[0];
  expectClose('jvp of grad', torch.func.jvp(gradientOf, [matrix], [direction])[1], right, 1e-9);
  expectClose('tangent of the gradient', tangentOfGradient, right, 1e-9);
  expectClose('gradient of the tangent', gradientOfTangent, right, 1e-9);
});

// The gradient of w . X is A^-T w for B, and its product with -X^T for A.
test.each(['A', 'B', 'AB'])('solve, with a gradient of one argument and a tangent of %s', (tangents) => {
  const [A, B] = [matrix, torch.tensor([[1], [2], [-1]], float64)];
  const [vA, vB] = [direction, torch.tensor([[1], [-1], [0.5]], float64)];
  const gradients = (a: Tensor, b: Tensor): [Tensor, Tensor] => {
    const gB = torch.linalg.inv(a).mT.sum(1, { keepdim: true });
    return [gB.matmul(torch.linalg.inv(a).matmul(b).mT).neg(), gB];
  };
  const primals = [A, B] as const;
  const given = [tangents.includes('A') ? vA : vA.mul(0), tangents.includes('B') ? vB : vB.mul(0)] as const;
  const [, right] = torch.func.jvp(gradients, [...primals], [...given]);
  primals.forEach((_, k) => {
    const leaf = primals[k].clone().requiresGrad_();
    const tangent = forwardAd.dualLevel(() => {
      const [a, b] = primals.map((primal, i) => {
        const start = i === k ? leaf : primal;
        return tangents.includes('AB'[i]) ? forwardAd.makeDual(start, given[i]) : start;
      });
      const [gradient] = grad(torch.linalg.solve(a, b).sum(), leaf, { createGraph: true });
      return forwardAd.unpackDual(gradient).tangent?.detach() ?? torch.zerosLike(leaf);
    });
    expectClose(`gradient of ${'AB'[k]}`, tangent, right[k], 1e-10);
  });
});
