// Structures through the transforms: pytrees of outputs by pytrees of inputs, and what every option does to the
// type of the result.

import type { Tensor } from 'torch-func';
import * as torch from 'torch-func';

import { is, isTree } from './equal';

const { grad, gradAndValue, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap } = torch.func;

interface Params {
  w: Tensor;
  b: Tensor;
}
interface Net {
  layers: Params[];
  head: { scale: Tensor; pair: [Tensor, Tensor] };
}
interface Out {
  y: Tensor;
  parts: [Tensor, { z: Tensor }];
}
/** Any `T` with every tensor in `Out` replaced by it: a Jacobian by hand. */
interface OutOf<T> {
  y: T;
  parts: [T, { z: T }];
}
interface ParamsOf<T> {
  w: T;
  b: T;
}

declare const x: Tensor;
declare const params: Params;
declare const net: Net;
declare function out(params: Params, x: Tensor): Out;
declare function scalar(params: Params, x: Tensor): Tensor;
declare function deep(net: Net, x: Tensor, scale: number): Tensor;
declare function withAux(params: Params, x: Tensor): [Tensor, { logits: Tensor; all: Tensor[] }];
declare function treeWithAux(params: Params): [Out, { logits: Tensor }];
type Logits = { logits: Tensor; all: Tensor[] };

export function whatTheIssueNames(): void {
  const loss = (params: { w: Tensor; b: Tensor }, x: Tensor): Tensor => params.w.mul(x).add(params.b).sum();
  is<{ w: Tensor; b: Tensor }>()(grad(loss)(params, x));
}

export function jacobiansOfTreesByTrees(): void {
  isTree<OutOf<Params>>()(jacrev(out)(params, x));
  isTree<OutOf<Params>>()(jacfwd(out)(params, x));
  isTree<OutOf<Tensor>>()(jacrev(out, { argnums: 1 })(params, x));
  isTree<OutOf<[Params, Tensor]>>()(jacrev(out, { argnums: [0, 1] })(params, x));
  isTree<OutOf<[Tensor, Params]>>()(jacfwd(out, { argnums: [1, 0] })(params, x));
  isTree<OutOf<[params: Params, x: Tensor]>>()(jacfwd(out, { argnums: null })(params, x));
  isTree<OutOf<ParamsOf<Params>>>()(hessian(out)(params, x));
  isTree<[ParamsOf<[Params, Tensor]>, [Params, Tensor]]>()(hessian(out, { argnums: [0, 1] })(params, x).parts[1].z);
  is<Net>()(grad(deep)(net, x, 2));
  is<Net>()(jacrev(deep)(net, x, 2));
  isTree<{ scale: Net; pair: [Net, Net] }>()(hessian(deep)(net, x, 2).head);
  isTree<ParamsOf<Net>[]>()(hessian(deep)(net, x, 2).layers);
}

export function argnums(): void {
  is<[Params, Tensor]>()(grad(scalar, { argnums: [0, 1] })(params, x));
  is<[Tensor]>()(grad(scalar, { argnums: [1] })(params, x));
  is<Tensor>()(grad(scalar, { argnums: -1 })(params, x));
  is<Params>()(grad(scalar, { argnums: -2 })(params, x));
  is<[Tensor, Params]>()(jacrev(scalar, { argnums: [-1, -2] })(params, x));
  isTree<{ w: Params; b: Params }>()(hessian(scalar, { argnums: -2 })(params, x));
  // What is only known when it runs has every possibility.
  is<Params | Tensor>()(grad(scalar, { argnums: 0 as number })(params, x));
  is<(Params | Tensor)[]>()(grad(scalar, { argnums: [0] as number[] })(params, x));
}

export function extras(): void {
  is<[Params, Logits]>()(grad(withAux, { hasAux: true })(params, x));
  is<[Params, [Tensor, Logits]]>()(gradAndValue(withAux, { hasAux: true })(params, x));
  is<[[Params, Tensor], [Tensor, Logits]]>()(gradAndValue(withAux, { argnums: [0, 1], hasAux: true })(params, x));
  is<[Params, Tensor]>()(jacrev(scalar, { returnValue: true })(params, x));
  is<[Params, Tensor]>()(jacfwd(scalar, { returnValue: true, chunkSize: 2 })(params, x));
  is<[Params, Tensor, Logits]>()(jacrev(withAux, { hasAux: true, returnValue: true, chunkSize: 2 })(params, x));
  is<[Params, Tensor, Logits]>()(jacfwd(withAux, { hasAux: true, returnValue: true })(params, x));
  is<Out>()(jacrev(treeWithAux, { hasAux: true, returnValue: true })(params)[1]);
  isTree<OutOf<Params>>()(jacrev(treeWithAux, { hasAux: true })(params)[0]);
  is<{ logits: Tensor }>()(jacfwd(treeWithAux, { hasAux: true })(params)[1]);
  isTree<[{ w: Params; b: Params }, Tensor]>()(hessian(scalar, { returnValue: true, chunkSize: 4 })(params, x));
  isTree<[{ w: Params; b: Params }, Logits]>()(hessian(withAux, { hasAux: true, randomness: 'same' })(params, x));
  isTree<[{ w: Params; b: Params }, Tensor, Logits]>()(
    hessian(withAux, { hasAux: true, returnValue: true })(params, x),
  );
  // Options that are only known when it runs have every possibility.
  is<Params | [Params, Logits]>()(grad(withAux, { hasAux: true as boolean })(params, x));

  // @ts-expect-error the value is no option of grad
  grad(scalar, { returnValue: true });
  // @ts-expect-error nor is a chunk
  grad(scalar, { chunkSize: 2 });
  // @ts-expect-error a chunk is a number
  jacrev(scalar, { chunkSize: '2' });
  // @ts-expect-error only jacfwd takes null
  jacrev(scalar, { argnums: null });
}

export function arraysInResults(): void {
  // An array that is written out in a result is a tuple, and not a list.
  is<[Tensor, Tensor]>()(jacrev((x: Tensor) => [x.sin(), x.cos()])(x));
  is<[[Tensor, Tensor], { y: Tensor }]>()(jacfwd((x: Tensor) => [[x, x], { y: x }], { hasAux: true })(x));
  isTree<{ pair: [Tensor, { y: Tensor }] }>()(jacrev((x: Tensor) => ({ pair: [x, { y: x }] }))(x));
  is<[Tensor, { y: Tensor }]>()(grad((x: Tensor) => [x.sum(), { y: x }], { hasAux: true })(x));
  is<[Tensor, Tensor]>()(vmap((x: Tensor) => [x.sin(), x.cos()])(x));
  is<[Tensor, Tensor]>()(vjp((x: Tensor) => [x.sin(), x.cos()], x)[0]);
  is<[Tensor, Tensor]>()(jvp((x: Tensor) => [x.sin(), x.cos()], [x], [x])[1]);
  is<[Tensor, Tensor]>()(linearize((x: Tensor) => [x.sin(), x.cos()], x)[1](x));
  // One that is a list stays one.
  is<Tensor[]>()(jacrev((x: Tensor) => [...x])(x));
}

export function batches(): void {
  const f = (net: Net, x: Tensor): Out => ({ y: x, parts: [net.head.scale, { z: x }] });
  const inDims = [{ layers: null, head: { scale: 0, pair: [0, null] } }, 1];
  is<Out>()(vmap(f, { inDims, outDims: { y: 0, parts: [1, null] } })(net, x));
  is<Out>()(vmap(f, { inDims: [null, 0], chunkSize: null, randomness: 'different' })(net, x));
  is<Net>()(vmap(grad(deep), { inDims: [null, 0, null], chunkSize: 8 })(net, x, 2));
  isTree<OutOf<Params>>()(vmap(jacrev(out), { inDims: [null, 0] })(params, x));
  is<[Params, Tensor]>()(vmap(vmap(gradAndValue(scalar)), { inDims: [0, -1] })(params, x));
  isTree<OutOf<Params>>()(vmap(vmap(jacfwd(out)))(params, x));

  // @ts-expect-error a dimension is a number or null
  vmap(f, { inDims: [{ layers: 'first' }, 0] });
  // @ts-expect-error the mapped function takes what the function takes
  vmap(f)(net);
  // @ts-expect-error a chunk is a number
  vmap(f, { chunkSize: 'all' });
}

export function nesting(): void {
  is<Params>()(grad((params: Params) => scalar(grad(scalar)(params, x), x))(params));
  isTree<ParamsOf<Params>>()(jacfwd(jacrev(scalar))(params, x));
  isTree<[ParamsOf<Params>, Params]>()(jacfwd(grad(scalar), { returnValue: true })(params, x));
  is<[Params, Params]>()(jvp(grad(scalar), [params, x], [params, x]));
  const [gradient, vjpFn] = vjp(grad(scalar), params, x);
  is<Params>()(gradient);
  is<[params: Params, x: Tensor]>()(vjpFn(params));
  is<Params>()(linearize(grad(scalar), params, x)[1](params, x));
  // @ts-expect-error the cotangent has the structure of the gradient
  vjpFn(x);
  // @ts-expect-error the tangents have the structure of the primals
  jvp(out, [params, x], [x, params]);
}

export function neverAny(): void {
  // With `any` one of these would have every property.
  // @ts-expect-error a gradient
  void grad(deep)(net, x, 2).none;
  // @ts-expect-error a Jacobian
  void jacrev(out)(params, x).y.none;
  // @ts-expect-error a Jacobian in forward mode, its value
  void jacfwd(out, { returnValue: true })(params, x)[1].none;
  // @ts-expect-error a Hessian
  void hessian(scalar)(params, x).w.b.none;
  // @ts-expect-error an aux
  void grad(withAux, { hasAux: true })(params, x)[1].none;
  // @ts-expect-error a batch
  void vmap(out)(params, x).none;
  // @ts-expect-error a product
  void vjp(out, params, x)[1](out(params, x))[0].none;
  // @ts-expect-error a tangent
  void jvp(out, [params, x], [params, x])[1].none;
  // @ts-expect-error a linear function
  void linearize(out, params, x)[1](params, x).none;
  // @ts-expect-error a tensor
  void grad(scalar, { argnums: 1 })(params, x).none;
}
