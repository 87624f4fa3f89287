// What the transforms make of a function's type, checked by `npm run typecheck` alone: nothing here
// runs.

import type { Tensor } from 'torch-func';
import * as torch from 'torch-func';

import { is } from './equal';

const { func } = torch;

interface Params {
  w: Tensor;
  b: Tensor;
}

declare const x: Tensor;
declare const params: Params;
declare function loss(params: Params, x: Tensor): Tensor;
declare function scalar(x: Tensor): Tensor;
declare function two(x: Tensor, y: Tensor): Tensor;
declare function withAux(x: Tensor, y: Tensor): [Tensor, { prediction: Tensor }];
declare function pair(x: Tensor): [Tensor, Tensor];
declare function record(params: Params): { mean: Tensor; parts: [Tensor, Tensor] };
declare function mixed(params: { layers: { w: Tensor }[] }, scale: number): Tensor;

export function equalIsExact(anything: any, list: Tensor[]): void {
  is<Tensor>()(x);
  // @ts-expect-error any is not a Tensor
  is<Tensor>()(anything);
  // @ts-expect-error a list is not a pair
  is<[Tensor, Tensor]>()(list);
  // @ts-expect-error nor the other way round
  is<Tensor[]>()(pair(x));
  // @ts-expect-error unknown is not any
  is<any>()(anything as unknown);
}

export function grads(): void {
  is<Tensor>()(func.grad(scalar)(x));
  is<Params>()(func.grad(loss)(params, x));
  is<Tensor>()(func.grad(loss, { argnums: 1 })(params, x));
  is<[Tensor]>()(func.grad(two, { argnums: [0] })(x, x));
  is<[Params, Tensor]>()(func.grad(loss, { argnums: [0, 1] })(params, x));
  is<[Tensor, Params]>()(func.grad(loss, { argnums: [1, 0] })(params, x));
  is<[Tensor, { prediction: Tensor }]>()(func.grad(withAux, { hasAux: true })(x, x));
  is<[[Tensor, Tensor], { prediction: Tensor }]>()(func.grad(withAux, { argnums: [0, 1], hasAux: true })(x, x));
  is<{ layers: { w: Tensor }[] }>()(func.grad(mixed)({ layers: [{ w: x }] }, 2));
  is<Tensor>()(func.grad(func.grad(scalar))(x));

  is<[Params, Tensor]>()(func.gradAndValue(loss)(params, x));
  is<[Tensor, [Tensor, { prediction: Tensor }]]>()(func.gradAndValue(withAux, { hasAux: true })(x, x));

  // @ts-expect-error the parameters are not a Tensor
  func.grad(loss)(x, x);
  // @ts-expect-error an argument is missing
  func.grad(loss)(params);
  // @ts-expect-error there is no such option
  func.grad(loss, { argnum: 1 });
  // @ts-expect-error argnums are numbers
  func.grad(loss, { argnums: 'x' });
  // @ts-expect-error not a function
  func.grad(x);
  // @ts-expect-error the gradient has the structure of the parameters
  void func.grad(loss)(params, x).c;
}

export function batches(): void {
  is<Tensor>()(torch.vmap(two)(x, x));
  is<Params>()(torch.vmap(func.grad(loss), { inDims: [null, 0] })(params, x));
  is<[Tensor, Tensor]>()(func.vmap(pair, { outDims: [0, 1], chunkSize: 8, randomness: 'different' })(x));
  is<{ mean: Tensor; parts: [Tensor, Tensor] }>()(torch.vmap(record, { inDims: [{ w: 0, b: null }] })(params));
  is<Tensor>()(torch.vmap(torch.vmap(two))(x, x));
  is<Tensor>()(torch.vmap(func.jacrev(func.grad(scalar)))(x));

  // @ts-expect-error a dimension is a number or null
  torch.vmap(two, { inDims: 'x' });
  // @ts-expect-error there is no such randomness
  torch.vmap(two, { randomness: 'some' });
  // @ts-expect-error the function takes tensors
  torch.vmap(two)(1, 2);
}

export function jacobians(): void {
  is<Tensor>()(func.jacrev(scalar)(x));
  is<Tensor>()(func.jacfwd(scalar)(x));
  is<[Tensor, Tensor]>()(func.jacrev(pair)(x));
  is<[Tensor, Tensor]>()(func.jacfwd(two, { argnums: [0, 1] })(x, x));
  is<Params>()(func.jacrev(loss)(params, x));
  is<{ mean: Params; parts: [Params, Params] }>()(func.jacrev(record)(params));
  is<[Tensor, { prediction: Tensor }]>()(func.jacrev(withAux, { hasAux: true, chunkSize: 4 })(x, x));
  is<[Tensor, { prediction: Tensor }]>()(func.jacfwd(withAux, { hasAux: true, randomness: 'same' })(x, x));
  is<[[Tensor, Tensor], { prediction: Tensor }]>()(func.jacrev(withAux, { argnums: [0, 1], hasAux: true })(x, x));

  is<Tensor>()(func.hessian(scalar)(x));
  is<{ w: Params; b: Params }>()(func.hessian(loss)(params, x));
  is<[[Tensor, Tensor], [Tensor, Tensor]]>()(func.hessian(two, { argnums: [0, 1] })(x, x));

  // @ts-expect-error there is no such option
  func.jacrev(scalar, { randomness: 'same' });
  // @ts-expect-error the result is a Tensor, which has no w
  void func.jacrev(scalar)(x).w;
}

export function products(): void {
  const [y, vjpFn] = func.vjp(two, x, x);
  is<Tensor>()(y);
  is<[x: Tensor, y: Tensor]>()(vjpFn(y, { retainGraph: false }));
  const [value, pullback, aux] = func.vjp(withAux, x, x, { hasAux: true });
  is<Tensor>()(value);
  is<[x: Tensor, y: Tensor]>()(pullback(value));
  is<{ prediction: Tensor }>()(aux);
  const [outputs, vjpOfPair] = func.vjp(pair, x);
  is<[x: Tensor]>()(vjpOfPair(outputs));

  is<[Tensor, Tensor]>()(func.jvp(two, [x, x], [x, x]));
  is<[Tensor, Tensor]>()(func.jvp(loss, [params, x], [params, x], { strict: true }));
  is<[Tensor, Tensor, { prediction: Tensor }]>()(func.jvp(withAux, [x, x], [x, x], { hasAux: true }));

  // @ts-expect-error the cotangent has the structure of the output
  vjpFn([y]);
  // @ts-expect-error a tangent is missing
  func.jvp(two, [x, x], [x]);
  // @ts-expect-error a primal is missing
  func.vjp(two, x);
}
