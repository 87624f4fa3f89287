/**
 * A custom function in every transform and in nestings of them, against the same formula in operators. PyTorch 2.13
 * itself is wrong in two of these: `jvp` of `jvp`, where the tangents of the inner one are constants to the outer, and
 * under the generated rule of `vmap`, where an output that all samples share counts once for each.
 */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { grad, hessian, jacfwd, jacrev, jvp, linearize, vjp } = torch.func;
const { functional, forwardAd } = torch.autograd;
const { vmap } = torch;
const double = { dtype: 'float64' } as const;

type Context = torch.autograd.FunctionCtx & { power: number };
type F = (x: Tensor, y: Tensor) => Tensor;

// x^k * y, and 2 x, which no batch of y reaches.
class Product extends torch.autograd.Function {
  static override generateVmapRule = true;
  static override forward(x: Tensor, y: Tensor, power: number): [Tensor, Tensor] {
    return [x.pow(power).mul(y), x.mul(2)];
  }
  static override setupContext(ctx: Context, [x, y, power]: [Tensor, Tensor, number]): void {
    ctx.saveForBackward(x, y);
    ctx.saveForForward(x, y);
    ctx.power = power;
  }
  static override backward(ctx: Context, g: Tensor, h: Tensor): (Tensor | null)[] {
    const [x, y] = ctx.savedTensors;
    const slope = y.mul(ctx.power).mul(x.pow(ctx.power - 1));
    return [g.mul(slope).add(h.mul(2)), g.mul(x.pow(ctx.power)), null];
  }
  static override jvp(ctx: Context, s: Tensor, t: Tensor): Tensor[] {
    const [x, y] = ctx.savedTensors;
    const slope = y.mul(ctx.power).mul(x.pow(ctx.power - 1));
    return [s.mul(slope).add(t.mul(x.pow(ctx.power))), s.mul(2)];
  }
}

class ProductWithRule extends Product {
  static override generateVmapRule = false;
  static override vmap(
    { batchSize }: torch.autograd.VmapInfo,
    inDims: (number | null)[],
    x: Tensor,
    y: Tensor,
    power: number,
  ): [Tensor[], number[]] {
    const first = (value: Tensor, dim: number | null): Tensor =>
      dim === null ? value.unsqueeze(0).expand(batchSize, ...value.shape) : value.movedim(dim, 0);
    return [ProductWithRule.apply(first(x, inDims[0]), first(y, inDims[1]), power), [0, 0]];
  }
}

const custom =
  (rule: typeof Product): F =>
  (x, y) => {
    const [p, q] = rule.apply(x, y, 3);
    return p.add(q.sin());
  };
const operators: F = (x, y) => x.pow(3).mul(y).add(x.mul(2).sin());
const total =
  (f: F): F =>
  (x, y) =>
    f(x, y).sum();

const x = torch.tensor([1.3, -0.7, 0.4], double);
const y = torch.tensor([0.5, 2, -1.5], double);
const xs = torch.stack([x, x.mul(2)]);
const ys = torch.stack([y, y.add(1)]);
const both = { argnums: [0, 1] } as const;
const pushed =
  (f: F): F =>
  (a, b) =>
    jvp(f, [a, b], [b, a])[1];

const transforms: Record<string, (f: F) => unknown> = {
  grad: (f) => grad(total(f), both)(x, y),
  vmap: (f) => vmap(f)(xs, ys),
  'vmap over x': (f) => vmap(f, { inDims: [0, null] })(xs, y),
  'vmap over y, its last dimension': (f) => vmap(f, { inDims: [null, 1] })(x, ys.t()),
  jvp: (f) => jvp(f, [x, y], [y, x]),
  vjp: (f) => vjp(f, x, y)[1](x),
  jacrev: (f) => jacrev(f, both)(x, y),
  jacfwd: (f) => jacfwd(f, both)(x, y),
  linearize: (f) => linearize(f, x, y)[1](y, x),
  hessian: (f) => hessian(total(f), both)(x, y),
  'jacrev(jacrev)': (f) => jacrev(jacrev(total(f)))(x, y),
  'jacfwd(jacfwd)': (f) => jacfwd(jacfwd(total(f), both), both)(x, y),
  'jacrev(jacfwd)': (f) => jacrev(jacfwd(total(f), both), both)(x, y),
  'vmap(grad)': (f) => vmap(grad(total(f)))(xs, ys),
  'grad(vmap)': (f) => grad((a: Tensor, b: Tensor) => vmap(f)(a, b).sum(), both)(xs, ys),
  'grad(vmap over y)': (f) => grad((a: Tensor, b: Tensor) => vmap(f, { inDims: [null, 0] })(a, b).sum(), both)(x, ys),
  'jvp(vmap over y)': (f) => jvp((a: Tensor, b: Tensor) => vmap(f, { inDims: [null, 0] })(a, b), [x, ys], [y, xs]),
  'vmap(jvp)': (f) => vmap(pushed(f))(xs, ys),
  'jvp(vmap)': (f) => jvp((a: Tensor, b: Tensor) => vmap(f)(a, b), [xs, ys], [ys, xs]),
  'vmap(vmap)': (f) => vmap(vmap(f))(xs, ys),
  'grad(grad)': (f) => grad(total(grad(total(f))))(x, y),
  'jvp(grad)': (f) => jvp(grad(total(f), both), [x, y], [y, x]),
  'grad(jvp)': (f) => grad(total(pushed(f)), both)(x, y),
  'jvp(jvp)': (f) => jvp(pushed(f), [x, y], [y, x]),
  'jvp(jvp(jvp))': (f) => jvp(pushed(pushed(f)), [x, y], [y, x]),
  'jvp(vmap(jvp))': (f) => jvp((a: Tensor, b: Tensor) => vmap(pushed(f))(a, b), [xs, ys], [ys, xs]),
  'jvp(grad(jvp))': (f) => jvp(grad(total(pushed(f)), both), [x, y], [y, x]),
  'vmap(hessian)': (f) => vmap(hessian(total(f)))(xs, ys),
  'grad(grad(grad))': (f) => grad(total(grad(total(grad(total(f))))))(x, y),
  'vmap(grad(vmap over y))': (f) =>
    vmap(grad((a: Tensor, b: Tensor) => vmap(f, { inDims: [null, 0] })(a, b).sum()))(xs, torch.stack([ys, ys.mul(2)])),
  'autograd.functional.jacobian': (f) => functional.jacobian(f, [x, y]),
  'autograd.functional.jacobian, vectorized': (f) => functional.jacobian(f, [x, y], { vectorize: true }),
  'autograd.functional.jacobian, forward': (f) =>
    functional.jacobian(f, [x, y], { vectorize: true, strategy: 'forward-mode' }),
  'autograd.functional.hessian': (f) => functional.hessian(total(f), [x, y]),
  'autograd.functional.hessian, forward': (f) =>
    functional.hessian(total(f), [x, y], { vectorize: true, outerJacobianStrategy: 'forward-mode' }),
  'autograd.functional.hvp': (f) => functional.hvp(total(f), [x, y], [y, x]),
  'autograd.functional.vhp': (f) => functional.vhp(total(f), [x, y], [y, x]),
  'autograd.functional.jvp': (f) => functional.jvp(f, [x, y], [y, x]),
  'inference mode around grad': (f) => torch.inferenceMode(() => grad(total(f))(x, y)),
  'inference mode around autograd.functional.hessian': (f) =>
    torch.inferenceMode(() => functional.hessian(total(f), [x, y])),
  'gradients differentiated again': (f) => {
    const [a, b] = [x, y].map((z) => z.clone().requiresGrad_());
    const [g] = torch.autograd.grad(total(f)(a, b), [a], { createGraph: true });
    return torch.autograd.grad(g.sum(), [a, b]);
  },
  'batched gradients': (f) => {
    const [a, b] = [x, y].map((z) => z.clone().requiresGrad_());
    return torch.autograd.grad(f(a, b), [a, b], { gradOutputs: torch.eye(3, double), isGradsBatched: true });
  },
  'a dual level': (f) =>
    forwardAd.dualLevel(() => {
      const { primal, tangent } = forwardAd.unpackDual(f(forwardAd.makeDual(x, y), forwardAd.makeDual(y, x)));
      return [primal.clone(), tangent!.clone()];
    }),
};

const leaves = (value: unknown): Tensor[] =>
  torch.isTensor(value) ? [value] : Object.values(value as object).flatMap(leaves);

describe.each([
  ['with the generated rule', Product],
  ['with a rule of its own', ProductWithRule],
])('a custom function %s', (_, rule) => {
  test.each(Object.entries(transforms))('in %s', (_name, transform) => {
    const results = leaves(transform(custom(rule)));
    const expected = leaves(transform(operators));
    expect(results.map(({ shape, dtype }) => [shape, dtype])).toEqual(
      expected.map(({ shape, dtype }) => [shape, dtype]),
    );
    results.forEach((result, i) => {
      expect(result.sub(expected[i]).abs().max().item()).toBeLessThan(1e-12);
    });
  });
});
