/** The triggers of messages.json for torch.autograd.functional. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

const { functional } = torch.autograd;
const { vjp, jvp, jacobian, hessian, hvp, vhp } = functional;
const x = torch.tensor([1, 2, 3]);
const y = torch.tensor([-1, 0.5, 2]);
const one = torch.tensor(1);
const ones = torch.ones(3);
const sum = (t: Tensor): Tensor => t.sum();
const cubes = (t: Tensor): Tensor => t.pow(3).sum();

type AnyCall = (func: unknown, inputs: unknown, ...rest: unknown[]) => unknown;

// What each of the six functions refuses in the same way.
function common(
  name: keyof typeof functional,
  v: { v?: unknown },
  two: { v?: unknown },
): Record<string, () => unknown> {
  const call = functional[name] as unknown as AnyCall;
  return {
    [`${name} inputs not tensor`]: () => call(sum, 1.5),
    [`${name} inputs tuple w/ nontensor`]: () => call(sum, [x, 1.5]),
    [`${name} out nontensor`]: () => call(() => 1.5, x),
    [`${name} out tuple w nontensor`]: () => call((t: Tensor) => [t.sum(), 1.5], x),
    [`${name} strict out indep`]: () => call(() => torch.tensor(1), x, { ...v, strict: true }),
    [`${name} strict one input unused`]: () => call((t: Tensor) => t.pow(2).sum(), [x, y], { ...two, strict: true }),
    [`${name} strict create_graph linear`]: () => call(sum, x, { ...v, strict: true, createGraph: true }),
    [`${name} int input`]: () => call(sum, torch.tensor([1n, 2n]), v),
  };
}

function shapes(value: readonly (readonly Tensor[])[]): number[][][] {
  return value.map((row) => row.map((t) => t.shape));
}

function same(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

export const functionalTriggers: Record<string, () => unknown> = {
  ...common('vjp', { v: one }, { v: one }),
  ...common('jvp', { v: ones }, { v: [ones, ones] }),
  ...common('jacobian', {}, {}),
  ...common('hessian', {}, {}),
  ...common('vhp', { v: ones }, { v: [ones, ones] }),
  ...common('hvp', { v: ones }, { v: [ones, ones] }),
  'vjp v None multi': () => vjp((t) => t.mul(2), x),
  'vjp v None 1elem': () => {
    same(vjp(cubes, x)[1].toArray(), [3, 12, 27]);
  },
  'vjp v len': () => vjp((t) => [t, t.mul(2)] as [Tensor, Tensor], x, [ones] as never),
  'vjp v len single': () => vjp((t) => t.mul(2), x, [ones, ones] as never),
  'vjp v size single': () => vjp((t) => t.mul(2), x, torch.ones(2)),
  'vjp v size tuple': () => vjp((t) => [t, t.mul(2)] as [Tensor, Tensor], x, [ones, torch.ones(2)]),
  'vjp v type': () => vjp((t) => t.mul(2), x, 1.5 as never),
  'jvp v None multi': () => jvp(sum, x),
  'jvp v size': () => jvp(sum, x, torch.ones(2)),
  'jvp v len': () => jvp((a, b) => a.mul(b), [x, y], [ones] as never),
  'jvp strict const': () => jvp(() => torch.ones(2), x, ones, { strict: true }),
  'jvp strict detached path': () => jvp((t) => t.detach().mul(2), x, ones, { strict: true }),
  'jac strategy bad': () => jacobian(sum, x, { strategy: 'sideways' as never }),
  'jac fwd create_graph': () => jacobian(sum, x, { strategy: 'forward-mode', createGraph: true, vectorize: true }),
  'jac fwd strict': () => jacobian(sum, x, { strategy: 'forward-mode', strict: true, vectorize: true }),
  'jac fwd not vectorize': () => jacobian(sum, x, { strategy: 'forward-mode' }),
  'jac vectorize strict': () => jacobian(cubes, x, { vectorize: true, strict: true }),
  'jac strict const': () => jacobian(() => torch.ones(2), x, { strict: true }),
  'jac strict 2 outs one indep of input1': () =>
    jacobian((a, b) => [a.mul(2), a.mul(b)] as [Tensor, Tensor], [x, y], { strict: true }),
  'jac strict cg linear vec': () => jacobian((t) => t.mul(2), x, { strict: true, createGraph: true }),
  'jac int out': () => {
    same(jacobian((t) => t.sum().long(), x).toArray(), [0, 0, 0]);
  },
  'jac complex ok?': () => jacobian((t) => t.mul(t), torch.ones(2, { dtype: 'complex64' })),
  'jac vectorize multi in/out shapes': () => {
    const J = jacobian((a, b) => [a.mul(b), a.sum().add(b.sum())] as [Tensor, Tensor], [x, y], { vectorize: true });
    same(shapes(J), [
      [
        [3, 3],
        [3, 3],
      ],
      [[3], [3]],
    ]);
  },
  'jac empty out': () => {
    expect((jacobian((t) => t.narrow(0, 0, 0), x) as Tensor).shape).toEqual([0, 3]);
  },
  'hess strat bad': () => hessian(cubes, x, { outerJacobianStrategy: 'sideways' as never }),
  'hess tuple out': () => hessian(((t: Tensor) => [t.sum(), t.sum()]) as never, x),
  'hess tuple1 out': () => hessian(((t: Tensor) => [t.sum()]) as never, x),
  'hess nonscalar': () => hessian((t) => t.mul(2), x),
  'hess fwd no vectorize': () => hessian(cubes, x, { outerJacobianStrategy: 'forward-mode' }),
  'hess fwd vectorize': () => {
    same(hessian(cubes, x, { outerJacobianStrategy: 'forward-mode', vectorize: true }).shape, [3, 3]);
  },
  'hess fwd create_graph': () =>
    hessian(cubes, x, { outerJacobianStrategy: 'forward-mode', vectorize: true, createGraph: true }),
  'hess vectorize strict': () => hessian(cubes, x, { vectorize: true, strict: true }),
  'hess strict linear': () => hessian(sum, x, { strict: true }),
  'hess strict quadratic create_graph': () => {
    // The input requires a gradient, so that even a constant Hessian has a graph.
    const H = hessian((t) => t.pow(2).sum(), x.clone().requiresGrad_(), { strict: true, createGraph: true });
    same(H.requiresGrad, true);
  },
  'vhp tuple out': () => vhp(((t: Tensor) => [t.sum(), t.sum()]) as never, x, ones),
  'vhp nonscalar': () => vhp((t) => t.mul(2), x, ones),
  'vhp v None multi': () => vhp(cubes, x),
  'vhp v size': () => vhp(cubes, x, torch.ones(2)),
  'vhp strict linear': () => vhp(sum, x, ones, { strict: true }),
  'hvp strict linear': () => hvp(sum, x, ones, { strict: true }),
  'hvp v None multi': () => hvp(cubes, x),
  'hvp tuple out': () => hvp(((t: Tensor) => [t.sum(), t.sum()]) as never, x, ones),
  'hvp nonscalar': () => hvp((t) => t.mul(2), x, ones),
  'vhp strict cg quadratic': () => vhp((t) => t.pow(2).sum(), x, ones, { strict: true, createGraph: true }),
  'hvp strict cg quadratic': () => hvp((t) => t.pow(2).sum(), x, ones, { strict: true, createGraph: true }),
  'AF inside torch.func.grad': () => torch.func.grad((t: Tensor) => vjp(cubes, t)[0])(x),
  'AF inside vmap': () => torch.vmap((t: Tensor) => vjp(cubes, t)[0])(torch.ones(2, 3)),
  'AF jacobian under no_grad': () => {
    const J = torch.noGrad(() => jacobian((t) => t.pow(2), x));
    same(J.toArray(), [
      [2, 0, 0],
      [0, 4, 0],
      [0, 0, 6],
    ]);
  },
  'AF vjp under no_grad': () => {
    same(torch.noGrad(() => vjp(cubes, x))[1].toArray(), [3, 12, 27]);
  },
  'AF jacobian under inference_mode': () => {
    // PyTorch gives zeros; see functional.test.ts for the others.
    const J = torch.inferenceMode(() => jacobian((t) => t.pow(2), x));
    same(J.toArray(), [
      [2, 0, 0],
      [0, 4, 0],
      [0, 0, 6],
    ]);
  },
};
