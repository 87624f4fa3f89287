// The types of tensors, their values and what surrounds them, checked by `npm run typecheck` alone.

import * as torch from 'torch-func';
import type { Complex, Device, DeviceLike, Dtype, Generator, Index, Tensor } from 'torch-func';

import { is } from './equal';

declare const x: Tensor;

export function properties(): void {
  is<number[]>()(x.shape);
  is<Dtype>()(x.dtype);
  is<Device>()(x.device);
  is<boolean>()(x.requiresGrad);
  is<Tensor | null>()(x.grad);
  is<torch.autograd.GraphNode | null>()(x.gradFn);
  is<number>()(x.size(0));
  is<number[]>()(x.size());
  // @ts-expect-error the shape cannot be set
  x.shape = [2];
  // @ts-expect-error tensors come from functions
  const wrong: Tensor = { shape: [2] };
  void wrong;
}

export function creation(): void {
  is<Tensor>()(torch.tensor([[1, 2n, true], torch.tensor([1, 2, 3])], { dtype: 'float64', requiresGrad: true }));
  is<Tensor>()(torch.tensor({ re: 1, im: 2 }));
  is<Tensor>()(torch.fromTypedArray(new Float32Array(6), [2, 3]));
  is<Tensor>()(torch.zeros(2, 3));
  is<Tensor>()(torch.zeros([2, 3], { dtype: torch.float64, device: 'cuda:1' }));
  is<Tensor>()(torch.arange(0, 10, 2));
  const float32: 'float32' = torch.float32;
  const long: 'int64' = torch.long;
  void [float32, long];
  // @ts-expect-error strings are no data
  torch.tensor('1');
  // @ts-expect-error there is no such dtype
  torch.zeros([2], { dtype: 'float23' });
  // @ts-expect-error there is no such option
  torch.tensor([1], { requires_grad: true });
}

export function values(): void {
  is<number>()(x.item());
  is<bigint>()(x.item<bigint>());
  is<Complex>()(x.item<Complex>());
  // @ts-expect-error tensors hold no strings
  x.item<string>();
  const { values, indices } = x.max(0);
  // Arrays have a method `values`, so that this one is a Tensor and more.
  is<Tensor>()(values.sin());
  is<Tensor>()(indices);
  const [first, second] = x.topk(3);
  is<Tensor>()(first);
  is<Tensor>()(second);
  const { Q, R } = torch.linalg.qr(x);
  is<Tensor>()(Q);
  is<Tensor>()(R);
  for (const row of x) is<Tensor>()(row);
}

export function indexing(index: Index): void {
  is<Tensor>()(x.index(index, torch.slice(), '1:3', '...', null, true, 2n, x, [0, 1]));
  is<Tensor>()(x.indexPut_([torch.slice(), 0], 1).index(0));
  // @ts-expect-error an object is no index
  x.index({ start: 1 });
}

export function surroundings(device: DeviceLike): void {
  is<Tensor>()(x.to(device, 'float32', { copy: true }));
  is<Generator>()(torch.manualSeed(0));
  is<{ a: Tensor; n: number }>()(torch.scope(() => ({ a: x.sin(), n: 1 })));
  is<number>()(torch.noGrad(() => 1));
  is<[Tensor]>()(torch.enableGrad((): [Tensor] => [x]));
  using guard = torch.noGrad();
  using temporary = x.sin();
  is<Tensor>()(temporary);
  void guard;

  is<Tensor[]>()(torch.autograd.grad(x, [x], { createGraph: true }));
  is<(Tensor | null)[]>()(torch.autograd.grad(x, [x], { allowUnused: true }));
  is<void>()(x.backward());
  // @ts-expect-error there is no such option
  x.backward(null, { keepGraph: true });

  is<Tensor>()(torch.npy.load('x.npy'));
  is<boolean>()(torch.cuda.isAvailable());
}

export function sharing(): void {
  is<torch.SharedTensor>()(x.share());
  const message = torch.share({ x, list: [x, 1] as const, name: 'a' });
  is<{ x: torch.SharedTensor; list: readonly [torch.SharedTensor, 1]; name: string }>()(message);
  is<Tensor>()(torch.fromShared(x.share()));
  is<{ x: Tensor; list: readonly [Tensor, 1]; name: string }>()(torch.fromShared(message));
  is<Tensor>()(torch.frombuffer(new SharedArrayBuffer(8), { dtype: 'float32', count: 1 }));
  is<Tensor>()(torch.frombuffer(Float32Array.of(1)));
  is<torch.SharedTensor>()(torch.share(new torch.nn.Parameter(x)));
  const f = torch.compile((y: Tensor, n: number): [Tensor, number] => [y, n]);
  const { list } = torch.fromShared(torch.share({ list: [f] }));
  is<[Tensor, number]>()(list[0](x, 1));
  is<Promise<[Tensor, number]>>()(list[0].async(x, 1));
  // @ts-expect-error the function takes a number
  list[0](x, 'a');
  // @ts-expect-error a list of numbers is no buffer
  torch.frombuffer([1, 2]);
  // @ts-expect-error there is no such option
  torch.frombuffer(new SharedArrayBuffer(8), { length: 1 });
}

export function helpers(): void {
  const { functional } = torch.nn;
  is<Tensor>()(functional.crossEntropy(x, x));
  is<Tensor>()(functional.crossEntropy(x, x, null, { reduction: 'sum', labelSmoothing: 0.1 }));
  is<Tensor>()(functional.softmax(x, { dim: 1, dtype: 'float64' }));
  is<Tensor>()(torch.einsum('ij,jk->ik', x, x));
  is<Tensor[]>()(torch.split(x, [1, 4], { dim: 1 }));
  is<Tensor[]>()(torch.meshgrid(x, x, { indexing: 'ij' }));
  // @ts-expect-error there is no such reduction
  functional.mseLoss(x, x, { reduction: 'average' });
  // @ts-expect-error there is no such option
  functional.dropout(x, { probability: 0.5 });
  // @ts-expect-error the dimension is a number
  functional.softmax(x, 'rows');
}
