// The types of torch.autograd, checked by `npm run typecheck` alone.

import type { Tensor } from 'torch-func';
import * as torch from 'torch-func';

import { is } from './equal';

const { functional, forwardAd, grad } = torch.autograd;
declare const x: Tensor;

export function products(): void {
  is<[output: Tensor, vjp: Tensor]>()(functional.vjp((a) => a.sin(), x, x));
  is<[output: Tensor, vjp: [Tensor, Tensor]]>()(functional.vjp((a, b) => a.mul(b), [x, x], { v: x, strict: true }));
  is<[output: [Tensor, Tensor], vjp: Tensor]>()(functional.vjp((a) => [a, a] as [Tensor, Tensor], x, [x, x], true));
  is<[output: Tensor, jvp: Tensor]>()(functional.jvp((a, b) => a.mul(b), [x, x], [x, x]));
  is<[output: Tensor, vhp: [Tensor, Tensor]]>()(functional.vhp((a, b) => a.mul(b).sum(), [x, x], [x, x]));
  is<[output: Tensor, hvp: Tensor]>()(functional.hvp((a) => a.sum(), x, x, { createGraph: true }));
  // @ts-expect-error two inputs, one argument too many
  functional.vjp((a: Tensor, b: Tensor, c: Tensor) => a.mul(b).mul(c), [x, x], x);
  // @ts-expect-error the vector has the form of the output
  functional.vjp((a) => a.sin(), x, [x]);
  // @ts-expect-error a name in Python's spelling
  functional.vjp((a) => a.sin(), x, x, { create_graph: true });
}

export function jacobians(): void {
  is<Tensor>()(functional.jacobian((a) => a.sin(), x));
  is<[Tensor, Tensor]>()(functional.jacobian((a, b) => a.mul(b), [x, x], { vectorize: true }));
  is<[[Tensor], [Tensor]]>()(functional.jacobian((a) => [a, a] as [Tensor, Tensor], [x], true, false));
  is<[[Tensor, Tensor], [Tensor, Tensor]]>()(functional.hessian((a, b) => a.mul(b).sum(), [x, x]));
  is<Tensor>()(functional.hessian((a) => a.sum(), x, { outerJacobianStrategy: 'forward-mode', vectorize: true }));
  // @ts-expect-error there are two strategies
  functional.jacobian((a) => a.sin(), x, { strategy: 'sideways' });
}

export function gradients(): void {
  is<Tensor[]>()(grad(x.sum(), x));
  is<Tensor[]>()(grad(x, [x, x], x, { retainGraph: true }));
  is<(Tensor | null)[]>()(grad(x.sum(), x, { allowUnused: true }));
  is<Tensor[]>()(grad(x.sum(), x, { allowUnused: true, materializeGrads: true }));
  is<Tensor>()(grad(x.sum(), { w: x, b: x }).w);
  is<Tensor | null>()(grad(x.sum(), { w: x }, { allowUnused: true }).w);
  is<void>()(x.backward(x, { retainGraph: true }));
  is<void>()(torch.autograd.backward([x, x], [x, null], { inputs: { x } }));
  const edge = torch.autograd.graph.getGradientEdge(x);
  is<torch.autograd.graph.GradientEdge>()(edge);
  is<Tensor[]>()(grad([edge, x], [x, edge], [x, null]));
  is<(Tensor | null)[]>()(grad(edge, edge, { allowUnused: true }));
  is<void>()(torch.autograd.backward([edge, x], { inputs: [x, edge] }));
  is<void>()(x.backward({ inputs: edge }));
  // @ts-expect-error a node is not a place: it has no index
  grad(edge.node, x);
}

export function modes(): void {
  is<number>()(torch.noGrad(() => 1));
  is<string>()(torch.setGradEnabled(true, () => 'text'));
  is<boolean>()(torch.inferenceMode(false, () => true));
  is<torch.autograd.ModeGuard>()(torch.inferenceMode());
  const { primal, tangent } = forwardAd.unpackDual(x);
  is<Tensor>()(primal);
  is<Tensor | null>()(tangent);
  is<number>()(forwardAd.dualLevel(() => 2));
}

type Ctx = torch.autograd.FunctionCtx;

class Scale extends torch.autograd.Function {
  static override forward(a: Tensor, factor: number): Tensor {
    return a.mul(factor);
  }
  static override setupContext(ctx: Ctx & { factor: number }, [, factor]: [Tensor, number]): void {
    ctx.factor = factor;
  }
  static override backward(ctx: Ctx & { factor: number }, g: Tensor): [Tensor, null] {
    return [g.mul(ctx.factor), null];
  }
}

class Old extends torch.autograd.Function {
  static override forward(ctx: Ctx, a: Tensor, names: string[]): [Tensor, number] {
    ctx.saveForBackward(a, null);
    return [a, names.length];
  }
  static override backward = torch.autograd.onceDifferentiable((ctx: Ctx, g: Tensor) => g.mul(ctx.savedTensors[0]));
}

export function customFunctions(): void {
  is<Tensor>()(Scale.apply(x, 2));
  is<[Tensor, number]>()(Old.apply(x, ['a']));
  // @ts-expect-error an argument is missing
  Scale.apply(x);
  // @ts-expect-error of another type
  Scale.apply(x, 'two');
  // @ts-expect-error the context is none of the caller's business
  Old.apply({} as Ctx, x, ['a']);
  is<(ctx: Ctx, g: Tensor) => Tensor>()(Old.backward);
  // @ts-expect-error a generated rule, or none
  class Wrong extends torch.autograd.Function {
    static override generateVmapRule = 'yes';
  }
  void Wrong;
}

export function checks(): void {
  const { gradcheck, gradgradcheck } = torch.autograd;
  is<boolean>()(gradcheck((a) => a.sin(), x, { checkForwardAd: true }));
  is<boolean>()(gradcheck((a, n, b) => [a.pow(n), b], [x, 2, x]));
  is<boolean>()(gradgradcheck((a) => a.sin(), x, x, { checkFwdOverRev: true }));
  is<boolean>()(gradgradcheck((a, b) => a.mul(b), [x, x], { gradOutputs: [x], atol: 1e-3 }));
  // @ts-expect-error a name in Python's spelling
  gradcheck((a: Tensor) => a.sin(), x, { check_forward_ad: true });
  // @ts-expect-error not a function of tensors to tensors
  gradcheck((a: Tensor) => a.shape, x);
}

export function nodes(): void {
  const node = x.gradFn!;
  is<string>()(node.name());
  is<[node: torch.autograd.GraphNode | null, index: number][]>()(node.nextFunctions);
  is<torch.autograd.RemovableHandle>()(node.registerHook((inputs, outputs) => [...inputs, ...outputs]));
  is<torch.autograd.RemovableHandle>()(node.registerPrehook(([g]) => g));
  is<torch.autograd.RemovableHandle>()(x.registerPostAccumulateGradHook((p) => void p.grad));
  is<number>()(
    torch.autograd.graph.savedTensorsHooks(
      (t) => ({ t, device: t.device }),
      ({ t, device }) => t.to(device),
      () => 3,
    ),
  );
  const notTensors = (shape: number[]): number[] => shape;
  // @ts-expect-error an unpack hook gives a tensor
  torch.autograd.graph.savedTensorsHooks((t) => t.shape, notTensors);
}
